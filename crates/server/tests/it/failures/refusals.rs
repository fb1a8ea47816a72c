//! Upstreams that say no, and upstreams that are not there.

use serde_json::{Value, json};

use crate::support::{Dialect, Stage, simple};

/// What an upstream may answer; a client sees the same.
const STATUSES: [u16; 11] = [400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503];

/// Statuses for which the mock's Gemini has no name of its own, as the real one has none.
const UNNAMED_IN_GEMINI: [u16; 5] = [403, 408, 413, 422, 502];

fn has(upstream: Dialect, status: u16) -> bool {
    upstream != Dialect::Gemini || !UNNAMED_IN_GEMINI.contains(&status)
}

#[tokio::test]
async fn statuses_and_bodies_in_every_dialect() {
    let stage = Stage::start(|mock, mut config| {
        for upstream in Dialect::ALL {
            for status in STATUSES {
                let name = format!("{}-{status}", upstream.name());
                config = config.model(mock, &name, upstream, &format!("fail-{status}"));
            }
        }
        config.section("router_settings", json!({ "num_retries": 0 }))
    })
    .await;
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            for status in STATUSES.into_iter().filter(|&status| has(upstream, status)) {
                let model = format!("{}-{status}", upstream.name());
                let (path, body) = simple(&model, status % 2 == 0).request(client);
                let reply = stage.client().post(&path, &body).await.unwrap();
                let what = format!("{client:?} <- {upstream:?} {status}: {}", reply.text());
                assert_eq!(reply.status, status, "{what}");
                assert_eq!(
                    reply.header("content-type"),
                    Some("application/json"),
                    "{what}"
                );
                client.assert_error(status, &reply.json());
                assert!(reply.header("x-litellm-call-id").is_some(), "{what}");
                // Bedrock's SDKs read the kind of an error from a header.
                let kind = reply.header("x-amzn-errortype").map(Value::from);
                let expected = (client == Dialect::Bedrock).then(|| reply.json()["__type"].clone());
                assert_eq!(kind, expected, "{what}");
            }
        }
    }
}

/// LiteLLM's `type` for each status (reference section 2.4).
#[tokio::test]
async fn openai_clients_see_litellms_types() {
    let scripts = [
        "fail-401", "fail-403", "fail-404", "fail-408", "fail-429", "fail-500", "fail-503",
    ];
    let stage = Stage::of_scripts(&scripts).await;
    for (script, kind) in [
        ("fail-401", "authentication_error"),
        ("fail-403", "permission_error"),
        ("fail-404", "invalid_request_error"),
        ("fail-408", "invalid_request_error"),
        ("fail-429", "throttling_error"),
        ("fail-500", "internal_server_error"),
        ("fail-503", "internal_server_error"),
    ] {
        let body = stage.chat(script).await.json();
        assert_eq!(body["error"]["type"], kind, "{script}: {body}");
    }
}

#[tokio::test]
async fn the_upstreams_words_reach_the_client() {
    let stage = Stage::of_scripts(&["fail-429", "context-window"]).await;
    let message = stage.chat("fail-429").await.json()["error"]["message"].to_string();
    assert!(message.contains("Rate limit reached"), "{message}");
    let body = stage.chat("context-window").await.json();
    assert!(
        body["error"]["message"]
            .to_string()
            .contains("maximum context length"),
        "{body}"
    );
    assert_eq!(body["error"]["type"], "invalid_request_error");
}

/// The port is one that nobody listens on.
#[tokio::test]
async fn an_upstream_that_is_not_there() {
    let port = lockgate_testkit::free_port().unwrap();
    let stage = Stage::start(|_, config| {
        Dialect::ALL
            .iter()
            .fold(config, |config, upstream| {
                config.entry(json!({
                    "model_name": upstream.name(),
                    "litellm_params": {
                        "model": format!("{}/x", upstream.provider()),
                        "api_base": format!("http://127.0.0.1:{port}"),
                        "api_key": "k",
                    },
                }))
            })
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await;
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            for stream in [false, true] {
                let (path, body) = simple(upstream.name(), stream).request(client);
                let reply = stage.client().post(&path, &body).await.unwrap();
                assert_eq!(
                    reply.status,
                    500,
                    "{client:?} <- {upstream:?}: {}",
                    reply.text()
                );
                client.assert_error(500, &reply.json());
            }
        }
    }
}

#[tokio::test]
async fn a_deployment_without_its_key_says_which_variable_is_missing() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "mock", Dialect::OpenAi, "mock")
            .entry(json!({ "model_name": "keyless", "litellm_params": { "model": "anthropic/x" } }))
    })
    .await;
    let reply = stage.chat("keyless").await;
    assert_eq!(reply.status, 401, "{}", reply.text());
    assert!(
        reply.text().contains("ANTHROPIC_API_KEY"),
        "{}",
        reply.text()
    );
}
