//! The body of an answer, pulled by the client's connection.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame, SizeHint};
use lockgate_wire::canonical::{ApiError, ErrorKind};
use tokio::time::{Instant, Sleep};

use super::channel::Channel;
use super::outlet::Outlet;
use super::response_id;
use crate::deployment::Deployment;
use crate::record::RecordGuard;
use crate::upstream::{BodyError, UpstreamBody};

/// What the client's connection writes. What breaks in the middle of a stream is said in the
/// client's dialect, as the last event; where there is none, the answer breaks off.
pub enum AnswerBody {
    /// All at once.
    Whole {
        /// The bytes; taken when written.
        bytes: Option<Bytes>,
        /// Ends before they are.
        record: Option<Box<RecordGuard>>,
    },
    /// As the upstream sends it.
    Stream(Box<StreamBody>),
    /// What was sent already, and what is still to come, of an answer that is made elsewhere.
    Follow(Pin<Box<dyn Stream<Item = Bytes>>>),
}

/// The pieces of an answer that are looked through for its id.
const NAMED: u8 = 4;

/// An answer of bytes without a dialect is broken off, so that half of it does not pass for all.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the upstream broke off its answer")]
pub struct BrokenOff;

/// A streamed answer.
pub struct StreamBody {
    /// What was read before the answer's head went out.
    first: Option<Bytes>,
    upstream: UpstreamBody,
    channel: Channel,
    record: RecordGuard,
    _slot: Option<Slot>,
    idle: Duration,
    total: Instant,
    last: Instant,
    timer: Pin<Box<Sleep>>,
    closed: bool,
    broken: bool,
    /// Until it wrote its last.
    outlet: Option<Box<dyn Outlet>>,
    /// How many pieces were written without the answer's id.
    unnamed: u8,
}

/// What a streamed answer is made of.
pub struct StreamParts {
    /// What was read before the answer's head went out, as the client gets it.
    pub first: Bytes,
    /// The rest, as the upstream sends it.
    pub upstream: UpstreamBody,
    /// What stands between the two.
    pub channel: Channel,
    /// The upstream closed already.
    pub closed: bool,
    /// The longest silence between two chunks.
    pub idle: Duration,
    /// When the answer must be complete.
    pub total: Instant,
    /// Counts the request as in flight at its deployment, if it has one.
    pub slot: Option<Slot>,
}

/// Counts a request as in flight at a deployment until it is dropped.
pub struct Slot(Arc<Deployment>);

// === impl Slot ===

impl Slot {
    /// Counts a request in.
    pub fn new(deployment: &Arc<Deployment>) -> Self {
        deployment.health.enter();
        Self(deployment.clone())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.health.leave();
    }
}

// === impl AnswerBody ===

impl AnswerBody {
    /// A body without a record: health checks, listings, refusals.
    pub fn plain(bytes: impl Into<Bytes>) -> Self {
        Self::Whole {
            bytes: Some(bytes.into()),
            record: None,
        }
    }

    /// A whole answer; `record` ends when it is about to be written.
    pub fn whole(bytes: Bytes, mut record: RecordGuard) -> Self {
        if bytes.is_empty() {
            // Nobody asks for a body that has nothing.
            record.finish();
        }
        Self::Whole {
            bytes: Some(bytes),
            record: Some(Box::new(record)),
        }
    }

    /// The reader has all that it needs, whatever may still come.
    pub(crate) fn finish(&mut self) {
        match self {
            Self::Whole { record, .. } => {
                if let Some(record) = record {
                    record.finish();
                }
            }
            Self::Stream(stream) => stream.end(),
            Self::Follow(_) => {}
        }
    }

    /// The answer to a request for nothing but its head.
    #[must_use]
    pub fn without_content(mut self) -> Self {
        self.finish();
        Self::plain(Bytes::new())
    }

    /// A streamed answer, through `outlet` if there is one; `record` ends with the stream.
    pub fn stream(
        parts: StreamParts,
        mut outlet: Option<Box<dyn Outlet>>,
        mut record: RecordGuard,
    ) -> Self {
        let now = Instant::now();
        record.record_mut().streamed_bytes = parts.first.len() as u64;
        let first = match &mut outlet {
            Some(outlet) => outlet.push(parts.first),
            None => parts.first,
        };
        Self::Stream(Box::new(StreamBody {
            first: Some(first).filter(|first| !first.is_empty()),
            upstream: parts.upstream,
            channel: parts.channel,
            record,
            _slot: parts.slot,
            idle: parts.idle,
            total: parts.total,
            last: now,
            timer: Box::pin(tokio::time::sleep_until(parts.total.min(now + parts.idle))),
            closed: parts.closed,
            broken: false,
            outlet,
            unnamed: 0,
        }))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Whole { bytes, record } => {
                if let Some(record) = record {
                    record.finish();
                }
                let bytes = bytes.take().filter(|bytes| !bytes.is_empty());
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Self::Stream(stream) => stream
                .poll_bytes(cx)
                .map(|bytes| bytes.map(|bytes| bytes.map(Frame::data))),
            Self::Follow(events) => events
                .as_mut()
                .poll_next(cx)
                .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { bytes, .. } => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Stream(_) | Self::Follow(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { bytes, .. } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(_) | Self::Follow(_) => SizeHint::default(),
        }
    }
}

// === impl StreamBody ===

impl StreamBody {
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(self.written(first))));
        }
        while !self.closed {
            let out = match self.upstream.poll_chunk(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    self.last = Instant::now();
                    let out = self.channel.push(chunk);
                    self.closed = self.channel.ended();
                    out
                }
                Poll::Ready(None) => {
                    self.closed = true;
                    self.channel.finish()
                }
                Poll::Ready(Some(Err(error))) => self.fail(ErrorKind::BadGateway, &error),
                Poll::Pending => {
                    let Some(timed_out) = self.poll_timer(cx) else {
                        return Poll::Pending;
                    };
                    self.fail(ErrorKind::Timeout, &timed_out)
                }
            };
            let out = match &mut self.outlet {
                Some(outlet) if !out.is_empty() => outlet.push(out),
                _ => out,
            };
            if !out.is_empty() {
                self.record.record_mut().streamed_bytes += out.len() as u64;
                return Poll::Ready(Some(Ok(self.written(out))));
            }
        }
        if let Some(last) = self.outlet.take().map(|mut outlet| outlet.close())
            && !last.is_empty()
        {
            return Poll::Ready(Some(Ok(last)));
        }
        self.end();
        if self.broken && self.channel.is_opaque() {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        Poll::Ready(None)
    }

    /// What is about to be written. Where nothing follows, the record ends before.
    fn written(&mut self, out: Bytes) -> Bytes {
        if self.unnamed < NAMED {
            self.unnamed += 1;
            response_id::note(&mut self.record, &out);
        }
        let last = self.closed && self.outlet.is_none();
        if last || self.channel.is_complete_with(&out) {
            self.end();
        }
        out
    }

    /// The timer is set once and looked after when it fires, not with every chunk.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Option<BodyError> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if now >= self.total || now >= self.last + self.idle {
                return Some(BodyError::Idle);
            }
            self.timer
                .as_mut()
                .reset(self.total.min(self.last + self.idle));
        }
        None
    }

    fn fail(&mut self, kind: ErrorKind, error: &BodyError) -> Bytes {
        self.closed = true;
        self.broken = true;
        let message = error.to_string();
        self.record.record_mut().error = Some(message.clone());
        self.channel.fail(ApiError::new(kind, message))
    }

    fn end(&mut self) {
        self.take_sighting();
        self.record.finish();
    }

    fn take_sighting(&mut self) {
        let seen = self.channel.seen();
        let record = self.record.record_mut();
        record.usage = seen.usage;
        record.finish = seen.finish;
        if let Some(error) = &seen.error {
            record.error.get_or_insert_with(|| error.message.clone());
        }
    }
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        // A client that left is billed for what it was given.
        self.take_sighting();
    }
}
