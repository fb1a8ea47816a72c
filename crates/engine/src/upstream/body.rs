//! The body of an upstream's answer: pulled by its reader, cancelled by dropping it.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use hyper::body::Incoming;

use super::connection::Connection;
use super::pool::{Origin, Pool};

/// Chunks that are already there are read together up to this many bytes.
const COALESCE: usize = 32 * 1024;

/// The unread rest of an answer, with the connection it comes from.
///
/// Dropped before its end, it closes the connection: the upstream sees that nobody listens.
pub struct UpstreamBody {
    incoming: Incoming,
    /// Given back to the pool at the end of the body.
    connection: Option<Connection>,
    pool: Rc<Pool>,
    origin: Origin,
    ended: bool,
    /// An error that came right behind a chunk, to be told after it.
    failed: Option<BodyError>,
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

// === impl UpstreamBody ===

impl UpstreamBody {
    pub(super) fn new(
        incoming: Incoming,
        connection: Connection,
        pool: Rc<Pool>,
        origin: Origin,
    ) -> Self {
        Self {
            incoming,
            connection: Some(connection),
            pool,
            origin,
            ended: false,
            failed: None,
        }
    }

    /// The next bytes: all that are already there, in one piece. `None` at the end.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let mut first = Bytes::new();
        let mut gathered = BytesMut::new();
        loop {
            match self.poll_one(cx) {
                Poll::Ready(Some(Ok(chunk))) if first.is_empty() => first = chunk,
                Poll::Ready(Some(Ok(chunk))) => {
                    if gathered.is_empty() {
                        gathered.reserve(COALESCE);
                        gathered.extend_from_slice(&first);
                    }
                    gathered.extend_from_slice(&chunk);
                    if gathered.len() >= COALESCE {
                        return Poll::Ready(Some(Ok(gathered.freeze())));
                    }
                }
                Poll::Ready(Some(Err(error))) if !first.is_empty() => {
                    self.failed = Some(error);
                    return Poll::Ready(Some(Ok(gathered_or(first, gathered))));
                }
                // The end comes again.
                _ if !first.is_empty() => {
                    return Poll::Ready(Some(Ok(gathered_or(first, gathered))));
                }
                other => return other,
            }
        }
    }

    /// The next bytes.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The whole body, at most `limit` bytes of it.
    pub async fn collect(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        let Some(first) = self.chunk().await.transpose()? else {
            return Ok(Bytes::new());
        };
        let mut rest = BytesMut::new();
        while let Some(chunk) = self.chunk().await.transpose()? {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&chunk);
            if rest.len() > limit {
                return Err(BodyError::TooLarge(limit));
            }
        }
        if first.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        Ok(if rest.is_empty() {
            first
        } else {
            rest.freeze()
        })
    }

    fn poll_one(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let mut driven = false;
        loop {
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Poll::Ready(Some(Ok(data))),
                    // An empty chunk or trailers: nothing for the reader.
                    _ => driven = false,
                },
                Poll::Ready(Some(Err(e))) => {
                    self.ended = true;
                    self.connection = None;
                    return Poll::Ready(Some(Err(BodyError::Broken(super::root_cause(&e)))));
                }
                Poll::Ready(None) => {
                    self.ended = true;
                    self.give_back(cx);
                    return Poll::Ready(None);
                }
                Poll::Pending if driven => return Poll::Pending,
                Poll::Pending => {
                    driven = true;
                    if let Some(connection) = &mut self.connection {
                        // Its end, if it ends, shows in the body.
                        let _ended = connection.poll_drive(cx);
                    }
                }
            }
        }
    }

    /// The answer is complete: lets the connection notice, and keeps it if it stays open.
    fn give_back(&mut self, cx: &mut Context<'_>) {
        if let Some(mut connection) = self.connection.take()
            && connection.poll_usable(cx)
        {
            self.pool.put(&self.origin, connection);
        }
    }
}

/// The chunks gathered, or the only one.
fn gathered_or(first: Bytes, gathered: BytesMut) -> Bytes {
    if gathered.is_empty() {
        first
    } else {
        gathered.freeze()
    }
}
