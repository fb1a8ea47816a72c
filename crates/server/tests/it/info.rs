//! What the gateway tells about its models, and about requests that are not sent.

mod capabilities;
mod models;
mod token_counter;
mod transform;

use serde_json::{Value, json};

use crate::support::{Dialect, Stage};

/// What must not be in any answer.
const SECRET: &str = "sk-info-do-not-show-4471";

/// Groups of several dialects; whatever may hold a secret does.
async fn stage() -> Stage {
    Stage::start(|mock, config| {
        config
            .entry(json!({
                "model_name": "gpt",
                "litellm_params": {
                    "model": "openai/gpt-4o", "api_base": format!("http://user:{SECRET}@{}/v1?key={SECRET}", mock.addr()),
                    "api_key": SECRET, "temperature": 0.5, "max_tokens": 77, "rpm": 10, "timeout": 30,
                    "extra_headers": { "x-anything": SECRET },
                    "extra_body": { "api_token": SECRET, "foo": "bar", "nested": [{ "client_secret": SECRET }] },
                    "vendor_key": SECRET,
                },
                "model_info": { "max_input_tokens": 32000, "input_cost_per_token": 0.5, "note": "ours",
                    "supports_vision": true, "some_token": SECRET },
            }))
            .entry(json!({
                "model_name": "gpt",
                "litellm_params": { "model": "anthropic/claude-sonnet-4-5", "api_base": mock.url(""), "api_key": SECRET, "rpm": 5 },
                "model_info": { "id": "claude-id", "supports_vision": false },
            }))
            .entry(json!({
                "model_name": "vectors",
                "litellm_params": { "model": "openai/text-embedding-3-small", "api_base": mock.url("/v1"), "api_key": SECRET },
            }))
            .entry(json!({
                "model_name": "gem/*",
                "litellm_params": { "model": "gemini/*", "api_base": mock.url(""), "api_key": SECRET },
            }))
            .entry(json!({
                "model_name": "canned",
                "litellm_params": { "model": "openai/mock", "api_base": mock.url("/v1"), "mock_response": "Hello" },
            }))
            .model(mock, "local", Dialect::Ollama, "qwen3")
            .section("router_settings", json!({ "model_group_alias": {
                "also-local": "local", "hidden": { "model": "local", "hidden": true },
            } }))
    })
    .await
}

async fn get(stage: &Stage, path: &str) -> Value {
    let reply = stage.client().get(path).await.unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    assert!(!reply.text().contains(SECRET), "{path}: {}", reply.text());
    reply.json()
}

async fn post(stage: &Stage, path: &str, body: Value) -> Value {
    let reply = stage.client().post(path, &body).await.unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    assert!(!reply.text().contains(SECRET), "{path}: {}", reply.text());
    reply.json()
}

/// The status of a refusal, which is written as OpenAI writes one.
async fn refused(stage: &Stage, path: &str, body: Option<Value>) -> u16 {
    let client = stage.client();
    let reply = match &body {
        Some(body) => client.post(path, body).await.unwrap(),
        None => client.get(path).await.unwrap(),
    };
    Dialect::OpenAi.assert_error(reply.status, &reply.json());
    reply.status
}

fn names(list: &Value, member: &str) -> Vec<String> {
    let items = list["data"].as_array().unwrap().iter();
    items
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect()
}

fn contains(list: &Value, name: &str) -> bool {
    list.as_array().unwrap().iter().any(|item| item == name)
}
