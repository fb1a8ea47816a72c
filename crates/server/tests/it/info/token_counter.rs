//! `/utils/token_counter`.

use super::*;

const PATH: &str = "/utils/token_counter";

#[tokio::test]
async fn texts_and_conversations_are_counted() {
    let stage = stage().await;
    let prompt = json!({ "model": "gpt", "prompt": "hello world" });
    assert_eq!(
        post(&stage, PATH, prompt).await,
        json!({
            "total_tokens": 2,
            "request_model": "gpt",
            "model_used": "gpt-4o",
            "tokenizer_type": "openai_tokenizer",
            "original_response": null,
            "error": false,
            "error_message": null,
            "status_code": null,
        })
    );
    let hello = json!([{ "role": "user", "content": "hello world" }]);
    let chat = json!({ "model": "unheard-of", "messages": hello });
    let counted = post(&stage, PATH, chat).await;
    // 2 for the text, 3 for the message, 3 for the answer.
    assert_eq!(counted["total_tokens"], 8);
    assert_eq!(counted["model_used"], "unheard-of");

    let contents = json!({
        "model": "gem/gemini-2.5-flash",
        "contents": [{ "role": "user", "parts": [{ "text": "hello world" }] }],
    });
    let counted = post(&stage, PATH, contents).await;
    assert_eq!(counted["total_tokens"], 8);
    assert_eq!(counted["model_used"], "gemini-2.5-flash");
}

#[tokio::test]
async fn instructions_and_tools_count_in_either_form() {
    let stage = stage().await;
    let count = async |more: Value| {
        let mut body = json!({ "model": "gpt", "messages": [{ "role": "user", "content": "Hi" }] });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        post(&stage, PATH, body).await["total_tokens"]
            .as_u64()
            .unwrap()
    };
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let openai =
        json!([{ "type": "function", "function": { "name": "weather", "parameters": schema } }]);
    let anthropic = json!([{ "name": "weather", "input_schema": schema }]);
    let bare = count(json!({})).await;
    let system = count(json!({ "system": "Be brief." })).await;
    assert!(system > bare);
    let tools = count(json!({ "tools": openai })).await;
    assert!(tools > bare);
    assert_eq!(count(json!({ "tools": anthropic })).await, tools);
    let both = count(json!({ "tools": openai, "system": "Be brief." })).await;
    assert_eq!(both - tools, system - bare);
}

#[tokio::test]
async fn nothing_to_count_is_refused() {
    let stage = stage().await;
    for body in [
        json!({ "model": "gpt" }),
        json!({ "prompt": "x" }),
        json!({ "model": "gpt", "prompt": 7 }),
        json!({ "model": "gpt", "messages": "x" }),
    ] {
        assert_eq!(
            refused(&stage, PATH, Some(body.clone())).await,
            400,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_counts_is_asked() {
    use crate::support::{Dialect, Stage};
    let stage = Stage::start(|mock, config| {
        let stages = [Dialect::Anthropic, Dialect::Gemini, Dialect::OpenAi];
        let config = stages.into_iter().fold(config, |config, dialect| {
            config.model(mock, dialect.name(), dialect, "mock")
        });
        config.model(mock, "broken", Dialect::Anthropic, "fail-503")
    })
    .await;
    let asking = format!("{PATH}?call_endpoint=true");
    let body = |model: &str| {
        json!({ "model": model, "system": "Be brief.",
                "messages": [{ "role": "user", "content": "Say hello." }] })
    };
    for (model, path) in [
        ("anthropic", "/v1/messages/count_tokens"),
        ("gemini", "/v1beta/models/mock:countTokens"),
    ] {
        let counted = post(&stage, &asking, body(model)).await;
        let asked = stage.mock.last_request().unwrap();
        assert_eq!(asked.path, path);
        assert!(asked.json().to_string().contains("Say hello."));
        assert!(asked.json().to_string().contains("Be brief."));
        assert_eq!(
            counted["tokenizer_type"],
            format!("{model}_api"),
            "{counted}"
        );
        assert_eq!(counted["model_used"], "mock");
        let said = counted["original_response"].as_object().unwrap();
        assert!(
            said.values().any(|value| *value == counted["total_tokens"]),
            "{counted}"
        );

        stage.mock.reset();
        let prompt = json!({ "model": model, "prompt": "Say hello." });
        assert_eq!(post(&stage, &asking, prompt).await["error"], false);
        assert_eq!(stage.mock.last_request().unwrap().path, path);
        stage.mock.reset();
        assert_eq!(
            post(&stage, PATH, body(model)).await["tokenizer_type"],
            "openai_tokenizer"
        );
        assert_eq!(stage.mock.request_count(), 0);
    }
    let counted = post(&stage, &asking, body("openai")).await;
    assert_eq!(counted["tokenizer_type"], "openai_tokenizer");
    assert_eq!(
        stage.mock.request_count(),
        0,
        "OpenAI's chat API does not count"
    );

    let failed = post(&stage, &asking, body("broken")).await;
    assert_eq!(
        (&failed["error"], &failed["status_code"]),
        (&json!(true), &json!(503))
    );
    assert!(failed["error_message"].is_string());
}
