//! How often a failed attempt is repeated.

use serde_json::{Value, json};

use crate::support::{CHAT, Dialect, RawUpstream, Stage, TEXT, chat_body, text_of};

async fn stage(router: Value) -> Stage {
    Stage::start(|mock, config| {
        [
            "flaky-1", "flaky-2", "flaky-9", "fail-400", "fail-401", "fail-403", "fail-404",
            "fail-422",
        ]
        .iter()
        .fold(config, |config, script| {
            config.model(mock, script, Dialect::OpenAi, script)
        })
        .section("router_settings", router)
    })
    .await
}

#[tokio::test]
async fn twice_unless_told_otherwise() {
    let stage = stage(json!({})).await;
    let reply = stage.chat("flaky-2").await;
    assert_eq!(text_of(&reply), TEXT);
    assert_eq!(reply.header("x-litellm-attempted-retries"), Some("2"));
    assert_eq!(stage.chat("flaky-9").await.status, 500);
    assert_eq!(stage.asked_for("flaky-9"), 3);
}

#[tokio::test]
async fn as_often_as_the_router_says() {
    let stage = stage(json!({ "num_retries": 1 })).await;
    assert_eq!(text_of(&stage.chat("flaky-1").await), TEXT);
    assert_eq!(stage.chat("flaky-9").await.status, 500);
    assert_eq!(stage.asked_for("flaky-9"), 2);
}

#[tokio::test]
async fn as_often_as_the_client_says() {
    let stage = stage(json!({ "num_retries": 1 })).await;
    let body = chat_body("flaky-9", false);
    let client = stage.client().header("x-litellm-num-retries", "0");
    let reply = client.post(CHAT, &body).await.unwrap();
    assert_eq!(reply.status, 500);
    assert_eq!(reply.header("x-litellm-attempted-retries"), Some("0"));
    assert_eq!(stage.asked_for("flaky-9"), 1);
    stage.mock.reset();
    assert_eq!(
        stage
            .chat_with("flaky-9", json!({ "num_retries": 0 }))
            .await
            .status,
        500
    );
    assert_eq!(stage.asked_for("flaky-9"), 1);
    assert!(stage.mock.last_request().unwrap().json()["num_retries"].is_null());
}

#[tokio::test]
async fn as_often_as_the_deployment_says() {
    let stage = Stage::start(|mock, config| {
        config.model_with(
            mock,
            "flaky-9",
            Dialect::OpenAi,
            "flaky-9",
            json!({ "num_retries": 0 }),
        )
    })
    .await;
    assert_eq!(stage.chat("flaky-9").await.status, 500);
    assert_eq!(stage.asked_for("flaky-9"), 1);
}

#[tokio::test]
async fn as_often_as_the_policy_says() {
    let stage = stage(json!({
        "num_retries": 2,
        "retry_policy": { "InternalServerErrorRetries": 0 },
    }))
    .await;
    assert_eq!(stage.chat("flaky-9").await.status, 500);
    assert_eq!(stage.asked_for("flaky-9"), 1);
}

/// What will not get better is not repeated.
#[tokio::test]
async fn not_what_will_fail_again() {
    let stage = stage(json!({})).await;
    for status in [400, 401, 403, 404, 422] {
        let script = format!("fail-{status}");
        let reply = stage.chat(&script).await;
        assert_eq!(reply.status, status, "{}", reply.text());
        assert_eq!(stage.asked_for(&script), 1, "{script}");
    }
}

/// Another deployment may have a key that is good.
#[tokio::test]
async fn a_bad_key_leads_to_the_other_deployment() {
    let stage = Stage::start(|mock, config| {
        config
            .model_with(
                mock,
                "group",
                Dialect::OpenAi,
                "fail-401",
                json!({ "order": 1 }),
            )
            .model_with(
                mock,
                "group",
                Dialect::OpenAi,
                "mock",
                json!({ "order": 2 }),
            )
    })
    .await;
    assert_eq!(text_of(&stage.chat("group").await), TEXT);
}

/// The mock's 429 asks for a pause of one second.
#[tokio::test]
async fn after_the_pause_the_upstream_asked_for() {
    let stage = Stage::of_scripts(&["fail-429"]).await;
    let began = std::time::Instant::now();
    let reply = stage
        .chat_with("fail-429", json!({ "num_retries": 1 }))
        .await;
    assert_eq!(reply.status, 429);
    assert_eq!(stage.asked_for("fail-429"), 2);
    assert!(
        began.elapsed() >= std::time::Duration::from_secs(1),
        "it did not wait"
    );
    assert_eq!(reply.header("llm_provider-retry-after"), Some("1"));
    Dialect::OpenAi.assert_error(429, &reply.json());
}

/// A pause that would outlast any client is not waited for.
#[tokio::test]
async fn not_after_an_hour() {
    let busy = RawUpstream::start(
        503,
        &[("retry-after", "3600")],
        r#"{"error":{"message":"Come back tomorrow.","type":"server_error"}}"#,
    )
    .await;
    let stage = Stage::start(|_, config| {
        config.entry(json!({
            "model_name": "busy",
            "litellm_params": { "model": "openai/x", "api_base": busy.url("/v1"), "api_key": "k", "num_retries": 1 },
        }))
    })
    .await;
    let exchange = tokio::time::timeout(crate::support::SOON, stage.chat("busy"));
    let reply = exchange.await.expect("it waits for an hour");
    assert_eq!(reply.status, 503);
    assert_eq!(busy.asked(), 2);
}

#[tokio::test]
async fn with_the_same_body_each_time() {
    let stage = stage(json!({})).await;
    assert_eq!(text_of(&stage.chat("flaky-2").await), TEXT);
    let bodies: Vec<_> = stage.mock.requests().into_iter().map(|r| r.body).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
}
