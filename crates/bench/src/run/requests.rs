//! The requests of every dialect, and the configuration that serves them.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::load;

/// The key the gateway is started with.
pub(super) const MASTER_KEY: &str = "sk-bench-3f8d1c70a95e4b62";
/// The virtual key of the governed mode.
const VIRTUAL_KEY: &str = "sk-bench-virtual-9c41e07b52d8";

/// What the gateway does besides passing requests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A master key is checked, nothing is written down.
    Plain,
    /// A virtual key of a team, both with limits and budgets; requests are priced and recorded.
    Governed,
}

/// A client's wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenAi,
    Anthropic,
    Gemini,
    Ollama,
}

/// Public name and upstream model of every model group; `{mock}` is the mock's base URL.
const MODELS: [(&str, &str, &str); 8] = [
    ("mock", "openai/mock", "{mock}/v1"),
    ("bench", "openai/mock", "{mock}/v1"),
    ("bench-100c", "openai/mock-100c", "{mock}/v1"),
    ("bench-100c-d20ms", "openai/mock-100c-d20ms", "{mock}/v1"),
    ("bench-idle", "openai/mock-4c-d1500ms", "{mock}/v1"),
    ("bench-file", "openai/mock", "{mock}/v1"),
    ("bench-anthropic", "anthropic/mock", "{mock}"),
    ("bench-anthropic-100c", "anthropic/mock-100c", "{mock}"),
];

/// The gateway's configuration.
pub(super) fn config(mock: &str, mode: Mode) -> String {
    let (prices, ledger) = match mode {
        Mode::Plain => ("", "lockgate_settings:\n  ledger: false\n"),
        Mode::Governed => (
            "    model_info:\n      input_cost_per_token: 0.000001\n      output_cost_per_token: 0.000004\n",
            "",
        ),
    };
    let models: String = MODELS
        .iter()
        .map(|(name, model, base)| {
            let base = base.replace("{mock}", mock);
            format!(
                "  - model_name: {name}\n    litellm_params:\n      model: {model}\n      api_base: {base}\n      \
                 api_key: sk-upstream\n      use_in_pass_through: {}\n{prices}",
                *name == "bench-file",
            )
        })
        .collect();
    // A retried failure would look like a slow success.
    format!(
        "general_settings:\n  master_key: {MASTER_KEY}\nrouter_settings:\n  num_retries: 0\n{ledger}model_list:\n{models}"
    )
}

/// The requests that make a governed gateway ready: a team and its key, with limits and budgets
/// that the load does not reach.
pub(super) fn set_up() -> [Bytes; 2] {
    let limits = json!({
        "team_id": "bench",
        "max_budget": 1_000_000,
        "budget_duration": "30d",
        "rpm_limit": 1_000_000_000,
        "tpm_limit": 1_000_000_000_000_u64,
    });
    let mut key = limits.clone();
    key["key"] = VIRTUAL_KEY.into();
    let bearer = format!("Bearer {MASTER_KEY}");
    [("/team/new", limits), ("/key/generate", key)]
        .map(|(path, body)| load::request(path, &[("authorization", &bearer)], &body.to_string()))
}

/// A chat request of `OpenAI`'s form, padded to about `size` bytes.
pub(crate) fn chat_body(model: &str, size: usize, stream: bool) -> String {
    body(Dialect::OpenAi, model, size, stream)
}

/// The bytes of a request that a client of `dialect` sends.
pub(super) fn request(
    dialect: Dialect,
    model: &str,
    size: usize,
    stream: bool,
    mode: Mode,
) -> Bytes {
    let key = match mode {
        Mode::Plain => MASTER_KEY,
        Mode::Governed => VIRTUAL_KEY,
    };
    let bearer = format!("Bearer {key}");
    let (path, header) = match dialect {
        Dialect::OpenAi => (
            "/v1/chat/completions".to_owned(),
            ("authorization", bearer.as_str()),
        ),
        Dialect::Anthropic => ("/v1/messages".to_owned(), ("x-api-key", key)),
        Dialect::Gemini => (
            format!("/v1beta/models/{model}:generateContent"),
            ("x-goog-api-key", key),
        ),
        Dialect::Ollama => ("/api/chat".to_owned(), ("authorization", bearer.as_str())),
    };
    load::request(&path, &[header], &body(dialect, model, size, stream))
}

fn body(dialect: Dialect, model: &str, size: usize, stream: bool) -> String {
    let empty = shape(dialect, model, "", stream).to_string();
    let padding = size.saturating_sub(empty.len());
    shape(dialect, model, &words(padding), stream).to_string()
}

fn shape(dialect: Dialect, model: &str, text: &str, stream: bool) -> Value {
    let system = "You answer briefly.";
    match dialect {
        Dialect::OpenAi => json!({
            "model": model,
            "messages": [{ "role": "system", "content": system }, { "role": "user", "content": text }],
            "temperature": 0.7,
            "max_tokens": 256,
            "stream": stream,
        }),
        Dialect::Anthropic => json!({
            "model": model,
            "max_tokens": 256,
            "system": system,
            "messages": [{ "role": "user", "content": text }],
            "temperature": 0.7,
            "stream": stream,
        }),
        Dialect::Gemini => json!({
            "systemInstruction": { "parts": [{ "text": system }] },
            "contents": [{ "role": "user", "parts": [{ "text": text }] }],
            "generationConfig": { "temperature": 0.7, "maxOutputTokens": 256 },
        }),
        Dialect::Ollama => json!({
            "model": model,
            "messages": [{ "role": "system", "content": system }, { "role": "user", "content": text }],
            "options": { "temperature": 0.7, "num_predict": 256 },
            "stream": stream,
        }),
    }
}

/// Prose of exactly `size` bytes, with the line breaks and quotes real prompts have.
fn words(size: usize) -> String {
    const PROSE: &str = "Summarise what the committee decided last week. She said \"not before May\", and nobody \
                         objected.\nThen list the open points, each with an owner and a date. ";
    // JSON writes a quote or a line break as two bytes.
    let mut text = String::new();
    let mut left = size;
    for character in PROSE.chars().cycle() {
        let width = if matches!(character, '"' | '\n') {
            2
        } else {
            1
        };
        if width > left {
            return text + &"x".repeat(left);
        }
        left -= width;
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests;
