//! Upstreams that answer 200, or something like it, with what is no answer.

use serde_json::json;

use crate::support::{Answer, CHAT, Dialect, RawUpstream, Stage, chat_body, simple};

const WHOLE: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"x",
    "choices":[{"index":0,"message":{"role":"assistant","content":"All at once."},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;

/// Group `m`: an upstream with OpenAI's chat API, and no other, that always answers so.
async fn stage(status: u16, headers: &[(&str, &str)], body: &str) -> (RawUpstream, Stage) {
    let upstream = RawUpstream::start(status, headers, body).await;
    let stage = Stage::start(|_, config| {
        config
            .entry(json!({
                "model_name": "m",
                "litellm_params": { "model": "groq/x", "api_base": upstream.url("/v1"), "api_key": "k" },
            }))
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await;
    (upstream, stage)
}

async fn refused_everywhere(stage: &Stage, status: u16) {
    for client in Dialect::ALL {
        for stream in [false, true] {
            let (path, body) = simple("m", stream).request(client);
            let reply = stage.client().post(&path, &body).await.unwrap();
            let what = format!("{client:?}, stream {stream}: {}", reply.text());
            assert_eq!(reply.status, status, "{what}");
            client.assert_error(status, &reply.json());
        }
    }
}

#[tokio::test]
async fn what_is_no_json_is_a_bad_gateway() {
    for answer in [
        "",
        "OK",
        "<html><title>Login</title></html>",
        "[1,2",
        "{\"choices\":",
    ] {
        let (_upstream, stage) = stage(200, &[], answer).await;
        refused_everywhere(&stage, 502).await;
    }
}

/// A redirect would carry the credential to wherever it points.
#[tokio::test]
async fn a_redirect_is_not_followed_and_is_no_answer() {
    let elsewhere = RawUpstream::start(200, &[], WHOLE).await;
    let location = elsewhere.url("/v1/chat/completions");
    for status in [301, 302, 307, 308] {
        let (_upstream, stage) = stage(status, &[("location", &location)], "{}").await;
        refused_everywhere(&stage, 502).await;
    }
    assert_eq!(elsewhere.asked(), 0);
}

/// Some gateways report an error with status 200.
#[tokio::test]
async fn an_error_with_status_200_is_an_error() {
    let error = r#"{"error":{"message":"The key ran out of credit.","type":"insufficient_quota","code":429}}"#;
    let (_upstream, stage) = stage(200, &[], error).await;
    for client in Dialect::ALL {
        for stream in [false, true] {
            let (path, body) = simple("m", stream).request(client);
            let reply = stage.client().post(&path, &body).await.unwrap();
            assert!(
                reply.status >= 400,
                "{client:?}: {} {}",
                reply.status,
                reply.text()
            );
            client.assert_error(reply.status, &reply.json());
            assert!(
                reply.text().contains("ran out of credit"),
                "{}",
                reply.text()
            );
        }
    }
}

/// A server that cannot stream answers at once; clients get a stream all the same.
#[tokio::test]
async fn a_whole_answer_to_a_streamed_request_is_streamed() {
    let (_upstream, stage) = stage(200, &[], WHOLE).await;
    for client in Dialect::ALL {
        let (path, body) = simple("m", true).request(client);
        let reply = stage.client().post(&path, &body).await.unwrap();
        let answer = Answer::stream(client, &reply);
        assert_eq!(answer.text, "All at once.", "{client:?}");
        assert_eq!(
            (answer.input_tokens, answer.output_tokens),
            (1, 2),
            "{client:?}"
        );
    }
}

/// The least that old OpenAI-compatible servers send.
#[tokio::test]
async fn a_meagre_answer_is_completed() {
    let meagre = r#"{"choices":[{"message":{"content":"Hi"}}]}"#;
    let (_upstream, stage) = stage(200, &[], meagre).await;
    for client in Dialect::ALL {
        if client == Dialect::OpenAi {
            // It gets what there is.
            continue;
        }
        let (path, body) = simple("m", false).request(client);
        let reply = stage.client().post(&path, &body).await.unwrap();
        let answer = Answer::whole(client, &reply);
        assert_eq!(answer.text, "Hi", "{client:?}");
        assert!(!answer.finish.is_empty(), "{client:?}");
    }
}

#[tokio::test]
async fn an_endless_error_page_is_cut() {
    let page = "x".repeat(3_000_000);
    let (_upstream, stage) = stage(500, &[], &page).await;
    let reply = stage
        .client()
        .post(CHAT, &chat_body("m", false))
        .await
        .unwrap();
    assert_eq!(reply.status, 500);
    assert!(reply.body.len() < 10_000, "{} bytes", reply.body.len());
    assert!(stage.gateway.logs().len() < 50_000);
}

/// Nobody asked for it, and text that is read in a stream is not worth packing.
#[tokio::test]
async fn a_packed_answer_is_named() {
    for (status, expected) in [(200, 502), (400, 400), (503, 503)] {
        let (_upstream, packed) = stage(status, &[("content-encoding", "gzip")], "\u{1f}").await;
        for client in Dialect::ALL {
            let (path, body) = simple("m", false).request(client);
            let reply = packed.client().post(&path, &body).await.unwrap();
            client.assert_error(reply.status, &reply.json());
            let message = client.error_message(&reply.json());
            assert_eq!(reply.status, expected, "{client:?}: {message}");
            assert!(
                message.contains("packed as `gzip`"),
                "{client:?}: {message}"
            );
        }
    }
    let (_upstream, stage) = stage(200, &[("content-encoding", "identity")], WHOLE).await;
    let reply = stage.chat("m").await;
    assert_eq!(crate::support::text_of(&reply), "All at once.");
}

/// Bedrock's bodies say what happened, its headers what that is.
#[tokio::test]
async fn an_exception_in_a_header_is_one() {
    let upstream = RawUpstream::start(
        400,
        &[("x-amzn-errortype", "ThrottlingException:http://internal/")],
        r#"{"message":"Too many tokens, please wait."}"#,
    )
    .await;
    let stage = Stage::start(|_, config| {
        config
            .entry(json!({
                "model_name": "m",
                "litellm_params": {
                    "model": "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
                    "api_base": upstream.url(""), "api_key": "k",
                },
            }))
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await;
    for client in Dialect::ALL {
        let (path, body) = simple("m", false).request(client);
        let reply = stage.client().post(&path, &body).await.unwrap();
        assert_eq!(reply.status, 429, "{client:?}: {}", reply.text());
    }
}
