//! Alive, ready, and which models answer.

use serde_json::json;

use crate::support::{Dialect, SOON, Stage};

#[tokio::test]
async fn alive_and_ready() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let client = stage.gateway.client();
    for path in ["/health/liveliness", "/health/liveness"] {
        let reply = client.get(path).await.unwrap();
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (200, "\"I'm alive!\"")
        );
    }
    let ready = client.get("/health/readiness").await.unwrap();
    assert_eq!(ready.status, 200);
    assert_eq!(ready.json()["status"], "healthy");
    assert_eq!(stage.mock.request_count(), 0, "neither asks an upstream");
}

#[tokio::test]
async fn which_models_answer() {
    let stage = Stage::start(|mock, mut config| {
        for dialect in Dialect::ALL {
            config = config.model(mock, dialect.name(), dialect, "mock");
        }
        config
            .model(mock, "broken", Dialect::OpenAi, "fail-401")
            .model(mock, "any/*", Dialect::OpenAi, "*")
            .entry(json!({
                "model_name": "vectors",
                "litellm_params": { "model": "openai/mock-embed", "api_base": mock.url("/v1"), "api_key": "k" },
                "model_info": { "mode": "embedding" },
            }))
    })
    .await;
    let health = stage.client().get("/health").await.unwrap();
    assert_eq!(health.status, 200);
    let body = health.json();
    assert_eq!(
        (&body["healthy_count"], &body["unhealthy_count"]),
        (&json!(Dialect::ALL.len() + 1), &json!(1)),
        "{body}"
    );
    let healthy = body["healthy_endpoints"].as_array().map(Vec::len);
    assert_eq!(healthy, Some(Dialect::ALL.len() + 1));
    let unhealthy = &body["unhealthy_endpoints"][0];
    assert_eq!(unhealthy["model"], "openai/fail-401");
    assert!(unhealthy["error"].is_string(), "{unhealthy}");
    assert!(!health.text().contains(crate::support::UPSTREAM_KEY));
    assert!(
        stage
            .mock
            .requests()
            .iter()
            .any(|seen| seen.path == "/v1/embeddings")
    );

    stage.mock.reset();
    let one = stage
        .client()
        .get("/health?model=gemini")
        .await
        .unwrap()
        .json();
    assert_eq!(
        (&one["healthy_count"], &one["unhealthy_count"]),
        (&json!(1), &json!(0)),
        "{one}"
    );
    assert_eq!(stage.mock.request_count(), 1);
}

/// A deployment that hangs does not keep the others from being asked.
#[tokio::test]
async fn all_are_asked_at_once() {
    let stage = Stage::of_scripts(&["hang", "hang-1c", "hang-2c", "hang-3c"]).await;
    let client = stage.client();
    tokio::select! {
        health = client.get("/health") => panic!("answered: {health:?}"),
        arrived = stage.mock.wait_for_requests(4, SOON) => assert!(arrived, "one after the other"),
    }
    assert!(stage.mock.wait_for_cancelled(4, SOON).await);
}
