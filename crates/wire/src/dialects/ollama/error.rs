//! Errors: `{"error": "a sentence"}`, and what else a server in front of Ollama may answer.

use bytes::Bytes;
use serde_json::Value;

use super::wire::to_json;
use crate::canonical::{ApiError, ErrorKind};

/// At most so many characters of a body that is not JSON go into a message.
const MAX_PLAIN: usize = 1000;

/// Sentences that mean the prompt does not fit, from Ollama and the runners below it.
const CONTEXT_PHRASES: &[&str] = &[
    "input length exceeds",
    "exceeds the context length",
    "exceeds the available context",
    "exceeded max context length",
    "maximum context length",
    "context_length_exceeded",
    "context window",
    "input exceeds context",
    "prompt is too long",
    "prompt too long",
];

/// Sentences that mean the provider refused the content (cloud models behind Ollama).
const POLICY_PHRASES: &[&str] = &[
    "content_policy_violation",
    "content policy",
    "content management policy",
    "content_filter",
];

/// Reads an error body of any kind.
pub(super) fn decode(status: u16, body: &[u8]) -> ApiError {
    let mut error = match serde_json::from_slice::<Value>(body) {
        Ok(value) => from_json(&value),
        Err(_) => plain(body),
    };
    if error.message.is_empty() {
        error.message = format!("the upstream answered with status {status} and no message");
    }
    error.kind = kind(status, &error);
    error.status = match error.kind {
        ErrorKind::ContextWindow | ErrorKind::ContentPolicy => error.kind.status(),
        _ if (400..600).contains(&status) => status,
        kind => kind.status(),
    };
    error
}

/// Writes an error body.
pub(super) fn encode(error: &ApiError) -> Bytes {
    to_json(&OutError::new(error))
}

/// An error body; also the last line of a stream that failed.
#[derive(Debug, serde::Serialize)]
pub(super) struct OutError<'a> {
    error: &'a str,
}

// === impl OutError ===

impl<'a> OutError<'a> {
    /// The body for `error`.
    pub(super) fn new(error: &'a ApiError) -> Self {
        Self {
            error: &error.message,
        }
    }
}

/// The message that a value of `error` holds.
pub(super) fn message_of(error: &str) -> String {
    serde_json::from_str::<Value>(error)
        .map(|value| from_json(&value).message)
        .unwrap_or_default()
}

fn blank() -> ApiError {
    ApiError::new(ErrorKind::Internal, "")
}

fn from_json(value: &Value) -> ApiError {
    match value {
        Value::String(message) => ApiError {
            message: message.clone(),
            ..blank()
        },
        Value::Object(members) => {
            let inner = ["error", "detail", "message"]
                .into_iter()
                .filter_map(|key| members.get(key))
                .find(|value| !value.is_null());
            let mut error = inner.map_or_else(blank, from_json);
            let text = |key: &str| members.get(key).and_then(text_of);
            error.error_type = error.error_type.or_else(|| text("type"));
            error.code = error.code.or_else(|| text("code"));
            error.param = error.param.or_else(|| text("param"));
            error
        }
        Value::Array(entries) => entries.first().map_or_else(blank, from_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => blank(),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A body that is not JSON. A page for people tells a client nothing, so it is left out.
fn plain(body: &[u8]) -> ApiError {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let message = if text.starts_with('<') {
        String::new()
    } else {
        text.chars().take(MAX_PLAIN).collect()
    };
    ApiError { message, ..blank() }
}

fn kind(status: u16, error: &ApiError) -> ErrorKind {
    let message = error.message.to_ascii_lowercase();
    let code = error.code.as_deref().unwrap_or_default();
    let says = |phrases: &[&str]| {
        phrases
            .iter()
            .any(|phrase| message.contains(phrase) || code == *phrase)
    };
    if says(CONTEXT_PHRASES) {
        return ErrorKind::ContextWindow;
    }
    if says(POLICY_PHRASES) {
        return ErrorKind::ContentPolicy;
    }
    match ErrorKind::from_status(status) {
        // Ollama's queue is full (`OLLAMA_MAX_QUEUE`).
        ErrorKind::Unavailable if message.contains("busy") => ErrorKind::Overloaded,
        kind => kind,
    }
}
