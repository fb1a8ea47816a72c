//! Upstreams that fall silent.

use std::time::Duration;

use lockgate_testkit::Reply;
use serde_json::json;

use crate::support::{CHAT, Config, Dialect, SOON, Stage, chat_body, last_error, simple};

/// Short, so that tests are; nothing asserts how short.
const BRIEF: f64 = 0.3;

async fn stage(script: &str, more: serde_json::Value, router: serde_json::Value) -> Stage {
    Stage::start(|mock, config: Config| {
        Dialect::ALL
            .iter()
            .fold(config, |config, dialect| {
                config.model_with(mock, dialect.name(), *dialect, script, more.clone())
            })
            .section("router_settings", json!({ "num_retries": 0 }))
            .section("router_settings", router)
    })
    .await
}

async fn within<T>(exchange: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, exchange)
        .await
        .expect("the gateway waits for ever")
}

fn assert_timeout(client: Dialect, reply: &Reply) {
    assert_eq!(reply.status, 408, "{client:?}: {}", reply.text());
    client.assert_error(408, &reply.json());
}

#[tokio::test]
async fn the_clients_own_limit() {
    let stage = stage("hang", json!({}), json!({})).await;
    for client in Dialect::ALL {
        for stream in [false, true] {
            let (path, body) = simple("openai", stream).request(client);
            let impatient = stage
                .client()
                .header("x-litellm-timeout", &BRIEF.to_string());
            let reply = within(impatient.post(&path, &body)).await.unwrap();
            assert_timeout(client, &reply);
        }
    }
    let more = json!({ "timeout": BRIEF });
    assert_timeout(
        Dialect::OpenAi,
        &within(stage.chat_with("openai", more)).await,
    );
}

#[tokio::test]
async fn the_deployments_limit() {
    let stage = stage("hang", json!({ "timeout": BRIEF }), json!({})).await;
    for upstream in Dialect::ALL {
        assert_timeout(Dialect::OpenAi, &within(stage.chat(upstream.name())).await);
    }
}

#[tokio::test]
async fn the_routers_limit() {
    let stage = stage("hang", json!({}), json!({ "timeout": BRIEF })).await;
    assert_timeout(Dialect::OpenAi, &within(stage.chat("openai")).await);
}

#[tokio::test]
async fn the_limit_for_the_beginning_of_a_stream() {
    let stage = stage("hang", json!({ "stream_timeout": BRIEF }), json!({})).await;
    for client in Dialect::ALL {
        let (path, body) = simple("anthropic", true).request(client);
        let reply = within(stage.client().post(&path, &body)).await.unwrap();
        assert_timeout(client, &reply);
    }
}

#[tokio::test]
async fn the_limit_for_the_beginning_of_a_stream_is_the_clients_to_set() {
    let stage = stage("hang", json!({}), json!({})).await;
    let impatient = stage
        .client()
        .header("x-litellm-stream-timeout", &BRIEF.to_string());
    let reply = within(impatient.post(CHAT, &chat_body("openai", true)))
        .await
        .unwrap();
    assert_timeout(Dialect::OpenAi, &reply);
}

/// A slow upstream that keeps talking is not cut off by the limit for its first byte.
#[tokio::test]
async fn the_limit_for_the_beginning_does_not_cut_a_stream() {
    let stage = stage(
        "mock-8c-d100ms",
        json!({ "stream_timeout": 0.5 }),
        json!({}),
    )
    .await;
    let reply = within(stage.client().post(CHAT, &chat_body("openai", true)))
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(
        reply.text().ends_with("data: [DONE]\n\n"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn silence_in_the_middle_ends_the_stream_with_an_error_event() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "gemini", Dialect::Gemini, "hang-stream-5c")
            .model(mock, "ollama", Dialect::Ollama, "hang-stream-5c")
            .section("router_settings", json!({ "num_retries": 0 }))
            .section("lockgate_settings", json!({ "idle_timeout": BRIEF }))
    })
    .await;
    for upstream in ["gemini", "ollama"] {
        for client in Dialect::ALL {
            let (path, body) = simple(upstream, true).request(client);
            let reply = within(stage.client().post(&path, &body)).await.unwrap();
            assert_eq!(reply.status, 200, "{client:?}: {}", reply.text());
            let text = reply.text();
            assert!(text.contains("t0 "), "{client:?}: {text}");
            last_error(client, &reply);
        }
    }
    let all = 2 * Dialect::ALL.len() as u64;
    let cancelled = stage.mock.wait_for_cancelled(all, SOON).await;
    assert!(cancelled, "the upstream is left waiting");
}

#[tokio::test]
async fn a_limit_that_passed_cancels_the_upstream() {
    let stage = stage("hang", json!({ "timeout": BRIEF }), json!({})).await;
    within(stage.chat("openai")).await;
    assert!(
        stage
            .mock
            .wait_for_cancelled(1, Duration::from_secs(5))
            .await
    );
}

#[tokio::test]
async fn a_limit_that_is_no_number_is_refused() {
    let stage = stage("mock", json!({}), json!({})).await;
    for value in ["soon", "-1", "NaN", "1e400", ""] {
        let client = stage.client().header("x-litellm-timeout", value);
        let reply = client
            .post(CHAT, &chat_body("openai", false))
            .await
            .unwrap();
        assert_eq!(reply.status, 400, "{value:?}");
    }
    assert_eq!(stage.mock.request_count(), 0);
}
