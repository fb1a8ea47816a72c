//! The floor is a proxy that works, and the load generator tells good answers from bad ones.

use std::time::Duration;

use lockgate_testkit::{Client, MockUpstream};
use serde_json::json;

use crate::processes::{Server, load};

const CHAT: &str = "/v1/chat/completions?x=1";

fn floor(mock: &MockUpstream) -> Server {
    Server::start("floor", &["--upstream", &mock.addr().to_string()])
}

#[tokio::test]
async fn the_floor_forwards_request_and_answer() {
    let mock = MockUpstream::start().await.unwrap();
    let floor = floor(&mock);
    let client = Client::new(floor.addr).bearer("sk-x");
    let direct = Client::new(mock.addr());
    for model in ["mock", "fail-429"] {
        let body = json!({ "model": model, "messages": [] });
        let through = client.post(CHAT, &body).await.unwrap();
        let straight = direct.post(CHAT, &body).await.unwrap();
        assert_eq!(through.status, straight.status);
        assert_eq!(through.body, straight.body);
        assert_eq!(
            through.header("retry-after"),
            straight.header("retry-after")
        );
        let seen = mock.requests_for(model).remove(0);
        assert_eq!(seen.path, CHAT);
        assert_eq!(seen.json(), body);
        assert_eq!(seen.header("authorization"), Some("Bearer sk-x"));
        assert_eq!(seen.header("host"), Some(mock.addr().to_string().as_str()));
    }
}

#[tokio::test]
async fn the_floor_relays_streams_and_their_end() {
    let mock = MockUpstream::start().await.unwrap();
    let floor = floor(&mock);
    let client = Client::new(floor.addr);
    let body = json!({ "model": "mock-100c", "stream": true, "messages": [] });
    assert_eq!(client.post(CHAT, &body).await.unwrap().events().len(), 103);

    let body = json!({ "model": "hang-stream", "stream": true, "messages": [] });
    let mut reply = client.stream(CHAT, &body).await.unwrap();
    assert!(reply.event().await.unwrap().is_some());
    drop(reply);
    assert!(mock.wait_for_cancelled(1, Duration::from_secs(10)).await);
}

#[tokio::test]
async fn load_counts_failures_apart() {
    let mock = MockUpstream::start().await.unwrap();
    let good: [&[&str]; 3] = [
        &[],
        &["--rate", "200"],
        &["--stream", "--model", "mock-10c"],
    ];
    for args in good {
        let output = load(mock.addr(), args);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        assert!(text.contains(" served, 0 failed"), "{text}");
    }
    for model in ["fail-500", "cut-stream"] {
        let output = load(mock.addr(), &["--model", model, "--stream"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!output.status.success(), "{text}");
        assert!(text.starts_with("0 served"), "{text}");
        assert!(text.contains("first failure: "), "{text}");
    }
}

#[tokio::test]
async fn the_mock_serves_as_a_process() {
    let mock = Server::start("mock", &[]);
    let client = Client::new(mock.addr);
    client
        .post("/v1/messages", &json!({ "model": "mock", "messages": [] }))
        .await
        .unwrap();
    let seen = client.get("/_mock/requests").await.unwrap().json();
    assert_eq!(seen["requests"][0]["path"], "/v1/messages");
}
