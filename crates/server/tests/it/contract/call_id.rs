//! The id by which client and operator speak of the same request.

use serde_json::json;

use crate::support::{CHAT, Dialect, MASTER, Stage, chat_body, simple};

#[tokio::test]
async fn the_clients_own_id_is_kept() {
    let stage = Stage::of_scripts(&["mock", "fail-500"]).await;
    for script in ["mock", "fail-500"] {
        let client = stage.client().header("x-litellm-call-id", "my-id-1");
        let reply = client.post(CHAT, &chat_body(script, false)).await.unwrap();
        assert_eq!(
            reply.header("x-litellm-call-id"),
            Some("my-id-1"),
            "{script}"
        );
    }
}

#[tokio::test]
async fn each_request_has_one() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let id = async || {
        stage
            .chat("mock")
            .await
            .header("x-litellm-call-id")
            .unwrap()
            .to_owned()
    };
    let (one, other) = (id().await, id().await);
    assert_ne!(one, other);
    assert_eq!(one.len(), 36, "{one}");
}

#[tokio::test]
async fn an_endless_id_is_not_echoed() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let endless = "x".repeat(5000);
    let client = stage.client().header("x-litellm-call-id", &endless);
    let reply = client.post(CHAT, &chat_body("mock", false)).await.unwrap();
    assert!(reply.header("x-litellm-call-id").unwrap().len() <= 256);
}

#[tokio::test]
async fn it_is_in_error_bodies_where_the_operator_wants_it() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "fail-404", Dialect::OpenAi, "fail-404")
            .section(
                "general_settings",
                json!({ "include_call_id_in_error_body": true }),
            )
    })
    .await;
    for dialect in [Dialect::OpenAi, Dialect::Anthropic, Dialect::Gemini] {
        let (path, body) = simple("fail-404", false).request(dialect);
        let client = stage
            .gateway
            .client()
            .bearer(MASTER)
            .header("x-litellm-call-id", "id-7");
        let reply = client.post(&path, &body).await.unwrap();
        assert_eq!(
            reply.json()["error"]["litellm_call_id"],
            "id-7",
            "{}",
            reply.text()
        );
        dialect.assert_error(404, &reply.json());
    }
    let without = Stage::of_scripts(&["fail-404"]).await;
    assert!(
        !without
            .chat("fail-404")
            .await
            .text()
            .contains("litellm_call_id")
    );
}
