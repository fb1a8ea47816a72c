//! What goes wrong on request, and what the mock remembers of it.

use std::time::{Duration, Instant};

use lockgate_testkit::{Client, Fault, Flavour, MockUpstream, Script};
use serde_json::json;

const SOON: Duration = Duration::from_secs(10);

async fn start() -> (MockUpstream, Client) {
    let mock = MockUpstream::start().await.unwrap();
    let client = Client::new(mock.addr());
    (mock, client)
}

fn chat(model: &str, stream: bool) -> serde_json::Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "ping pong" }] })
}

const CHAT: &str = "/v1/chat/completions";

#[test]
fn a_name_is_a_head_and_suffixes() {
    let script = Script::parse("mock-100c-d20ms-60ms");
    assert_eq!(script.chunks, Some(100));
    assert_eq!(script.pace, Duration::from_millis(20));
    assert_eq!(script.delay, Duration::from_millis(60));
    assert_eq!(Script::parse("fail-503").fault, Fault::Status(503));
    assert_eq!(Script::parse("flaky-2-5ms").fault, Fault::Flaky(2));
    assert_eq!(Script::parse("hang").fault, Fault::Hang);
    assert_eq!(Script::parse("hang-stream").fault, Fault::HangStream);
    assert_eq!(Script::parse("late-error-in-stream-9c").chunks, Some(9));
    assert_eq!(Script::parse("tools-60ms").flavour, Flavour::Tools);
    assert_eq!(Script::parse("agent-3c").flavour, Flavour::Agent);
    assert_eq!(Script::parse("gpt-4o"), Script::default());
    assert_eq!(Script::parse("hanger"), Script::default());
}

#[tokio::test]
async fn statuses_come_with_retry_after_on_429_only() {
    let (_mock, client) = start().await;
    for status in [401, 404, 429, 500, 529] {
        let reply = client
            .post(CHAT, &chat(&format!("fail-{status}"), true))
            .await
            .unwrap();
        assert_eq!(reply.status, status);
        assert!(reply.json()["error"]["message"].is_string());
        assert_eq!(reply.header("retry-after"), (status == 429).then_some("1"));
    }
}

#[tokio::test]
async fn flaky_fails_per_name_and_again_after_a_reset() {
    let (mock, client) = start().await;
    let status = async |model: &str| client.post(CHAT, &chat(model, false)).await.unwrap().status;
    assert_eq!(status("flaky-2").await, 500);
    assert_eq!(status("flaky-1").await, 500);
    assert_eq!(status("flaky-2").await, 500);
    assert_eq!(status("flaky-2").await, 200);
    assert_eq!(status("flaky-1").await, 200);
    mock.reset();
    assert_eq!(status("flaky-1").await, 500);
}

#[tokio::test]
async fn an_agent_calls_until_it_has_results() {
    let (_mock, client) = start().await;
    let asked = json!({ "role": "user", "content": "\"tool_call_id\"" });
    let called = json!({ "role": "assistant", "tool_calls": [] });
    let results = [
        (
            CHAT,
            json!({ "messages": [called, { "role": "tool", "tool_call_id": "a", "content": "1" }] }),
        ),
        (
            "/v1/responses",
            json!({ "input": [{ "type": "function_call_output", "call_id": "a", "output": "1" }] }),
        ),
        (
            "/v1/messages",
            json!({ "messages": [{ "role": "user", "content": [{ "type": "tool_result" }] }] }),
        ),
        (
            "/v1beta/models/agent:generateContent",
            json!({ "contents": [{ "parts": [{ "functionResponse": {} }] }] }),
        ),
        (
            "/model/agent/converse",
            json!({ "messages": [{ "role": "user", "content": [{ "toolResult": {} }] }] }),
        ),
        (
            "/v2/chat",
            json!({ "messages": [{ "role": "tool", "tool_call_id": "a", "content": "1" }] }),
        ),
        (
            "/api/chat",
            json!({ "messages": [{ "role": "tool", "tool_name": "get_time", "content": "1" }] }),
        ),
    ];
    for (path, mut body) in results {
        let mut first = json!({ "messages": [asked], "input": [asked], "contents": [] });
        for request in [&mut first, &mut body] {
            request["model"] = json!("agent");
            request["stream"] = json!(false);
        }
        let calls = client.post(path, &first).await.unwrap().text();
        assert!(calls.contains("get_weather"), "{path}: {calls}");
        let text = client.post(path, &body).await.unwrap().text();
        assert!(text.contains("Hello from the mock."), "{path}: {text}");
        assert!(!text.contains("get_weather"), "{path}: {text}");
    }
}

#[tokio::test]
async fn delay_and_pace_are_kept() {
    let (_mock, client) = start().await;
    let began = Instant::now();
    let mut reply = client
        .stream(CHAT, &chat("mock-30ms-3c-d30ms", true))
        .await
        .unwrap();
    assert!(began.elapsed() >= Duration::from_millis(30));
    let mut events = 0;
    while reply.event().await.unwrap().is_some() {
        events += 1;
    }
    // Role, three pieces, finish, [DONE]: five pauses.
    assert_eq!(events, 6);
    assert!(began.elapsed() >= Duration::from_millis(30 + 5 * 30));
}

#[tokio::test]
async fn a_client_that_leaves_a_hanging_request_is_counted() {
    let (mock, client) = start().await;
    let body = chat("hang", false);
    let request = client.post(CHAT, &body);
    tokio::select! {
        reply = request => panic!("answered: {reply:?}"),
        arrived = mock.wait_for_requests(1, SOON) => assert!(arrived),
    }
    assert!(mock.wait_for_cancelled(1, SOON).await);
    assert_eq!(mock.cancelled_count(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_is_counted() {
    let (mock, client) = start().await;
    for model in ["hang-stream", "mock-1000c-d20ms"] {
        let mut reply = client.stream(CHAT, &chat(model, true)).await.unwrap();
        assert!(reply.event().await.unwrap().is_some());
        drop(reply);
    }
    assert!(mock.wait_for_cancelled(2, SOON).await);
}

#[tokio::test]
async fn a_client_that_reads_to_the_end_is_not_counted() {
    let (mock, client) = start().await;
    for stream in [true, false] {
        for model in ["mock-20c", "fail-500", "cut-stream", "error-in-stream"] {
            if let Ok(reply) = client.stream(CHAT, &chat(model, stream)).await {
                let _ = reply.collect().await;
            }
        }
    }
    assert_eq!(mock.request_count(), 8);
    assert!(!mock.wait_for_cancelled(1, Duration::from_millis(50)).await);
}

#[tokio::test]
async fn hanging_streams_send_the_first_piece_only() {
    let (_mock, client) = start().await;
    let mut reply = client
        .stream(CHAT, &chat("hang-stream", true))
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.event().await.unwrap().is_some());
    let next = tokio::time::timeout(Duration::from_millis(50), reply.event()).await;
    assert!(next.is_err(), "got {next:?}");
}

#[tokio::test]
async fn cut_streams_end_without_a_terminator() {
    let (_mock, client) = start().await;
    let mut reply = client
        .stream(CHAT, &chat("cut-stream-10c", true))
        .await
        .unwrap();
    assert!(reply.event().await.unwrap().is_some());
    assert!(reply.collect().await.is_err());
    let whole = client.post(CHAT, &chat("cut-stream", false)).await;
    assert!(whole.is_err());
}

#[tokio::test]
async fn requests_are_remembered_in_process_and_over_http() {
    let (mock, client) = start().await;
    let client = client.bearer("sk-up");
    client
        .post("/base/v1/chat/completions?x=1", &chat("mock", false))
        .await
        .unwrap();
    client
        .post("/v1beta/models/echo:generateContent", &json!({}))
        .await
        .unwrap();

    let first = mock.requests_for("mock").remove(0);
    assert_eq!(first.path, "/base/v1/chat/completions?x=1");
    assert_eq!(first.header("authorization"), Some("Bearer sk-up"));
    assert_eq!(first.json()["messages"][0]["content"], "ping pong");
    assert_eq!(mock.last_request().unwrap().model, "echo");

    let seen = client.get("/_mock/requests").await.unwrap().json();
    assert_eq!(seen["count"], 2);
    assert_eq!(
        seen["requests"][0]["headers"]["authorization"],
        "Bearer sk-up"
    );
    client.post("/_mock/reset", &json!({})).await.unwrap();
    assert_eq!(mock.request_count(), 0);
    assert!(mock.last_request().is_none());
}

#[tokio::test]
async fn dropping_the_mock_closes_streams_and_the_port() {
    let (mock, client) = start().await;
    let mut reply = client
        .stream(CHAT, &chat("mock-1000c-d20ms", true))
        .await
        .unwrap();
    assert!(reply.event().await.unwrap().is_some());
    drop(mock);
    assert!(reply.collect().await.is_err());
    assert!(client.get("/v1/models").await.is_err());
}

#[tokio::test]
async fn the_model_is_found_behind_a_long_prompt_and_escaped_quotes() {
    let (mock, client) = start().await;
    let prompt = format!("{} \"model\": \"fail-500\"", "x".repeat(120_000));
    let body = json!({ "messages": [{ "role": "user", "content": prompt }], "model": "mock" });
    assert_eq!(client.post(CHAT, &body).await.unwrap().status, 200);
    assert_eq!(mock.last_request().unwrap().model, "mock");
}
