//! An upstream that speaks WebSocket, and clients of the gateway that do.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderMap;
use http::header::SEC_WEBSOCKET_ACCEPT;
use lockgate_testkit::Gateway;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::handshake::server;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{MASTER, SOON};

/// Accepts every handshake; what is said then is the test's business.
pub(crate) struct SocketUpstream {
    addr: std::net::SocketAddr,
    asked: Arc<Mutex<Vec<Handshake>>>,
    accepted: mpsc::Receiver<Socket<TcpStream>>,
    // Aborted when dropped.
    _serving: JoinSet<()>,
}

/// A handshake as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

/// One end of a WebSocket.
pub(crate) struct Socket<S>(pub(crate) WebSocketStream<S>);

/// A client's end.
pub(crate) type ClientSocket = Socket<MaybeTlsStream<TcpStream>>;

// === impl Handshake ===

impl Handshake {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

// === impl SocketUpstream ===

impl SocketUpstream {
    pub(crate) async fn start() -> Self {
        Self::answering(|_| {}).await
    }

    /// With a word in the answer to a handshake.
    pub(crate) async fn answering(answer: fn(&mut server::Response)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let (sockets, accepted) = mpsc::channel(16);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = log.clone();
                let note = move |request: &server::Request, mut response: server::Response| {
                    log.lock().unwrap().push(Handshake {
                        target: request.uri().to_string(),
                        headers: request.headers().clone(),
                    });
                    answer(&mut response);
                    Ok(response)
                };
                let config = Some(large());
                let accepted =
                    tokio_tungstenite::accept_hdr_async_with_config(stream, note, config);
                if let Ok(socket) = accepted.await
                    && sockets.send(Socket(socket)).await.is_err()
                {
                    return;
                }
            }
        });
        Self {
            addr,
            asked,
            accepted,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The next connection.
    pub(crate) async fn accept(&mut self) -> Socket<TcpStream> {
        timeout(SOON, self.accepted.recv()).await.unwrap().unwrap()
    }

    /// The handshakes so far.
    pub(crate) fn asked(&self) -> Vec<Handshake> {
        self.asked.lock().unwrap().clone()
    }

    /// The latest handshake.
    pub(crate) fn last(&self) -> Handshake {
        self.asked().pop().unwrap()
    }
}

/// A handshake for `path` of the gateway with these headers.
pub(crate) fn handshake(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Request {
    let url = format!("ws://{}{path}", gateway.addr());
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

/// A session, or why there is none: status and body.
pub(crate) async fn try_connect(
    request: Request,
) -> Result<(ClientSocket, Response), (u16, Value)> {
    let connected = tokio_tungstenite::connect_async_with_config(request, Some(large()), true);
    match timeout(SOON, connected).await.unwrap() {
        Ok((socket, response)) => Ok((Socket(socket), response)),
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            Err((response.status().as_u16(), body))
        }
        Err(error) => panic!("{error}"),
    }
}

/// A session of the holder of the master key.
pub(crate) async fn connect(gateway: &Gateway, path: &str) -> ClientSocket {
    let authorization = format!("Bearer {MASTER}");
    let request = handshake(gateway, path, &[("authorization", &authorization)]);
    match try_connect(request).await {
        Ok((socket, _)) => socket,
        Err((status, body)) => panic!("{status}: {body}"),
    }
}

/// Makes the answer to a handshake wrong.
pub(crate) fn wrong_accept(response: &mut server::Response) {
    let wrong = http::HeaderValue::from_static("d3Jvbmc=");
    response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, wrong);
}

/// Frames and messages of more than the default limits.
fn large() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(64 << 20))
        .max_frame_size(Some(64 << 20))
}

// === impl Socket ===

impl<S> Socket<S>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    pub(crate) async fn send(&mut self, message: Message) {
        timeout(SOON, self.0.send(message)).await.unwrap().unwrap();
    }

    pub(crate) async fn say(&mut self, event: &Value) {
        self.send(Message::text(event.to_string())).await;
    }

    /// The next message, pings and pongs included.
    pub(crate) async fn next(&mut self) -> Message {
        timeout(SOON, self.0.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
    }

    /// The next message as JSON, be it text or bytes.
    pub(crate) async fn hear(&mut self) -> Value {
        let message = self.next().await;
        assert!(message.is_text() || message.is_binary(), "{message:?}");
        serde_json::from_slice(&message.into_data()).unwrap()
    }

    /// The close that comes next: its code and reason.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        match self.next().await {
            Message::Close(Some(frame)) => (frame.code.into(), frame.reason.to_string()),
            other => panic!("no close: {other:?}"),
        }
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        self.0.close(Some(frame)).await.unwrap();
    }

    /// Waits until the connection has ended.
    pub(crate) async fn ended(&mut self) {
        while let Some(Ok(_)) = timeout(SOON, self.0.next()).await.unwrap() {}
    }
}
