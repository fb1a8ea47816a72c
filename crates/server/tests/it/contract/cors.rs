//! Browsers of other origins.

use bytes::Bytes;
use http::Method;

use crate::support::{CHAT, MASTER, Stage};

#[tokio::test]
async fn a_preflight_is_answered_without_a_key() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let browser = stage
        .gateway
        .client()
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization, content-type",
        );
    for path in [CHAT, "/v1/messages", "/api/chat", "/v1/models", "/nowhere"] {
        let reply = browser
            .send(Method::OPTIONS, path, Bytes::new())
            .await
            .unwrap();
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert!(
            reply
                .header("access-control-allow-methods")
                .unwrap()
                .contains("POST")
        );
        assert_eq!(
            reply.header("access-control-allow-headers"),
            Some("authorization, content-type")
        );
    }
}

#[tokio::test]
async fn answers_and_refusals_may_be_read() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let browser = stage
        .gateway
        .client()
        .header("origin", "https://app.example");
    for (client, status) in [(browser.clone().bearer(MASTER), 200), (browser, 401)] {
        let reply = client.get("/v1/models").await.unwrap();
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
}

#[tokio::test]
async fn without_an_origin_nothing_is_said() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let reply = stage.client().get("/v1/models").await.unwrap();
    assert_eq!(reply.header("access-control-allow-origin"), None);
    let plain = stage.gateway.client();
    let reply = plain
        .send(Method::OPTIONS, CHAT, Bytes::new())
        .await
        .unwrap();
    assert_eq!(reply.status, 405);
}
