//! One HTTP/1.1 connection to an upstream, driven by the task that uses it.
//!
//! hyper's usual shape spawns a task per connection and hands every body chunk from it to the
//! reader through a channel and two wake-ups. Here one task polls both ends, which is what makes
//! a relayed chunk cheap; an idle connection is polled by nobody until it is used again.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;

use super::connect::Stream;
use super::request_body::RequestBody;

/// A connection and the handle that sends requests over it. Boxed, because it is handed around.
pub(super) struct Connection(Box<Parts>);

struct Parts {
    sender: http1::SendRequest<RequestBody>,
    driver: Option<http1::Connection<Stream, RequestBody>>,
}

// === impl Connection ===

impl Connection {
    /// Speaks HTTP/1.1 over `stream`.
    pub(super) async fn handshake(stream: Stream) -> Result<Self, hyper::Error> {
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(256 * 1024)
            .handshake::<_, RequestBody>(stream)
            .await?;
        let driver = Some(driver);
        Ok(Self(Box::new(Parts { sender, driver })))
    }

    /// Lets the connection do what it can; once it is closed it says so for ever.
    pub(super) fn poll_drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(driver) = &mut self.0.driver else {
            return Poll::Ready(());
        };
        let done = Pin::new(driver).poll(cx);
        if done.is_ready() {
            // How it ended reaches the reader through the response future or body.
            self.0.driver = None;
        }
        done.map(|_| ())
    }

    /// Whether the connection can take a request. Polls it once.
    pub(super) fn poll_usable(&mut self, cx: &mut Context<'_>) -> bool {
        self.poll_drive(cx).is_pending() && self.0.sender.is_ready()
    }

    /// Whether the connection, after a rest, can take a request. Polls it once.
    pub(super) async fn is_usable(&mut self) -> bool {
        std::future::poll_fn(|cx| Poll::Ready(self.poll_usable(cx))).await
    }

    /// Sends `request` and waits for the head of the answer.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        let parts = self.0.as_mut();
        let mut answer = std::pin::pin!(parts.sender.send_request(request));
        let driver = &mut parts.driver;
        std::future::poll_fn(|cx| {
            if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                return Poll::Ready(answer);
            }
            if let Some(conn) = driver
                && Pin::new(conn).poll(cx).is_ready()
            {
                *driver = None;
            }
            answer.as_mut().poll(cx)
        })
        .await
    }
}
