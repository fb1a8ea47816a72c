//! One of the two connections of a session, with little memory of its own.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use lockgate_wire::websocket::{Close, FrameHeader, Opcode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// How much is read at once. It is read into the stack, so that a connection that waits holds no
/// buffer.
const READ: usize = 16 * 1024;
/// A buffer that grew beyond this is given back when it is empty.
const KEPT: usize = 4 * 1024;
/// How long a side may take to answer a close, or to read the last that it is sent.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// A connection, what was read and is not used, what is to be written.
#[derive(Debug)]
pub(super) struct Side<I> {
    io: I,
    pub(super) input: BytesMut,
    pub(super) output: BytesMut,
}

// === impl Side ===

impl<I: AsyncRead + AsyncWrite + Unpin> Side<I> {
    /// `read` is what was read already.
    pub(super) fn new(io: I, read: BytesMut) -> Self {
        Self {
            io,
            input: read,
            output: BytesMut::new(),
        }
    }

    /// Reads what is there, once; 0 at the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        release(&mut self.input);
        let mut buffer = [const { MaybeUninit::uninit() }; READ];
        let mut buffer = ReadBuf::uninit(&mut buffer);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer))?;
        self.input.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Writes all there is to write.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.output.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.output.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, &self.output))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.output.advance(written),
            }
        }
        release(&mut self.output);
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Has a frame written that a server sends.
    pub(super) fn say(&mut self, opcode: Opcode, payload: &[u8]) {
        let header = FrameHeader {
            fin: true,
            opcode,
            mask: None,
            length: payload.len() as u64,
        };
        header.write_with(payload, &mut self.output);
    }

    /// Reads what is there; 0 at the end.
    pub(super) async fn read(&mut self) -> io::Result<usize> {
        std::future::poll_fn(|cx| self.poll_read(cx)).await
    }

    /// Writes all there is to write.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_write(cx)).await
    }

    /// Writes the rest and ends the connection from this end.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        self.write().await?;
        std::future::poll_fn(|cx| Pin::new(&mut self.io).poll_shutdown(cx)).await
    }

    /// Reads and forgets until the other end is done, too. A connection that is dropped with
    /// something unread is reset, and what was written last may be lost with it.
    pub(super) async fn linger(&mut self) {
        loop {
            self.input.clear();
            match self.read().await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

/// Closes the connection to a client, and waits a little until it has read that.
pub(super) async fn part<C>(client: &mut Side<C>, close: &Close)
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    let farewell = async {
        client.say(Opcode::Close, &close.payload());
        if client.finish().await.is_ok() {
            client.linger().await;
        }
    };
    let _late = timeout(FAREWELL, farewell).await;
}

fn release(buffer: &mut BytesMut) {
    if buffer.is_empty() && buffer.capacity() > KEPT {
        *buffer = BytesMut::new();
    }
}
