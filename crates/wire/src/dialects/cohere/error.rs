//! Errors: `{"message": "a sentence"}`, often with an `id` beside it.
//!
//! Source: API reference, errors.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::canonical::{ApiError, ErrorKind};

/// The status of a request that Cohere's usage guidelines refuse, which no HTTP standard names.
const UNSAFE: u16 = 498;

/// So much of a body that is no JSON is quoted in a message, in characters.
const QUOTED: usize = 500;

/// What servers of this dialect say when the input is too long, in lower case.
const CONTEXT: [&str; 6] = [
    "too many tokens",
    "maximum context length",
    "context window",
    "exceeds the context",
    "prompt is too long",
    "reduce the length of the messages",
];

/// What they say when they refuse the input, in lower case.
const POLICY: [&str; 4] = [
    "usage guidelines",
    "violates our usage policy",
    "blocked output",
    "content policy",
];

#[derive(Serialize)]
struct ErrorOut<'a> {
    message: &'a str,
}

/// Reads the body of an answer with an error status.
pub(super) fn decode(status: u16, body: &[u8]) -> ApiError {
    let mut error = read(body);
    if error.message.is_empty() {
        error.message = format!("the upstream answered {status} and no reason");
    }
    error.kind = kind(status, &error.message);
    error.status = match error.kind {
        ErrorKind::ContextWindow | ErrorKind::ContentPolicy => error.kind.status(),
        _ if (400..600).contains(&status) && status != UNSAFE => status,
        kind => kind.status(),
    };
    error
}

/// Reads an error that came inside a stream, where the HTTP status was 200.
pub(super) fn decode_frame(frame: &[u8]) -> ApiError {
    decode(ErrorKind::Internal.status(), frame)
}

/// Writes the error body for a client.
pub(super) fn encode(error: &ApiError) -> Bytes {
    let message = &error.message;
    // Strings always serialise.
    serde_json::to_vec(&ErrorOut { message })
        .unwrap_or_default()
        .into()
}

fn read(body: &[u8]) -> ApiError {
    let blank = ApiError::new(ErrorKind::Internal, "");
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => ApiError {
            message: sentence(&value).unwrap_or_default(),
            error_type: text(value.get("type")),
            code: text(value.get("code")),
            ..blank
        },
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            let text = text.trim();
            // A page for people tells a client nothing.
            let is_page = text.starts_with('<');
            let message = text.chars().take(if is_page { 0 } else { QUOTED });
            ApiError {
                message: message.collect(),
                ..blank
            }
        }
    }
}

/// The sentence in an error, whatever shape that has.
fn sentence(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Object(members) => ["message", "error", "detail", "data", "delta"]
            .into_iter()
            .filter_map(|name| members.get(name))
            .find_map(sentence),
        Value::Array(items) => items.iter().find_map(sentence),
        _ => None,
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn kind(status: u16, message: &str) -> ErrorKind {
    let message = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    let about_input = matches!(status, 400 | 413 | 422 | 500);
    if about_input && says(&CONTEXT) {
        return ErrorKind::ContextWindow;
    }
    if (about_input || status == 403) && says(&POLICY) {
        return ErrorKind::ContentPolicy;
    }
    match status {
        // The SDKs know this status for an invalid key, too.
        UNSAFE if message.contains("token") => ErrorKind::Authentication,
        UNSAFE => ErrorKind::ContentPolicy,
        status => ErrorKind::from_status(status),
    }
}
