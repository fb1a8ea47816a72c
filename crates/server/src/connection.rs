//! One client connection: which HTTP it speaks, and serving it until it ends or the gateway stops.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use lockgate_engine::AnswerBody;
use lockgate_engine::realtime::Session;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::inbound::{Inbound, Switch};
use crate::shutdown::Stopping;

/// How much of a request is read at once. A head may fill it: a smaller limit on heads is
/// enforced once they are read.
const READ_BUFFER: usize = 256 * 1024;
/// How an HTTP/2 connection begins, up to where no HTTP/1 request can be meant (RFC 9113,
/// section 3.4: the method `PRI` is reserved for it).
const HTTP2_PREFACE: &[u8; 3] = b"PRI";

/// One client connection.
pub(crate) struct Connection {
    /// What answers its requests.
    pub inbound: Rc<Inbound>,
    /// Where the client is, or what stands between.
    pub peer: IpAddr,
    /// Says when to stop.
    pub stopping: Stopping,
    /// How long it may rest.
    pub keep_alive: Duration,
    /// The largest request head.
    pub header_bytes: usize,
}

/// Spawns futures of the current thread for HTTP/2.
#[derive(Debug, Clone, Copy)]
struct LocalExecutor;

type Answer = Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>>>>;

// === impl Connection ===

impl Connection {
    /// Serves a connection in plain text: its first bytes tell the version.
    ///
    /// They are looked at in the socket, not read: what is read first and handed on grows every
    /// connection's read buffer for as long as it lives.
    pub(crate) async fn serve_tcp(mut self, stream: TcpStream) {
        let first = tokio::select! {
            biased;
            first = tokio::time::timeout(self.keep_alive, begins_http2(&stream)) => first,
            // Nothing was asked yet, so nothing is left unanswered.
            () = self.stopping.wait() => return,
        };
        match first {
            Ok(Ok(false)) => self.serve_http1(TokioIo::new(stream)).await,
            Ok(Ok(true)) => Box::pin(self.serve_http2(TokioIo::new(stream))).await,
            Ok(Err(error)) => tracing::debug!("connection ended: {error}"),
            Err(_) => tracing::debug!("connection sent nothing"),
        }
    }

    /// Serves a connection in TLS: the handshake tells the version.
    pub(crate) async fn serve_tls(self, stream: TlsStream<TcpStream>) {
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            Box::pin(self.serve_http2(TokioIo::new(stream))).await;
        } else {
            Box::pin(self.serve_http1(TokioIo::new(stream))).await;
        }
    }

    async fn serve_http1<I: Read + Write + Unpin + Send + 'static>(mut self, io: I) {
        let switch = Rc::new(Switch::default());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.keep_alive)
            .max_buf_size(self.header_bytes.max(READ_BUFFER))
            .max_headers(128)
            .serve_connection(
                io,
                service_fn(answers(self.inbound.clone(), self.peer, switch.clone())),
            )
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stopping.wait() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Some((upgrade, session)) = switch.take()
            && ended.is_ok()
        {
            Box::pin(self.serve_session(upgrade, session)).await;
        }
        log_end(ended);
    }

    /// Serves what a connection became after HTTP.
    async fn serve_session(mut self, upgrade: OnUpgrade, session: Session) {
        match upgrade.await {
            Ok(io) => session.run(TokioIo::new(io), self.stopping.wait()).await,
            Err(error) => tracing::debug!("connection ended: {error}"),
        }
    }

    async fn serve_http2<I: Read + Write + Unpin + 'static>(mut self, io: I) {
        let connection = http2::Builder::new(LocalExecutor)
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(self.header_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(self.keep_alive)
            .adaptive_window(true)
            .serve_connection(
                io,
                service_fn(answers(self.inbound.clone(), self.peer, Rc::default())),
            );
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stopping.wait() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        log_end(ended);
    }
}

fn answers(
    inbound: Rc<Inbound>,
    peer: IpAddr,
    switch: Rc<Switch>,
) -> impl Fn(Request<Incoming>) -> Answer {
    move |request| {
        let (inbound, switch) = (inbound.clone(), switch.clone());
        // Boxed, so that a connection that streams or rests does not keep its size.
        Box::pin(async move { Ok(inbound.answer(request, peer, &switch).await) })
    }
}

fn log_end(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!("connection ended: {error}");
    }
}

/// Whether the client opens with the preface of HTTP/2.
async fn begins_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0; HTTP2_PREFACE.len()];
    loop {
        let length = stream.peek(&mut first).await?;
        let seen = &first[..length];
        if !HTTP2_PREFACE.starts_with(seen) || length == 0 {
            return Ok(false);
        }
        if length == HTTP2_PREFACE.len() {
            return Ok(true);
        }
        // A first packet of one or two bytes. The socket stays readable: nothing wakes us up.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

// === impl LocalExecutor ===

impl<F> hyper::rt::Executor<F> for LocalExecutor
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        // One per HTTP/2 stream; ends with its connection, which the tracker knows.
        tokio::task::spawn_local(future);
    }
}
