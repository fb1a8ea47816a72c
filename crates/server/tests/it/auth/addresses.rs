//! From where requests may come.

use serde_json::{Value, json};

use crate::support::{CHAT, Dialect, MASTER, Stage, chat_body};

/// A gateway with these settings, which sees all clients of the test come from 127.0.0.1.
async fn stage(settings: Value) -> Stage {
    Stage::start(|mock, config| {
        config
            .model(mock, "m", Dialect::OpenAi, "mock")
            .section("general_settings", settings)
    })
    .await
}

/// What a client gets that says this about itself.
async fn chat(stage: &Stage, forwarded: Option<&str>) -> (u16, String) {
    let mut client = stage.client();
    if let Some(forwarded) = forwarded {
        client = client.header("x-forwarded-for", forwarded);
    }
    let reply = client.post(CHAT, &chat_body("m", false)).await.unwrap();
    (reply.status, reply.text())
}

#[tokio::test]
async fn who_is_not_on_the_list_is_not_answered() {
    let stage = stage(json!({ "allowed_ips": ["192.0.2.7", "198.51.100.0/24"] })).await;
    let (status, text) = chat(&stage, None).await;
    assert_eq!(status, 403, "{text}");
    assert!(text.contains("127.0.0.1"), "{text}");
    // What a client writes itself opens nothing.
    assert_eq!(chat(&stage, Some("192.0.2.7")).await.0, 403);
    for path in ["/v1/models", "/key/list", "/config/list", "/metrics", "/"] {
        let reply = stage.client().get(path).await.unwrap();
        assert_eq!(reply.status, 403, "{path}: {}", reply.text());
    }
    assert_eq!(stage.asked_for("mock"), 0);
    // The orchestrator learns whether the process is well.
    let reply = stage
        .gateway
        .client()
        .get("/health/liveliness")
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn who_is_on_the_list_is() {
    let stage = stage(json!({ "allowed_ips": ["127.0.0.0/8"] })).await;
    assert_eq!(chat(&stage, None).await.0, 200);
    // Nobody was told to believe the header.
    assert_eq!(chat(&stage, Some("192.0.2.7")).await.0, 200);
}

#[tokio::test]
async fn a_trusted_proxy_says_for_whom_it_asks_and_nobody_else_does() {
    let list = json!({
        "allowed_ips": ["192.0.2.7"],
        "use_x_forwarded_for": true,
        "trusted_proxy_ranges": ["127.0.0.1"],
    });
    let stage_of = stage(list).await;
    for (forwarded, expected) in [
        (Some("192.0.2.7"), 200),
        (Some("203.0.113.5"), 403),
        // The proxy appends whom it was asked by: what stands before is the client's invention.
        (Some("192.0.2.7, 203.0.113.5"), 403),
        (Some("203.0.113.5, 192.0.2.7"), 200),
        (Some("unknown"), 403),
        (None, 403),
    ] {
        let (status, text) = chat(&stage_of, forwarded).await;
        assert_eq!(status, expected, "{forwarded:?}: {text}");
    }

    let untrusted = json!({ "allowed_ips": ["192.0.2.7"], "use_x_forwarded_for": true });
    let stage_of = stage(untrusted).await;
    assert_eq!(chat(&stage_of, Some("192.0.2.7")).await.0, 403);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_lets_nobody_in() {
    let stage = stage(json!({ "allowed_ips": ["127.0.0.1", "gateway.example.com"] })).await;
    assert_eq!(chat(&stage, None).await.0, 403);
    let reply = stage
        .gateway
        .client()
        .bearer(MASTER)
        .get("/v1/models")
        .await
        .unwrap();
    assert_eq!(reply.status, 403);
}
