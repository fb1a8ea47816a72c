//! The stream below a connection, with or without TLS, and what its reads go through.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connect::Stream;

/// How much is read at once.
const READ: usize = 64 * 1024;

/// A connected stream.
pub struct UpstreamStream(Kind);

enum Kind {
    Plain(TcpStream),
    /// Boxed: a TLS session is large, and most connections to models next door have none.
    Tls(Box<TokioIo<Stream>>),
}

/// What every read of a core goes through. Payload is copied out of it once, all that is there in
/// one piece, so that a connection that waits holds no buffer at all.
pub(super) struct ReadBuffer(RefCell<Box<[u8]>>);

/// What a read brought.
pub(super) struct Filled<T> {
    /// What became of the bytes; `None` when the stream ended instead.
    pub(super) taken: Option<T>,
    /// Nothing more is there, for now.
    pub(super) drained: bool,
}

// === impl UpstreamStream ===

impl UpstreamStream {
    /// Reads what is there and gives it to `take`.
    pub(super) fn poll_read_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &ReadBuffer,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Poll<io::Result<Filled<T>>> {
        let mut buffer = buffer.0.borrow_mut();
        let mut buffer = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut *self).poll_read(cx, &mut buffer))?;
        let bytes = buffer.filled();
        // TLS has records: behind the one that was read another may wait.
        let drained = matches!(self.0, Kind::Plain(_)) && bytes.len() < READ;
        let taken = (!bytes.is_empty()).then(|| take(bytes));
        Poll::Ready(Ok(Filled { taken, drained }))
    }

    /// Whether the stream is open and silent, as it must be between two requests.
    pub(super) fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        let mut byte = [0];
        let read = Pin::new(self).poll_read(cx, &mut ReadBuf::new(&mut byte));
        read.is_pending()
    }
}

impl From<Stream> for UpstreamStream {
    fn from(stream: Stream) -> Self {
        Self(match stream {
            MaybeHttpsStream::Http(stream) => Kind::Plain(stream.into_inner()),
            tls @ MaybeHttpsStream::Https(_) => Kind::Tls(Box::new(TokioIo::new(tls))),
        })
    }
}

impl AsyncRead for UpstreamStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Kind::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for UpstreamStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Kind::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, pieces),
            Kind::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Kind::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Kind::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

// === impl ReadBuffer ===

impl Default for ReadBuffer {
    fn default() -> Self {
        Self(RefCell::new(vec![0; READ].into_boxed_slice()))
    }
}
