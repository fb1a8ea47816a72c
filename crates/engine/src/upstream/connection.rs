//! One HTTP/1.1 connection to an upstream, driven by the task that uses it.
//!
//! There is no task per connection, no channel and no buffer of its own: one task writes the
//! request, reads the answer and pulls its body, and an idle connection is polled by nobody until
//! it is used again.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};

use super::http1::{Asked, FramingError, HeadError, ResponseHead, ResponseReader};
use super::io::{ReadBuffer, UpstreamStream};
use super::outgoing::{Outgoing, WriteError};
use super::request_body::BodyStreamError;

/// A connection.
pub(super) struct Connection {
    stream: UpstreamStream,
    /// The rest of a request whose answer came early.
    unsent: Option<Box<Outgoing>>,
}

/// The head of an answer and what came with it.
pub(super) struct Arrived {
    pub(super) head: ResponseHead,
    /// The beginning of the body, perhaps all of it.
    pub(super) first: Bytes,
    /// What is wrong behind that beginning.
    pub(super) failed: Option<FramingError>,
    /// Something stands behind the end of the body.
    pub(super) surplus: bool,
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    /// The connection ended before a byte of an answer.
    #[error("{0}")]
    Silent(io::Error),
    /// It broke later, or said something that is no answer.
    #[error("{0}")]
    Broken(String),
    /// The request's own body could not be read.
    #[error(transparent)]
    Body(BodyStreamError),
}

// === impl Connection ===

impl Connection {
    /// A connection over a fresh stream.
    pub(super) fn new(stream: UpstreamStream) -> Self {
        Self {
            stream,
            unsent: None,
        }
    }

    /// Whether the connection, after a rest, can take a request.
    pub(super) fn is_usable(&mut self, cx: &mut Context<'_>) -> bool {
        self.unsent.is_none() && self.stream.is_quiet(cx)
    }

    /// Sends `outgoing` and waits for the head of the answer, which may come before all is sent.
    pub(super) async fn exchange(
        &mut self,
        outgoing: &mut Outgoing,
        asked: Asked,
        buffer: &ReadBuffer,
    ) -> Result<Arrived, ExchangeError> {
        let mut reader = ResponseReader::new(asked);
        let mut unwritable = None;
        std::future::poll_fn(|cx| {
            if unwritable.is_none()
                && let Poll::Ready(Err(error)) = outgoing.poll_send(&mut self.stream, cx)
            {
                match error {
                    // Perhaps the upstream has said why it reads no further.
                    WriteError::Io(error) => unwritable = Some(error),
                    WriteError::Body(error) => {
                        return Poll::Ready(Err(ExchangeError::Body(error)));
                    }
                }
            }
            loop {
                let read = self
                    .stream
                    .poll_read_with(cx, buffer, |input| arrive(&mut reader, input));
                let ended = match ready!(read).map(|filled| filled.taken) {
                    Ok(Some(Ok(None))) => continue,
                    Ok(Some(Ok(Some(arrived)))) => return Poll::Ready(Ok(arrived)),
                    Ok(Some(Err(error))) => {
                        return Poll::Ready(Err(ExchangeError::Broken(error.to_string())));
                    }
                    Ok(None) => closed(),
                    Err(error) => error,
                };
                let ended = unwritable.take().unwrap_or(ended);
                return Poll::Ready(Err(if reader.has_begun() {
                    ExchangeError::Broken(ended.to_string())
                } else {
                    ExchangeError::Silent(ended)
                }));
            }
        })
        .await
    }

    /// Goes on sending `outgoing` while the answer's body is read.
    pub(super) fn keep_sending(&mut self, outgoing: Outgoing) {
        self.unsent = Some(Box::new(outgoing));
    }

    /// Reads what is there of a body and gives it to `take`; the answer says whether the stream
    /// may have more.
    pub(super) fn poll_body<T>(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &ReadBuffer,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Poll<io::Result<super::io::Filled<T>>> {
        if let Some(unsent) = &mut self.unsent {
            match unsent.poll_send(&mut self.stream, cx) {
                Poll::Ready(Ok(())) => self.unsent = None,
                Poll::Ready(Err(WriteError::Body(error))) => {
                    return Poll::Ready(Err(io::Error::other(error)));
                }
                // An upstream that reads no further may still answer.
                Poll::Ready(Err(WriteError::Io(_))) | Poll::Pending => {}
            }
        }
        self.stream.poll_read_with(cx, buffer, take)
    }

    /// The stream below.
    pub(super) fn into_stream(self) -> UpstreamStream {
        self.stream
    }
}

/// Reads a head out of `input`, and what there is of its body.
fn arrive(reader: &mut ResponseReader, mut input: &[u8]) -> Result<Option<Arrived>, HeadError> {
    let Some(mut head) = reader.push(&mut input)? else {
        return Ok(None);
    };
    let mut first = BytesMut::new();
    let failed = head.body.decode(&mut input, &mut first).err();
    Ok(Some(Arrived {
        head,
        first: first.freeze(),
        failed,
        surplus: !input.is_empty(),
    }))
}

fn closed() -> io::Error {
    let message = "connection closed before an answer was complete";
    io::Error::new(io::ErrorKind::UnexpectedEof, message)
}
