//! The body of a request: whole, or as it comes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;

use super::http1::BodyLength;

/// The body of an upstream request.
pub enum RequestBody {
    /// All of it. It can be sent again.
    Whole(Pieces),
    /// Read while it is sent, with a declared length if it knows it and in chunks otherwise.
    Stream(BodyStream),
}

/// Bytes in a row, possibly in several places.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    first: Bytes,
    rest: Vec<Bytes>,
}

/// A body that is read while it is sent.
pub struct BodyStream {
    body: Pin<Box<dyn Body<Data = Bytes, Error = String>>>,
    /// What is left of a declared length.
    left: Option<u64>,
}

/// Why a body that is read while it is sent cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum BodyStreamError {
    /// Reading it failed.
    #[error("{0}")]
    Source(String),
    /// It has another length than it declared.
    #[error("the body is not as long as it was declared to be")]
    Length,
}

/// Why a body cannot be taken whole.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// It is longer than this many bytes.
    #[error("the request body is larger than {0} bytes")]
    TooLarge(usize),
    /// There is no more of it.
    #[error(transparent)]
    Broken(#[from] BodyStreamError),
}

// === impl RequestBody ===

impl RequestBody {
    /// A body that is sent as it is read. Its length is declared if its size hint is exact.
    pub fn stream<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + 'static,
        B::Error: fmt::Display,
    {
        let left = body.size_hint().exact();
        if left == Some(0) {
            // The usual GET, which can be sent again.
            return Self::Whole(Pieces::default());
        }
        let body = Box::pin(body.map_err(|error| error.to_string()));
        Self::Stream(BodyStream { body, left })
    }

    /// All of it.
    pub async fn collect(self, limit: usize) -> Result<Bytes, CollectError> {
        let mut stream = match self {
            Self::Whole(pieces) => return Ok(pieces.to_bytes()),
            Self::Stream(stream) => stream,
        };
        let mut whole = BytesMut::new();
        while let Some(data) = std::future::poll_fn(|cx| stream.poll_data(cx)).await {
            whole.extend_from_slice(&data?);
            if whole.len() > limit {
                return Err(CollectError::TooLarge(limit));
            }
        }
        Ok(whole.freeze())
    }

    pub(super) fn length(&self) -> BodyLength {
        match self {
            Self::Whole(pieces) => BodyLength::Known(pieces.len() as u64),
            Self::Stream(stream) => stream.left.map_or(BodyLength::Chunked, BodyLength::Known),
        }
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes.into())
    }
}

impl From<Pieces> for RequestBody {
    fn from(pieces: Pieces) -> Self {
        Self::Whole(pieces)
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(pieces) => write!(f, "{} bytes", pieces.len()),
            Self::Stream(_) => f.write_str("a stream"),
        }
    }
}

// === impl Pieces ===

impl Pieces {
    /// How many bytes they are together.
    pub fn len(&self) -> usize {
        self.iter().map(Bytes::len).sum()
    }

    /// Whether they hold nothing.
    pub fn is_empty(&self) -> bool {
        self.iter().all(Bytes::is_empty)
    }

    /// All of them in one; copied unless there is only one.
    pub fn to_bytes(&self) -> Bytes {
        if self.rest.is_empty() {
            return self.first.clone();
        }
        let mut whole = BytesMut::with_capacity(self.len());
        self.iter().for_each(|piece| whole.extend_from_slice(piece));
        whole.freeze()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

impl From<Bytes> for Pieces {
    fn from(first: Bytes) -> Self {
        let rest = Vec::new();
        Self { first, rest }
    }
}

impl FromIterator<Bytes> for Pieces {
    fn from_iter<T: IntoIterator<Item = Bytes>>(pieces: T) -> Self {
        let mut pieces = pieces.into_iter();
        Self {
            first: pieces.next().unwrap_or_default(),
            rest: pieces.collect(),
        }
    }
}

// === impl BodyStream ===

impl BodyStream {
    /// Whether the length was declared.
    pub(super) fn is_sized(&self) -> bool {
        self.left.is_some()
    }

    /// The next bytes, never none; `None` at the end. A declared length is kept: a byte more would
    /// be the beginning of another request.
    pub(super) fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyStreamError>>> {
        loop {
            let data = match self.body.as_mut().poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) if self.left.is_some_and(|left| left > 0) => {
                    return Poll::Ready(Some(Err(BodyStreamError::Length)));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(BodyStreamError::Source(error))));
                }
                // Trailers are left out.
                Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            };
            if data.is_empty() {
                continue;
            }
            if let Some(left) = &mut self.left {
                match left.checked_sub(data.len() as u64) {
                    Some(rest) => *left = rest,
                    None => return Poll::Ready(Some(Err(BodyStreamError::Length))),
                }
            }
            return Poll::Ready(Some(Ok(data)));
        }
    }
}
