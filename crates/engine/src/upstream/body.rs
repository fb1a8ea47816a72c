//! The body of an upstream's answer: pulled by its reader, cancelled by dropping it.

use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};

use super::connection::{Arrived, Connection};
use super::http1::{Decoder, FramingError};
use super::io::UpstreamStream;
use super::pool::{Origin, Pool};

/// Chunks that are already there are read together up to about this many bytes.
const COALESCE: usize = 32 * 1024;
/// The most memory that is set aside for an answer because it says that it will be so long.
const TRUSTED_LENGTH: usize = 4 * 1024 * 1024;

/// The unread rest of an answer, with the connection it comes from.
///
/// Dropped before its end, it closes the connection: the upstream sees that nobody listens.
pub struct UpstreamBody {
    /// Given back to the pool at the end of the body.
    connection: Option<Connection>,
    decoder: Decoder,
    /// What came with the head.
    first: Bytes,
    /// An error that came right behind payload, to be told after it.
    failed: Option<BodyError>,
    /// Whether the connection may carry another request after this answer.
    reusable: bool,
    pool: Rc<Pool>,
    origin: Origin,
}

/// A connection that left HTTP for another protocol.
pub struct Upgraded {
    /// The connection.
    pub stream: UpstreamStream,
    /// What the upstream has said in the new protocol already.
    pub read_ahead: Bytes,
}

/// Why a body could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The connection broke.
    #[error("the upstream broke off its answer: {0}")]
    Broken(String),
    /// The body is larger than the reader accepts.
    #[error("the upstream's answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Nothing came for too long.
    #[error("the upstream fell silent")]
    Idle,
}

/// What became of the bytes of one read.
struct Decoded {
    failed: Option<FramingError>,
    /// Something stands behind the end of the body.
    surplus: bool,
}

// === impl UpstreamBody ===

impl UpstreamBody {
    /// `reusable`: the request is sent and the answer leaves the connection open.
    pub(super) fn new(
        arrived: Arrived,
        connection: Connection,
        reusable: bool,
        pool: Rc<Pool>,
        origin: Origin,
    ) -> Self {
        let mut body = Self {
            connection: Some(connection),
            decoder: arrived.head.body,
            first: arrived.first,
            failed: None,
            reusable,
            pool,
            origin,
        };
        body.settle(&Decoded {
            failed: arrived.failed,
            surplus: arrived.surplus,
        });
        body
    }

    /// The next bytes: all that are already there, in one piece. `None` at the end.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.first))));
        }
        let mut out = BytesMut::new();
        let read = ready!(self.poll_append(cx, &mut out));
        Poll::Ready(read.map(|read| read.map(|()| out.freeze())))
    }

    /// The next bytes.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The whole body, at most `limit` bytes of it.
    pub async fn collect(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        let first = std::mem::take(&mut self.first);
        let too_large = |length: usize| length > limit;
        if too_large(first.len()) {
            return Err(BodyError::TooLarge(limit));
        }
        if self.is_read() {
            return Ok(first);
        }
        let expected = self.decoder.remaining().unwrap_or_default();
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let expected = expected.min(TRUSTED_LENGTH).min(limit);
        let mut out = BytesMut::with_capacity(first.len() + expected);
        out.extend_from_slice(&first);
        drop(first);
        while let Some(read) = std::future::poll_fn(|cx| self.poll_append(cx, &mut out)).await {
            read?;
            if too_large(out.len()) {
                return Err(BodyError::TooLarge(limit));
            }
        }
        Ok(out.freeze())
    }

    /// Takes over a connection whose answer switched protocols (status 101); `None` if it broke.
    pub fn upgrade(self) -> Option<Upgraded> {
        Some(Upgraded {
            stream: self.connection?.into_stream(),
            read_ahead: self.first,
        })
    }

    /// Whether nothing is to come from the connection.
    fn is_read(&self) -> bool {
        self.connection.is_none() && self.failed.is_none()
    }

    /// Appends what is there to `out`, something at least. `None` at the end.
    fn poll_append(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut BytesMut,
    ) -> Poll<Option<Result<(), BodyError>>> {
        let before = out.len();
        while let Some(connection) = &mut self.connection {
            let decoder = &mut self.decoder;
            let read = connection.poll_body(cx, &self.pool.buffer, |mut input| Decoded {
                failed: decoder.decode(&mut input, out).err(),
                surplus: !input.is_empty(),
            });
            match read {
                Poll::Pending if out.len() == before => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Err(error)) => self.fail(super::root_cause(&error)),
                Poll::Ready(Ok(filled)) => {
                    match filled.taken {
                        Some(decoded) => self.settle(&decoded),
                        None => self.end_of_stream(),
                    }
                    let gathered = out.len() - before;
                    if gathered >= COALESCE || (gathered > 0 && filled.drained) {
                        break;
                    }
                }
            }
        }
        if out.len() > before {
            return Poll::Ready(Some(Ok(())));
        }
        Poll::Ready(self.failed.take().map(Err))
    }

    /// Notes an error or the end of the body.
    fn settle(&mut self, decoded: &Decoded) {
        if let Some(error) = decoded.failed {
            self.fail(error.to_string());
        } else if self.decoder.has_ended()
            && let Some(connection) = self.connection.take()
            && self.reusable
            && !decoded.surplus
        {
            self.pool.put(&self.origin, connection);
        }
    }

    fn end_of_stream(&mut self) {
        self.connection = None;
        if let Err(error) = self.decoder.finish() {
            self.fail(error.to_string());
        }
    }

    fn fail(&mut self, reason: String) {
        self.connection = None;
        self.failed = Some(BodyError::Broken(reason));
    }
}
