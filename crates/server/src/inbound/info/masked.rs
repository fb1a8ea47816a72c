//! A deployment's parameters as they may be shown: nothing that opens anything.

use std::time::Duration;

use lockgate_core::config::{BaseUrl, Fallback, LitellmParams};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What stands for a value that is not shown.
pub(super) const MASK: &str = "*****";

/// Words in a name that speak of a credential.
const SECRET_WORDS: [&str; 14] = [
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "key",
    "keys",
    "passwd",
    "password",
    "secret",
    "signature",
    "token",
];

/// `litellm_params`: keys are left out, values under the names of credentials masked.
pub(super) fn params(params: &LitellmParams, model: &str) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            out.insert(name.to_owned(), value);
        }
    };
    put("model", model.into());
    let base = params.api_base.as_ref().map(ToString::to_string);
    put("api_base", json!(base));
    put("api_version", json!(params.api_version));
    put("organization", json!(params.organization));
    put("custom_llm_provider", json!(params.custom_llm_provider));
    let credential = &params.litellm_credential_name;
    put("litellm_credential_name", json!(credential));
    put("timeout", seconds(params.timeout));
    put("stream_timeout", seconds(params.stream_timeout));
    put("cooldown_time", seconds(params.cooldown_time));
    put("max_retries", json!(params.max_retries));
    put("num_retries", json!(params.num_retries));
    put("tpm", json!(params.tpm));
    put("rpm", json!(params.rpm));
    put("weight", json!(params.weight));
    put("order", json!(params.order));
    let parallel = params.max_parallel_requests;
    put("max_parallel_requests", json!(parallel));
    put("drop_params", json!(params.drop_params));
    let dropped = &params.additional_drop_params;
    put("additional_drop_params", json!(dropped));
    let allowed = &params.allowed_openai_params;
    put("allowed_openai_params", json!(allowed));
    put("fallbacks", params.fallbacks.iter().map(fallback).collect());
    put("use_in_pass_through", params.use_in_pass_through.into());
    let merges = params.merge_reasoning_content_in_choices;
    put("merge_reasoning_content_in_choices", merges.into());
    put("mock_response", json!(params.mock_response));
    for (name, value) in params.params.iter() {
        put(name, shown(name, value));
    }
    // A header is an ordinary place for a credential, whatever its name.
    let headers = params.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|(name, _)| (name.clone(), MASK.into()))
        .collect();
    if !headers.is_empty() {
        put("extra_headers", headers.into());
    }
    if !params.extra_body.is_empty() {
        put("extra_body", object(params.extra_body.as_map()));
    }
    out
}

/// A value as it may be shown under its name.
pub(super) fn shown(name: &str, value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Null => value.clone(),
        Value::Number(_) if is_figure(name) => value.clone(),
        _ if is_secret(name) => MASK.into(),
        Value::Object(members) => object(members),
        Value::Array(items) => items.iter().map(|item| shown("", item)).collect(),
        Value::String(text) if text.contains("://") => BaseUrl::new(text).to_string().into(),
        _ => value.clone(),
    }
}

fn object(members: &Map<String, Value>) -> Value {
    let members = members.iter();
    let shown = members.map(|(name, value)| (name.clone(), shown(name, value)));
    Value::Object(shown.collect())
}

/// Whether a value of this name may be a credential; `max_tokens` and its like are not.
fn is_secret(name: &str) -> bool {
    has_word(name, &SECRET_WORDS)
}

/// Whether a number of this name is what it says: `input_cost_per_token`, `api_key_limit`.
fn is_figure(name: &str) -> bool {
    has_word(name, &["cost", "limit", "per"])
}

fn has_word(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| words.contains(&word))
}

/// Where a deployment's own fallback leads; what it brings along may hold a key.
fn fallback(target: &Fallback) -> Value {
    match target {
        Fallback::Name(name) => name.as_str().into(),
        Fallback::Inline(entry) => entry.litellm_params.model.as_str().into(),
    }
}

fn seconds(time: Option<Duration>) -> Value {
    fn json(value: impl Serialize) -> Value {
        serde_json::to_value(value).unwrap_or_default()
    }
    match time {
        Some(time) if time.subsec_nanos() == 0 => json(time.as_secs()),
        Some(time) => json(time.as_secs_f64()),
        None => Value::Null,
    }
}
