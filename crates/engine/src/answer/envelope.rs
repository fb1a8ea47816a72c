//! An answer in the frames of an Amazon event stream, as `SageMaker`'s endpoints stream it.
//!
//! Amazon `SageMaker` Runtime API reference, `ResponseStream`: bytes in `PayloadPart` events, cut
//! anywhere; a failure is an exception.

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::{ApiError, ErrorKind};
use lockgate_wire::event_stream::EventStreamDecoder;
use lockgate_wire::relay::Sighting;

use super::channel::Channel;

/// Takes the frames off and gives what is in them to the channel of the answer itself.
pub struct Envelope {
    pub(super) inner: Channel,
    frames: EventStreamDecoder,
    /// What an exception said; nothing follows it.
    failed: Option<Sighting>,
}

// === impl Envelope ===

impl Envelope {
    pub(super) fn new(inner: Channel) -> Self {
        Self {
            inner,
            frames: EventStreamDecoder::default(),
            failed: None,
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) -> Bytes {
        let mut out = BytesMut::new();
        self.frames.feed(chunk);
        while self.failed.is_none() {
            let failure = match self.frames.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) if frame.header(":message-type") == Some("event") => {
                    let part = Bytes::copy_from_slice(frame.payload());
                    out.extend_from_slice(&self.inner.push(part));
                    continue;
                }
                Ok(Some(frame)) => String::from_utf8_lossy(frame.payload()).into_owned(),
                Err(error) => error.to_string(),
            };
            let error = ApiError::new(ErrorKind::BadGateway, failure);
            out.extend_from_slice(&self.inner.fail(error.clone()));
            self.failed = Some(Sighting {
                error: Some(error),
                ..self.inner.seen().clone()
            });
        }
        out.freeze()
    }

    pub(super) fn finish(&mut self) -> Bytes {
        if self.failed.is_some() {
            return Bytes::new();
        }
        self.inner.finish()
    }

    pub(super) fn seen(&self) -> &Sighting {
        self.failed.as_ref().unwrap_or_else(|| self.inner.seen())
    }

    pub(super) fn ended(&self) -> bool {
        self.failed.is_some() || self.inner.ended()
    }
}
