//! Streams that break: before their first token another deployment answers, after it the client is told.

use lockgate_testkit::Reply;
use serde_json::json;

use crate::support::{Answer, Dialect, Stage, TEXT, last_error, simple};

/// One group per upstream dialect and script, failures not repeated.
async fn stage(script: &str) -> Stage {
    Stage::start(|mock, config| {
        Dialect::ALL
            .iter()
            .fold(config, |config, dialect| {
                config.model(mock, dialect.name(), *dialect, script)
            })
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await
}

/// Some of the text arrived, and nothing claims that all of it did.
fn assert_unfinished(dialect: Dialect, reply: &Reply) {
    let text = reply.text();
    assert!(
        text.contains("Hello") || text.contains("t0"),
        "no token arrived: {text}"
    );
    for end in [
        "\"finish_reason\":\"stop\"",
        "message_stop",
        "\"finishReason\":\"STOP\"",
        "\"done\":true",
        "response.completed",
        "messageStop",
        "\"finish_reason\":\"COMPLETE\"",
    ] {
        assert!(
            !text.contains(end),
            "{dialect:?} claims to be complete: {text}"
        );
    }
}

async fn ends_with_an_error(script: &str) {
    let stage = stage(script).await;
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            let (path, body) = simple(upstream.name(), true).request(client);
            let reply = stage.client().stream(&path, &body).await.unwrap();
            assert_eq!(reply.status, 200, "{client:?} <- {upstream:?}");
            // The gateway ends the body as HTTP wants it, whatever the upstream did.
            let reply = reply.collect().await.unwrap();
            last_error(client, &reply);
            assert_unfinished(client, &reply);
        }
    }
}

#[tokio::test]
async fn a_stream_cut_off_ends_with_an_error_event() {
    ends_with_an_error("cut-stream-10c").await;
}

#[tokio::test]
async fn a_late_error_is_passed_on_as_an_error_event() {
    ends_with_an_error("late-error-in-stream-10c").await;
}

#[tokio::test]
async fn an_answer_cut_off_is_an_error() {
    let stage = stage("cut-stream").await;
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            let (path, body) = simple(upstream.name(), false).request(client);
            let reply = stage.client().post(&path, &body).await.unwrap();
            assert_eq!(
                reply.status,
                502,
                "{client:?} <- {upstream:?}: {}",
                reply.text()
            );
            client.assert_error(502, &reply.json());
        }
    }
}

#[tokio::test]
async fn an_error_before_the_first_token_is_a_failed_attempt() {
    let stage = stage("error-in-stream").await;
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            let (path, body) = simple(upstream.name(), true).request(client);
            let reply = stage.client().post(&path, &body).await.unwrap();
            let pair = format!("{client:?} <- {upstream:?}: {}", reply.text());
            assert!(
                matches!(reply.status, 500 | 503 | 529),
                "{} {pair}",
                reply.status
            );
            assert_eq!(
                reply.header("content-type"),
                Some("application/json"),
                "{pair}"
            );
            client.assert_error(reply.status, &reply.json());
        }
    }
}

#[tokio::test]
async fn after_an_error_before_the_first_token_another_deployment_answers() {
    for upstream in Dialect::ALL {
        let stage = Stage::start(|mock, config| {
            config
                .model_with(
                    mock,
                    "group",
                    upstream,
                    "error-in-stream",
                    json!({ "order": 1 }),
                )
                .model_with(mock, "group", upstream, "mock", json!({ "order": 2 }))
        })
        .await;
        for client in Dialect::ALL {
            let (path, body) = simple("group", true).request(client);
            let reply = stage.client().post(&path, &body).await.unwrap();
            assert_eq!(
                Answer::stream(client, &reply).text,
                TEXT,
                "{client:?} <- {upstream:?}"
            );
        }
    }
}

#[tokio::test]
async fn after_an_error_before_the_first_token_a_fallback_answers() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "broken", Dialect::Anthropic, "error-in-stream")
            .model(mock, "good", Dialect::Gemini, "mock")
            .section(
                "router_settings",
                json!({ "num_retries": 0, "fallbacks": [{ "broken": ["good"] }] }),
            )
    })
    .await;
    for client in Dialect::ALL {
        let (path, body) = simple("broken", true).request(client);
        let reply = stage.client().post(&path, &body).await.unwrap();
        assert_eq!(Answer::stream(client, &reply).text, TEXT, "{client:?}");
        assert_eq!(reply.header("x-litellm-attempted-fallbacks"), Some("1"));
    }
}

/// Tokens reach the client when they are made, not when the answer is complete.
#[tokio::test]
async fn tokens_arrive_one_by_one() {
    let stage = Stage::start(|mock, config| {
        Dialect::ALL.iter().fold(config, |config, upstream| {
            config.model(mock, upstream.name(), *upstream, "hang-stream-20c")
        })
    })
    .await;
    for upstream in [Dialect::Gemini, Dialect::Ollama] {
        for client in Dialect::ALL {
            let (path, body) = simple(upstream.name(), true).request(client);
            let mut reply = stage.client().stream(&path, &body).await.unwrap();
            let mut seen = String::new();
            while !seen.contains("t0 ") {
                let chunk = reply.chunk().await.unwrap().unwrap();
                seen += &String::from_utf8_lossy(&chunk);
            }
        }
    }
}
