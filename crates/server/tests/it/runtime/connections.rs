//! Connections: kept, shared, pipelined, half-open.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{CHAT, MASTER, Stage, chat_body, text_of};

fn request(model: &str) -> Vec<u8> {
    let body = chat_body(model, false).to_string();
    format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {MASTER}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads until `count` answers came.
async fn answers(stream: &mut TcpStream, count: usize) -> String {
    let mut seen = String::new();
    while seen.matches("\"total_tokens\"").count() < count {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "closed after {seen}");
        seen += &String::from_utf8_lossy(&piece[..read]);
    }
    seen
}

#[tokio::test]
async fn a_client_connection_serves_many_requests() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let mut stream = TcpStream::connect(stage.gateway.addr()).await.unwrap();
    for _ in 0..3 {
        stream.write_all(&request("mock")).await.unwrap();
        let answer = answers(&mut stream, 1).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    // Two at once: answered in order.
    let mut both = request("mock");
    both.extend(request("mock"));
    stream.write_all(&both).await.unwrap();
    let answer = answers(&mut stream, 2).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{answer}");
}

/// A refused request does not spoil the connection for the next one.
#[tokio::test]
async fn a_connection_survives_a_refusal() {
    let stage = Stage::of_scripts(&["mock", "fail-500"]).await;
    let mut stream = TcpStream::connect(stage.gateway.addr()).await.unwrap();
    for (model, status) in [("fail-500", "500"), ("nobody", "400"), ("mock", "200")] {
        stream.write_all(&request(model)).await.unwrap();
        let mut piece = [0; 8192];
        let read = stream.read(&mut piece).await.unwrap();
        let answer = String::from_utf8_lossy(&piece[..read]);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn upstream_connections_are_kept() {
    let stage = Stage::of_scripts(&["mock", "mock-5c"]).await;
    for _ in 0..20 {
        assert_eq!(stage.chat("mock").await.status, 200);
        stage.chat_stream("mock-5c").await.collect().await.unwrap();
    }
    // One for each core of the machine at most, and a few that met at the wrong moment.
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let connections = stage.mock.connection_count();
    assert!(
        connections <= cores + 4,
        "{connections} connections for 40 requests"
    );
}

/// A provider closes idle connections; the next request must not fail because of it.
#[tokio::test]
async fn an_upstream_that_closed_its_connections_is_called_again() {
    use lockgate_testkit::{MockOptions, MockUpstream};
    let Stage { mock, gateway } = Stage::of_scripts(&["mock"]).await;
    let client = gateway.client().bearer(MASTER);
    let body = chat_body("mock", false);
    for _ in 0..8 {
        assert_eq!(
            text_of(&client.post(CHAT, &body).await.unwrap()),
            crate::support::TEXT
        );
    }
    let port = mock.addr().port();
    drop(mock);
    let again = MockUpstream::with(MockOptions {
        port,
        ..MockOptions::default()
    })
    .unwrap();
    for _ in 0..8 {
        let reply = client.post(CHAT, &body).await.unwrap();
        assert_eq!(text_of(&reply), crate::support::TEXT);
        assert_eq!(reply.header("x-litellm-attempted-retries"), Some("0"));
    }
    assert_eq!(again.request_count(), 8);
}

#[tokio::test]
async fn many_at_once() {
    let stage = Stage::of_scripts(&["mock-50ms", "mock-20c-d5ms"]).await;
    let mut calls = JoinSet::new();
    for number in 0..200 {
        let client = stage.client();
        calls.spawn(async move {
            let stream = number % 2 == 0;
            let model = if stream { "mock-20c-d5ms" } else { "mock-50ms" };
            let reply = client.post(CHAT, &chat_body(model, stream)).await.unwrap();
            assert_eq!(reply.status, 200);
            if stream {
                assert!(reply.text().ends_with("data: [DONE]\n\n"));
            }
        });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
    assert_eq!(stage.mock.request_count(), 200);
}

/// Half a request, then silence: others are served meanwhile.
#[tokio::test]
async fn a_client_that_stalls_stalls_itself_only() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let mut stalled = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(stage.gateway.addr()).await.unwrap();
        let request = request("mock");
        stream
            .write_all(&request[..request.len() / 2])
            .await
            .unwrap();
        stalled.push(stream);
    }
    assert_eq!(stage.chat("mock").await.status, 200);
    for stream in &mut stalled {
        let request = request("mock");
        stream
            .write_all(&request[request.len() / 2..])
            .await
            .unwrap();
        assert!(answers(stream, 1).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

/// A client may ask to be told before it sends its body.
#[tokio::test]
async fn expect_continue() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let body = chat_body("mock", false).to_string();
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {MASTER}\r\nexpect: 100-continue\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(stage.gateway.addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut piece = [0; 1024];
    let read = stream.read(&mut piece).await.unwrap();
    assert!(piece[..read].starts_with(b"HTTP/1.1 100 "));
    stream.write_all(body.as_bytes()).await.unwrap();
    assert!(
        answers(&mut stream, 1)
            .await
            .starts_with("HTTP/1.1 200 OK\r\n")
    );
}
