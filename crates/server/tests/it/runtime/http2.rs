//! HTTP/2 without TLS, by prior knowledge.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{CHAT, MASTER, SOON, Stage, chat_body};

/// A connection, driven as long as this lives.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    _driver: JoinSet<bool>,
}

// === impl Connection ===

impl Connection {
    async fn open(stage: &Stage) -> Self {
        let stream = TcpStream::connect(stage.gateway.addr()).await.unwrap();
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        let mut driver = JoinSet::new();
        driver.spawn(async move { connection.await.is_ok() });
        Self {
            sender,
            _driver: driver,
        }
    }

    async fn send(&mut self, key: &str, model: &str, stream: bool) -> Response<Incoming> {
        let request = Request::post(format!("http://gateway{CHAT}"))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(chat_body(model, stream).to_string())))
            .unwrap();
        self.sender.send_request(request).await.unwrap()
    }
}

async fn text(response: Response<Incoming>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn whole_answers_streams_and_refusals() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let mut connection = Connection::open(&stage).await;
    let whole = connection.send(MASTER, "mock", false).await;
    assert_eq!(whole.status(), 200);
    assert!(text(whole).await.contains("Hello from the mock."));
    let stream = connection.send(MASTER, "mock", true).await;
    assert_eq!(stream.status(), 200);
    assert!(text(stream).await.ends_with("data: [DONE]\n\n"));
    assert_eq!(
        connection.send("sk-wrong", "mock", false).await.status(),
        401
    );
}

#[tokio::test]
async fn many_streams_share_a_connection() {
    let stage = Stage::of_scripts(&["mock-20c-d10ms"]).await;
    let mut connection = Connection::open(&stage).await;
    let mut responses = Vec::new();
    for _ in 0..50 {
        responses.push(connection.send(MASTER, "mock-20c-d10ms", true).await);
    }
    for response in responses {
        assert!(text(response).await.ends_with("data: [DONE]\n\n"));
    }
}

/// A stream that is reset cancels its own upstream call and no other.
#[tokio::test]
async fn a_reset_stream_cancels_the_upstream() {
    let stage = Stage::of_scripts(&["mock-1000c-d20ms", "mock"]).await;
    let mut connection = Connection::open(&stage).await;
    let mut leaving = connection.send(MASTER, "mock-1000c-d20ms", true).await;
    assert!(leaving.body_mut().frame().await.is_some());
    drop(leaving);
    assert!(stage.mock.wait_for_cancelled(1, SOON).await);
    assert_eq!(connection.send(MASTER, "mock", false).await.status(), 200);
}

#[tokio::test]
async fn a_drain_lets_a_stream_finish() {
    let mut stage = Stage::of_scripts(&["mock-40c-d20ms"]).await;
    let mut connection = Connection::open(&stage).await;
    let mut stream = connection.send(MASTER, "mock-40c-d20ms", true).await;
    assert!(stream.body_mut().frame().await.is_some());
    stage.gateway.sigterm().unwrap();
    assert!(text(stream).await.ends_with("data: [DONE]\n\n"));
    assert_eq!(stage.gateway.wait_exit(SOON).await.unwrap().code, Some(0));
}
