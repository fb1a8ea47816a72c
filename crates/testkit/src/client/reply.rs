//! What came back: a whole response, or one that is read piece by piece.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{ClientError, bounded};
use crate::frames::{SseEvent, lines, sse_events};

/// A whole response.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
    /// The decoded (de-chunked) body.
    pub body: Bytes,
}

/// A response whose body is still arriving; dropping it closes the connection at once.
#[derive(Debug)]
pub struct StreamReply {
    /// HTTP status code.
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
    body: Incoming,
    buffered: BytesMut,
    // Aborted when dropped, which closes the socket.
    _driver: JoinSet<bool>,
}

// === impl Reply ===

impl Reply {
    /// A header's value; `None` when absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; [`Value::Null`] when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body read as server-sent events.
    #[must_use]
    pub fn events(&self) -> Vec<SseEvent> {
        sse_events(&self.body)
    }

    /// The body read as NDJSON.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        lines(&self.body)
    }
}

// === impl StreamReply ===

impl StreamReply {
    pub(super) fn new(response: Response<Incoming>, driver: JoinSet<bool>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            buffered: BytesMut::new(),
            _driver: driver,
        }
    }

    /// A header's value; `None` when absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The next piece as the transport delivers it; `None` at the regular end.
    ///
    /// # Errors
    /// When the server closed in the middle, broke the protocol, or fell silent for thirty seconds.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        if !self.buffered.is_empty() {
            return Ok(Some(self.buffered.split().freeze()));
        }
        self.read().await
    }

    /// The next server-sent event; `None` at the regular end.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn event(&mut self) -> Result<Option<SseEvent>, ClientError> {
        loop {
            while let Some(block) = self.take_block() {
                if let Some(event) = SseEvent::from_block(&block) {
                    return Ok(Some(event));
                }
            }
            match self.read().await? {
                Some(bytes) => self.buffered.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
    }

    /// The next NDJSON line; `None` at the regular end.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn line(&mut self) -> Result<Option<Value>, ClientError> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffered) {
                let line = self.buffered.split_to(end + 1);
                return Ok(Some(serde_json::from_slice(&line).unwrap_or(Value::Null)));
            }
            match self.read().await? {
                Some(bytes) => self.buffered.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
    }

    /// Reads the rest to its end.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn collect(mut self) -> Result<Reply, ClientError> {
        let mut body = std::mem::take(&mut self.buffered);
        while let Some(bytes) = self.read().await? {
            body.extend_from_slice(&bytes);
        }
        Ok(Reply {
            status: self.status,
            headers: std::mem::take(&mut self.headers),
            body: body.freeze(),
        })
    }

    async fn read(&mut self) -> Result<Option<Bytes>, ClientError> {
        let body = &mut self.body;
        bounded(async {
            while let Some(frame) = body.frame().await {
                if let Ok(data) = frame?.into_data() {
                    return Ok(Some(data));
                }
            }
            Ok(None)
        })
        .await
    }

    fn take_block(&mut self) -> Option<String> {
        let plain = memchr::memmem::find(&self.buffered, b"\n\n").map(|at| (at, 2));
        let carriage = memchr::memmem::find(&self.buffered, b"\r\n\r\n").map(|at| (at, 4));
        let (at, width) = plain.into_iter().chain(carriage).min()?;
        let block = self.buffered.split_to(at + width);
        Some(String::from_utf8_lossy(&block[..at]).into_owned())
    }
}
