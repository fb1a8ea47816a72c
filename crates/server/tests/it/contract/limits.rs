//! Requests that are too large, too deep, or no requests at all.

use lockgate_testkit::Reply;
use serde_json::json;

use crate::support::{CHAT, Dialect, MASTER, Stage, simple, text_of};

async fn small_stage() -> Stage {
    Stage::start(|mock, config| {
        config
            .model(mock, "mock", Dialect::OpenAi, "mock")
            .section("general_settings", json!({ "max_request_size_mb": 0.01 }))
    })
    .await
}

async fn post(stage: &Stage, path: &str, body: impl Into<bytes::Bytes>) -> Reply {
    stage.client().post_bytes(path, body).await.unwrap()
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_in_the_clients_dialect() {
    let stage = small_stage().await;
    for dialect in Dialect::ALL {
        let (path, mut body) = simple("mock", false).request(dialect);
        body["padding"] = json!("x".repeat(20_000));
        let reply = post(&stage, &path, body.to_string()).await;
        assert_eq!(reply.status, 413, "{dialect:?}: {}", reply.text());
        dialect.assert_error(413, &reply.json());
    }
    assert_eq!(stage.mock.request_count(), 0);
}

/// Announced: refused before it is sent. Chunked: refused when it grows too large.
#[tokio::test]
async fn a_body_is_too_large_however_it_is_sent() {
    let stage = small_stage().await;
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {MASTER}\r\nconnection: close\r\n"
    );
    let announced = format!("{head}content-length: 1000000000\r\n\r\n{{");
    let chunk = "x".repeat(0x4000);
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n4000\r\n{chunk}\r\n0\r\n\r\n");
    for request in [announced, chunked] {
        let answer = stage
            .gateway
            .client()
            .raw(request.as_bytes())
            .await
            .unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}

#[tokio::test]
async fn a_large_body_within_the_limit_arrives_whole() {
    let stage = Stage::of_scripts(&["echo"]).await;
    let content = "0123456789 ".repeat(300_000);
    let body = json!({ "model": "echo", "messages": [{ "role": "user", "content": content }] });
    let reply = stage.client().post(CHAT, &body).await.unwrap();
    assert_eq!(text_of(&reply), content);
}

#[tokio::test]
async fn a_request_without_a_key_is_refused_before_its_body_is_read() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100000000\r\n\r\n{{"
    );
    let answer = stage
        .gateway
        .client()
        .raw(request.as_bytes())
        .await
        .unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 401 "));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let one = format!("x-pad: {}\r\n", "x".repeat(2_000_000));
    let many: String = (0..300)
        .map(|number| format!("x-pad-{number}: x\r\n"))
        .collect();
    for padding in [one, many] {
        let request = format!("GET /health/liveliness HTTP/1.1\r\nhost: x\r\n{padding}\r\n");
        // The refusal may come before all of the head is written, and the rest then meets a closed socket.
        if let Ok(answer) = stage.gateway.client().raw(request.as_bytes()).await {
            assert!(
                answer.starts_with(b"HTTP/1.1 431 "),
                "{}",
                String::from_utf8_lossy(&answer)
            );
        }
    }
    assert_eq!(
        stage
            .gateway
            .client()
            .get("/health/liveliness")
            .await
            .unwrap()
            .status,
        200
    );
}

#[tokio::test]
async fn a_body_that_nests_too_deep_is_refused() {
    let stage = Stage::of_scripts(&["mock"]).await;
    for depth in [200, 100_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let body = format!(
            r#"{{"model":"mock","messages":[{{"role":"user","content":"x"}}],"x":{nested}}}"#
        );
        let reply = post(&stage, CHAT, body).await;
        assert_eq!(reply.status, 400, "{depth}");
        assert!(reply.json()["error"]["message"].is_string());
    }
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let body =
        format!(r#"{{"model":"mock","messages":[{{"role":"user","content":"x"}}],"x":{deep}}}"#);
    assert_eq!(post(&stage, CHAT, body).await.status, 200);
}

/// Two parsers may read different values out of a member that comes twice.
#[tokio::test]
async fn a_member_that_comes_twice_is_refused() {
    let stage = Stage::of_scripts(&["mock", "echo"]).await;
    for body in [
        r#"{"model":"mock","messages":[],"model":"echo"}"#,
        r#"{"model":"mock","messages":[],"m\u006fdel":"echo"}"#,
        r#"{"model":"mock","messages":[],"messages":[{"role":"user","content":"x"}]}"#,
    ] {
        let reply = post(&stage, CHAT, body).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_in_the_clients_dialect() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let bodies: [&[u8]; 12] = [
        b"",
        b" ",
        b"{",
        b"[]",
        b"null",
        b"\"mock\"",
        b"{\"model\":\"mock\",}",
        b"{'model':'mock'}",
        b"{\"model\":\"mock\"} {}",
        b"{\"model\":\"\xff\"}",
        b"model=mock",
        b"\xef\xbb\xbf",
    ];
    for dialect in Dialect::ALL {
        let (path, _) = simple("mock", false).request(dialect);
        for body in bodies {
            let reply = post(&stage, &path, body).await;
            let shown = String::from_utf8_lossy(body);
            assert_eq!(reply.status, 400, "{dialect:?} {shown:?}: {}", reply.text());
            dialect.assert_error(400, &reply.json());
        }
    }
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn members_of_the_wrong_kind_are_refused() {
    let stage = Stage::start(|mock, config| {
        config.model(mock, "openai", Dialect::OpenAi, "mock").model(
            mock,
            "anthropic",
            Dialect::Anthropic,
            "mock",
        )
    })
    .await;
    for body in [
        json!({ "messages": [] }),
        json!({ "model": 7, "messages": [] }),
        json!({ "model": "", "messages": [] }),
        json!({ "model": null, "messages": [] }),
        json!({ "model": "anthropic" }),
        json!({ "model": "anthropic", "messages": "hello" }),
        json!({ "model": "anthropic", "messages": [7] }),
        json!({ "model": "anthropic", "messages": [{ "role": "sorcerer", "content": "x" }] }),
        json!({ "model": "openai", "messages": [{ "role": "user", "content": "x" }], "num_retries": "many" }),
        json!({ "model": "openai", "messages": [{ "role": "user", "content": "x" }], "fallbacks": 7 }),
        json!({ "model": "openai", "messages": [{ "role": "user", "content": "x" }], "timeout": "soon" }),
    ] {
        let reply = post(&stage, CHAT, body.to_string()).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
        Dialect::OpenAi.assert_error(400, &reply.json());
    }
    assert_eq!(stage.mock.request_count(), 0);
}
