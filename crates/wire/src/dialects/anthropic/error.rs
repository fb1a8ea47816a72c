//! Error bodies: `{"type": "error", "error": {"type", "message"}, "request_id"}`.
//!
//! Source: API reference, errors page.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::canonical::{ApiError, ErrorKind};

/// The status of an overloaded API, which no HTTP standard names.
const OVERLOADED: u16 = 529;

/// Longer bodies that are not JSON (HTML pages) are cut here, in bytes.
const MAX_TEXT: usize = 500;

/// What providers of this dialect say when the input does not fit, in lower case.
const CONTEXT_WINDOW: [&str; 7] = [
    "prompt is too long",
    "input length and `max_tokens` exceed",
    "input length and max_tokens exceed",
    "exceed context limit",
    "maximum context length",
    "input is too long for requested model",
    "context window",
];

/// What they say when their content policy refuses the input, in lower case.
const CONTENT_POLICY: [&str; 3] = [
    "content filtering policy",
    "content_policy_violation",
    "violates our usage policy",
];

/// What Claude Code and other agents look for to compact their conversation.
const TOO_LONG: &str = "prompt is too long";

/// The `error` object of this API, and what others put there.
#[derive(Debug, Default, Deserialize)]
struct WireError {
    r#type: Option<Value>,
    message: Option<Value>,
    code: Option<Value>,
    param: Option<Value>,
    details: Option<Value>,
}

#[derive(Serialize)]
struct Reply<'a> {
    r#type: &'static str,
    error: ReplyError<'a>,
    request_id: Option<()>,
}

#[derive(Serialize)]
struct ReplyError<'a> {
    r#type: &'static str,
    message: &'a str,
}

/// Reads an upstream's error answer.
pub(super) fn decode(status: u16, body: &[u8]) -> ApiError {
    let error = match serde_json::from_slice::<Value>(body) {
        Ok(body) => body_error(body),
        // A page for people tells a client nothing.
        Err(_) if body.trim_ascii_start().starts_with(b"<") => WireError::default(),
        Err(_) => plain(cut(&String::from_utf8_lossy(body))),
    };
    error.to_canonical(Some(status))
}

/// Reads the `error` member of a stream's error event, or of a body that came with 200.
pub(super) fn in_stream(error: Option<&RawValue>) -> ApiError {
    let error = error.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
    error
        .map(error_member)
        .unwrap_or_default()
        .to_canonical(None)
}

fn body_error(body: Value) -> WireError {
    let Value::Object(mut body) = body else {
        return error_member(body);
    };
    if let Some(error) = body.remove("error").filter(|error| !error.is_null()) {
        return error_member(error);
    }
    WireError {
        r#type: body.remove("type"),
        message: ["message", "detail", "Message", "error_message"]
            .iter()
            .find_map(|key| body.remove(*key)),
        ..WireError::default()
    }
}

fn error_member(error: Value) -> WireError {
    match error {
        Value::String(message) => plain(message),
        error => serde_json::from_value(error).unwrap_or_default(),
    }
}

/// Writes an error body for a client.
pub(super) fn encode(error: &ApiError) -> Bytes {
    let reworded;
    let message = if error.kind == ErrorKind::ContextWindow
        && !error.message.to_ascii_lowercase().contains(TOO_LONG)
    {
        reworded = format!("{TOO_LONG}: {}", error.message);
        &reworded
    } else {
        &error.message
    };
    let reply = Reply {
        r#type: "error",
        error: ReplyError {
            r#type: error_type(error),
            message,
        },
        request_id: None,
    };
    serde_json::to_vec(&reply)
        .map(Bytes::from)
        .unwrap_or_default()
}

// === impl WireError ===

impl WireError {
    /// The error in canonical form; `status` is `None` inside a stream that began with 200.
    fn to_canonical(&self, status: Option<u16>) -> ApiError {
        let error_type = text(self.r#type.as_ref()).filter(|t| t != "error");
        let code = self
            .details
            .as_ref()
            .and_then(|details| text(details.get("error_code")))
            .or_else(|| text(self.code.as_ref()));
        let message = text(self.message.as_ref())
            .filter(|m| !m.trim().is_empty())
            .unwrap_or_else(|| match status {
                Some(status) => format!("the provider answered with status {status}"),
                None => "the provider broke off its answer".to_owned(),
            });
        let kind = kind(error_type.as_deref(), code.as_deref(), &message, status);
        let status = status.unwrap_or_else(|| match kind {
            ErrorKind::Overloaded => OVERLOADED,
            _ => kind.status(),
        });
        ApiError {
            kind,
            status,
            message,
            error_type,
            code,
            param: text(self.param.as_ref()),
        }
    }
}

fn plain(message: String) -> WireError {
    WireError {
        message: Some(Value::String(message)),
        ..WireError::default()
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn cut(body: &str) -> String {
    let body = body.trim();
    let mut end = body.len().min(MAX_TEXT);
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    body[..end].to_owned()
}

fn kind(
    error_type: Option<&str>,
    code: Option<&str>,
    said: &str,
    status: Option<u16>,
) -> ErrorKind {
    let by_status = status.map(ErrorKind::from_status);
    let kind = match error_type {
        Some("authentication_error") => ErrorKind::Authentication,
        Some("permission_error" | "billing_error") => ErrorKind::PermissionDenied,
        Some("not_found_error") => ErrorKind::NotFound,
        Some("request_too_large") => ErrorKind::RequestTooLarge,
        Some("rate_limit_error") => ErrorKind::RateLimited,
        Some("timeout_error") => ErrorKind::Timeout,
        Some("overloaded_error") => ErrorKind::Overloaded,
        Some("api_error") => by_status.unwrap_or(ErrorKind::Internal),
        Some("invalid_request_error") => by_status.unwrap_or(ErrorKind::InvalidRequest),
        _ => by_status.unwrap_or(ErrorKind::Internal),
    };
    // 413 is also how some servers say that the prompt does not fit; their words decide.
    if !matches!(
        kind,
        ErrorKind::InvalidRequest | ErrorKind::Unprocessable | ErrorKind::RequestTooLarge
    ) {
        return kind;
    }
    let said = said.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    if code == Some("context_length_exceeded") || says(&CONTEXT_WINDOW) {
        ErrorKind::ContextWindow
    } else if code == Some("content_policy_violation") || says(&CONTENT_POLICY) {
        ErrorKind::ContentPolicy
    } else {
        kind
    }
}

fn error_type(error: &ApiError) -> &'static str {
    match error.kind {
        _ if error.status == 402 => "billing_error",
        ErrorKind::InvalidRequest
        | ErrorKind::ContextWindow
        | ErrorKind::ContentPolicy
        | ErrorKind::Unprocessable => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::PermissionDenied => "permission_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::RequestTooLarge => "request_too_large",
        ErrorKind::RateLimited => "rate_limit_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Unavailable | ErrorKind::BadGateway | ErrorKind::Internal => "api_error",
    }
}
