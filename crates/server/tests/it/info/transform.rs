//! `/utils/transform_request`.

use super::*;

const PATH: &str = "/utils/transform_request";

async fn transform(stage: &Stage, call_type: &str, request: Value) -> Value {
    let body = json!({ "call_type": call_type, "request_body": request });
    post(stage, PATH, body).await
}

#[tokio::test]
async fn a_request_is_shown_as_it_would_be_sent() {
    let stage = stage().await;
    let request = json!({
        "model": "claude-id",
        "messages": [{ "role": "user", "content": "Hi" }],
        "max_tokens": 9,
        "stop": ["END"],
    });
    let shown = transform(&stage, "acompletion", request).await;
    assert_eq!(shown["error"], Value::Null);
    assert_eq!(
        shown["raw_request_api_base"],
        stage.mock.url("/v1/messages")
    );
    let body = &shown["raw_request_body"];
    assert_eq!(body["model"], "claude-sonnet-4-5");
    assert_eq!(body["stop_sequences"], json!(["END"]));
    assert_eq!(body["max_tokens"], 9);
    let headers = &shown["raw_request_headers"];
    assert_eq!(headers["x-api-key"], "*****");
    assert_eq!(headers["anthropic-version"], "2023-06-01");
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn what_the_operator_adds_is_there_and_its_secrets_are_not() {
    let stage = stage().await;
    let request = json!({
        "model": "gpt",
        "messages": [{ "role": "user", "content": "Hi" }],
        "prompt_cache_key": "the-client-s-own",
    });
    let shown = transform(&stage, "completion", request).await;
    let base = format!("http://{}/v1/chat/completions", stage.mock.addr());
    assert_eq!(shown["raw_request_api_base"], base);
    let body = &shown["raw_request_body"];
    assert_eq!(body["temperature"], 0.5);
    assert_eq!(body["api_token"], "*****");
    assert_eq!(body["foo"], "bar");
    assert_eq!(body["prompt_cache_key"], "the-client-s-own");
    let headers = &shown["raw_request_headers"];
    assert_eq!(headers["x-anything"], "*****");
    assert_eq!(headers["authorization"], "*****");
}

#[tokio::test]
async fn other_kinds_of_calls() {
    let stage = stage().await;
    let vectors = json!({ "model": "vectors", "input": "x" });
    let shown = transform(&stage, "embedding", vectors).await;
    assert_eq!(
        shown["raw_request_api_base"],
        stage.mock.url("/v1/embeddings")
    );
    let messages = json!({
        "model": "local", "max_tokens": 9, "system": "Be brief.",
        "messages": [{ "role": "user", "content": "Hi" }],
    });
    let shown = transform(&stage, "anthropic_messages", messages).await;
    assert_eq!(shown["raw_request_api_base"], stage.mock.url("/api/chat"));
    assert_eq!(shown["raw_request_body"]["messages"][0]["role"], "system");
    let contents = json!({ "model": "local", "contents": [{ "parts": [{ "text": "Hi" }] }] });
    let shown = transform(&stage, "generate_content_stream", contents).await;
    assert_eq!(shown["raw_request_body"]["stream"], true);
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn what_would_be_refused_is_told_as_an_error() {
    let stage = stage().await;
    let chat = |model: &str, more: Value| {
        let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }] });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for (request, word) in [
        (chat("nobody", json!({})), "nobody"),
        (chat("claude-id", json!({ "seed": 7 })), "seed"),
        (chat("canned", json!({})), "itself"),
        (json!({ "messages": [] }), "model"),
    ] {
        let shown = transform(&stage, "completion", request.clone()).await;
        let error = shown["error"].as_str().unwrap();
        assert!(error.contains(word), "{request}: {error}");
        assert_eq!(shown["raw_request_body"], Value::Null, "{request}");
    }
    for body in [
        json!({ "request_body": chat("gpt", json!({})) }),
        json!({ "call_type": "completion" }),
        json!({ "call_type": "completion", "request_body": "x" }),
        json!({ "call_type": "create_batch", "request_body": {} }),
    ] {
        assert_eq!(
            refused(&stage, PATH, Some(body.clone())).await,
            400,
            "{body}"
        );
    }
}
