//! A request on its way out.

use std::io::{self, IoSlice, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::http1::RequestHead;
use super::io::UpstreamStream;
use super::request_body::{BodyStream, BodyStreamError, Pieces, RequestBody};

/// How many pieces are given to the system at once.
const SLICES: usize = 16;
/// How often is written before the answer is looked for: an upstream that reads as fast as we
/// write would never be heard.
const WRITES: usize = 16;

/// A request and how much of it is sent. It goes out in batches: the head and a whole body are
/// one, every chunk of a body that is read meanwhile is another.
pub(super) struct Outgoing {
    /// What the batch begins with.
    prefix: Vec<u8>,
    pieces: Pieces,
    suffix: &'static [u8],
    /// How much of the batch is sent.
    written: usize,
    /// How long it is.
    length: usize,
    /// Where further batches come from.
    stream: Option<BodyStream>,
    /// All of it is known from the start.
    whole: bool,
    sent: bool,
}

/// Why a request cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is no body to send.
    #[error(transparent)]
    Body(#[from] BodyStreamError),
}

// === impl Outgoing ===

impl Outgoing {
    /// A request that begins with `head`, which is written into `scratch`.
    pub(super) fn new(head: &RequestHead<'_>, body: RequestBody, mut scratch: Vec<u8>) -> Self {
        scratch.clear();
        head.write(&mut scratch);
        let (pieces, stream) = match body {
            RequestBody::Whole(pieces) => (pieces, None),
            RequestBody::Stream(stream) => (Pieces::default(), Some(stream)),
        };
        Self {
            length: scratch.len() + pieces.len(),
            prefix: scratch,
            pieces,
            suffix: b"",
            written: 0,
            whole: stream.is_none(),
            stream,
            sent: false,
        }
    }

    /// Whether all of it is sent.
    pub(super) fn is_sent(&self) -> bool {
        self.sent
    }

    /// Starts from the beginning, if that is still known.
    pub(super) fn rewind(&mut self) -> bool {
        self.written = 0;
        self.sent = false;
        self.whole
    }

    /// The memory of the head, for the next request.
    pub(super) fn into_scratch(self) -> Vec<u8> {
        self.prefix
    }

    /// Sends what the stream takes and the body has, within reason.
    pub(super) fn poll_send(
        &mut self,
        stream: &mut UpstreamStream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WriteError>> {
        let mut writes = 0;
        while !self.sent {
            if self.written < self.length {
                if writes == WRITES {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                writes += 1;
                ready!(self.poll_write(stream, cx))?;
                continue;
            }
            match self.poll_next_batch(cx)? {
                Poll::Ready(true) => {}
                Poll::Ready(false) => {
                    ready!(Pin::new(&mut *stream).poll_flush(cx))?;
                    self.sent = true;
                }
                Poll::Pending => {
                    // What is sent so far must not wait for what is to come.
                    ready!(Pin::new(stream).poll_flush(cx))?;
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(
        &mut self,
        stream: &mut UpstreamStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = self.unsent(&mut slices);
        let sent = Pin::new(stream).poll_write_vectored(cx, &slices[..count]);
        match ready!(sent)? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            sent => {
                self.written += sent;
                Poll::Ready(Ok(()))
            }
        }
    }

    /// What of the batch is to be sent, as many pieces as fit.
    fn unsent<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES]) -> usize {
        let mut skip = self.written;
        let mut count = 0;
        let pieces = self.pieces.iter().map(AsRef::as_ref);
        let parts = std::iter::once(self.prefix.as_slice())
            .chain(pieces)
            .chain(std::iter::once(self.suffix));
        for part in parts {
            if skip >= part.len() {
                skip -= part.len();
            } else if count < SLICES {
                slices[count] = IoSlice::new(&part[skip..]);
                count += 1;
                skip = 0;
            }
        }
        count
    }

    /// Makes the next batch; `false` when there is none. The last chunk is a batch, too.
    fn poll_next_batch(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, BodyStreamError>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Ok(false));
        };
        let sized = stream.is_sized();
        let data = ready!(stream.poll_data(cx)).transpose()?;
        self.prefix.clear();
        self.written = 0;
        match data {
            Some(data) if sized => self.pieces = data.into(),
            Some(data) => {
                // Into memory: cannot fail.
                let _ = write!(self.prefix, "{:x}\r\n", data.len());
                self.pieces = data.into();
                self.suffix = b"\r\n";
            }
            None => {
                self.pieces = Pieces::default();
                self.suffix = if sized { b"" } else { b"0\r\n\r\n" };
                self.stream = None;
            }
        }
        self.length = self.prefix.len() + self.pieces.len() + self.suffix.len();
        Poll::Ready(Ok(true))
    }
}
