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
