//! Response headers: the gateway's story and the provider's own.

use serde_json::json;

use crate::support::{CHAT, Dialect, RawUpstream, Stage, chat_body, simple};

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"x",
    "choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

#[tokio::test]
async fn the_story_of_an_answer() {
    let stage = Stage::start(|mock, config| {
        config.entry(json!({
            "model_name": "public",
            "litellm_params": { "model": "openai/mock", "api_base": mock.url("/v1"), "api_key": "k" },
            "model_info": { "id": "the-id" },
        }))
    })
    .await;
    let base = stage.mock.url("/v1");
    for stream in [false, true] {
        for client in Dialect::ALL {
            let (path, body) = simple("public", stream).request(client);
            let reply = stage.client().post(&path, &body).await.unwrap();
            assert_eq!(reply.status, 200, "{}", reply.text());
            for (name, value) in [
                ("x-litellm-model-id", "the-id"),
                ("x-litellm-model-name", "openai/mock"),
                ("x-litellm-model-group", "public"),
                ("x-litellm-model-api-base", base.as_str()),
                ("x-litellm-attempted-retries", "0"),
                ("x-litellm-attempted-fallbacks", "0"),
                ("x-litellm-version", "1.105.0"),
                ("llm_provider-x-request-id", "req_mock"),
            ] {
                assert_eq!(reply.header(name), Some(value), "{client:?}: {name}");
            }
            for name in [
                "x-litellm-response-duration-ms",
                "x-litellm-overhead-duration-ms",
            ] {
                let milliseconds: f64 = reply.header(name).unwrap().parse().unwrap();
                assert!(
                    (0.0..60_000.0).contains(&milliseconds),
                    "{name}: {milliseconds}"
                );
            }
            assert_eq!(reply.header("server"), None);
        }
    }
}

#[tokio::test]
async fn headers_of_a_stream() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let reply = stage.chat_stream("mock").await;
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    assert_eq!(reply.header("x-accel-buffering"), Some("no"));
    assert_eq!(reply.header("content-length"), None);
    let content_type = reply.header("content-type").unwrap();
    assert!(
        content_type.starts_with("text/event-stream"),
        "{content_type}"
    );
}

#[tokio::test]
async fn the_providers_headers() {
    let upstream = RawUpstream::start(
        200,
        &[
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-tokens", "6m0s"),
            ("openai-processing-ms", "17"),
            ("set-cookie", "__cf=1"),
            ("strict-transport-security", "max-age=1"),
        ],
        ANSWER,
    )
    .await;
    let stage = Stage::start(|_, config| {
        config.entry(json!({
            "model_name": "m",
            "litellm_params": { "model": "openai/x", "api_base": upstream.url("/v1?secret=1"), "api_key": "k" },
        }))
    })
    .await;
    let reply = stage.chat("m").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    for (name, value) in [
        ("x-ratelimit-remaining-requests", "59"),
        ("llm_provider-x-ratelimit-remaining-requests", "59"),
        ("x-ratelimit-reset-tokens", "6m0s"),
        ("llm_provider-openai-processing-ms", "17"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    for name in [
        "set-cookie",
        "llm_provider-set-cookie",
        "strict-transport-security",
        "openai-processing-ms",
    ] {
        assert_eq!(reply.header(name), None, "{name}");
    }
    let base = reply.header("x-litellm-model-api-base").unwrap();
    assert!(!base.contains("secret"), "{base}");
}

#[tokio::test]
async fn the_providers_headers_of_a_refusal() {
    let stage = Stage::of_scripts(&["fail-429"]).await;
    let reply = stage.chat("fail-429").await;
    assert_eq!(reply.header("llm_provider-x-request-id"), Some("req_mock"));
    assert_eq!(reply.header("llm_provider-retry-after"), Some("1"));
    assert!(reply.header("x-litellm-call-id").is_some());
}

#[tokio::test]
async fn client_headers_stay_here_unless_the_operator_wants_them_forwarded() {
    let private = Stage::of_scripts(&["mock"]).await;
    let client = private
        .client()
        .header("x-trace", "t1")
        .header("openai-organization", "org-client")
        .header("cookie", "session=1")
        .header("x-stainless-lang", "rust");
    client.post(CHAT, &chat_body("mock", false)).await.unwrap();
    let seen = private.mock.last_request().unwrap();
    for name in [
        "x-trace",
        "openai-organization",
        "cookie",
        "x-stainless-lang",
    ] {
        assert_eq!(seen.header(name), None, "{name}");
    }

    let forwarding = Stage::start(|mock, config| {
        config.model(mock, "mock", Dialect::OpenAi, "mock").section(
            "general_settings",
            json!({ "forward_client_headers_to_llm_api": true }),
        )
    })
    .await;
    let client = forwarding
        .client()
        .header("x-trace", "t1")
        .header("x-stainless-lang", "rust")
        .header("cookie", "session=1")
        .header("x-api-key", "sk-not-for-you");
    client.post(CHAT, &chat_body("mock", false)).await.unwrap();
    let seen = forwarding.mock.last_request().unwrap();
    assert_eq!(seen.header("x-trace"), Some("t1"));
    for name in ["x-stainless-lang", "cookie", "x-api-key"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn anthropics_beta_header_travels_with_messages() {
    let stage =
        Stage::start(|mock, config| config.model(mock, "claude", Dialect::Anthropic, "mock")).await;
    let (path, body) = simple("claude", false).request(Dialect::Anthropic);
    let client = stage
        .client()
        .header("anthropic-beta", "context-1m-2025-08-07");
    assert_eq!(client.post(&path, &body).await.unwrap().status, 200);
    let seen = stage.mock.last_request().unwrap();
    assert_eq!(seen.header("anthropic-beta"), Some("context-1m-2025-08-07"));
    assert_eq!(seen.header("anthropic-version"), Some("2023-06-01"));
}

/// A client that waits for leave to send its body gets it here; the upstream is not asked to give
/// one, since the body follows anyway.
#[tokio::test]
async fn leave_to_send_a_body_is_given_here() {
    let stage = Stage::start(|mock, config| {
        config
            .model_with(
                mock,
                "m",
                Dialect::OpenAi,
                "mock",
                json!({ "use_in_pass_through": true }),
            )
            .section(
                "general_settings",
                json!({ "forward_client_headers_to_llm_api": true }),
            )
    })
    .await;
    let client = stage.client().header("expect", "100-continue");
    for path in [CHAT, "/openai/v1/chat/completions"] {
        let reply = client.post(path, &chat_body("m", false)).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let asked = stage.mock.last_request().unwrap();
        assert_eq!(asked.header("expect"), None, "{path}");
    }
}
