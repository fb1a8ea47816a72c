//! Errors: whatever an upstream sends as one, and OpenAI's error object.

use serde::Serialize;
use serde_json::Value;

use crate::canonical::{ApiError, ErrorKind};

/// So much of a body that is no JSON is quoted in a message.
const QUOTED: usize = 500;

/// What servers say when the input is too long. Lower case.
const CONTEXT: &[&str] = &[
    "context_length_exceeded",
    "maximum context length",
    "context length exceeded",
    "exceeds the context",
    "exceed context",
    "exceed_context_size",
    "exceeds the available context",
    "exceeds the model's context",
    "exceeds the maximum number of tokens",
    "context window",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "string too long",
    "longer than the maximum model length",
    "longer than the model's context length",
    "maximum model length",
    "reduce the length of the messages",
    "too many input tokens",
    "input length and `max_tokens` exceed",
    "tokens_limit_reached",
];

/// What servers say when their content policy refuses the input. Lower case.
const POLICY: &[&str] = &[
    "content_policy_violation",
    "content management policy",
    "content policy",
    "content_filter",
    "responsibleaipolicyviolation",
    "moderation_blocked",
    "flagged as potentially violating",
    "rejected as a result of our safety system",
    "violates our usage policies",
    "data_inspection_failed",
];

/// Types that the gateway itself gives (reference section 2.4); they are kept whatever the status.
const OWN_TYPES: &[&str] = &[
    "auth_error",
    "expired_key",
    "token_not_found_in_db",
    "key_model_access_denied",
    "team_model_access_denied",
    "user_model_access_denied",
    "org_model_access_denied",
    "project_model_access_denied",
    "agent_model_access_denied",
    "budget_exceeded",
    "no_db_connection",
    "validation_error",
    "bad_request_error",
    "auth_provider_unavailable",
    "key_vector_store_access_denied",
    "tool_access_denied",
];

/// OpenAI's error object (reference section 2.4: the code is the status as a string).
#[derive(Debug, Serialize)]
struct ErrorOut<'a> {
    error: DetailsOut<'a>,
}

#[derive(Debug, Serialize)]
struct DetailsOut<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: String,
}

/// What an error body says, as far as it can be made out.
#[derive(Debug, Default)]
struct Said {
    message: Option<String>,
    kind: Option<String>,
    code: Option<String>,
    param: Option<String>,
    /// A status inside the body; the only one there is within a stream.
    status: Option<u16>,
}

/// Reads the body of an answer with an error status.
pub(in crate::dialects) fn decode(status: u16, body: &[u8]) -> ApiError {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => Said::read(&value).into_error(status),
        Err(_) => Said {
            message: Some(plain_message(status, body)),
            ..Said::default()
        }
        .into_error(status),
    }
}

/// Reads an error that came inside a stream, where the HTTP status was 200.
pub(in crate::dialects) fn decode_frame(frame: &[u8]) -> ApiError {
    let said = match serde_json::from_slice::<Value>(frame) {
        Ok(value) => Said::read(&value),
        Err(_) => Said {
            message: Some(String::from_utf8_lossy(frame).into_owned()),
            ..Said::default()
        },
    };
    let status = said.status.unwrap_or_else(|| said.implied_status());
    said.into_error(status)
}

/// Writes the error body for a client of chat completions; the code is the status, as LiteLLM's is.
pub(in crate::dialects) fn encode(error: &ApiError) -> bytes::Bytes {
    write(error, error.status.to_string())
}

/// Writes the error body for a client that looks for OpenAI's own codes.
pub(in crate::dialects) fn encode_with_code(error: &ApiError) -> bytes::Bytes {
    let status = || error.status.to_string();
    write(error, error.code.clone().unwrap_or_else(status))
}

fn write(error: &ApiError, code: String) -> bytes::Bytes {
    let out = ErrorOut {
        error: DetailsOut {
            message: &error.message,
            kind: type_name(error),
            param: error.param.as_deref(),
            code,
        },
    };
    // Strings always serialise.
    serde_json::to_vec(&out).unwrap_or_default().into()
}

/// The `type` of an error.
pub(in crate::dialects) fn type_name(error: &ApiError) -> &str {
    if let Some(kind) = error.error_type.as_deref()
        && ((matches!(error.status, 400 | 422) && !kind.contains(|c: char| c.is_ascii_uppercase()))
            || OWN_TYPES.contains(&kind))
    {
        return kind;
    }
    match error.status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "throttling_error",
        500.. => "internal_server_error",
        _ => "invalid_request_error",
    }
}

/// A sentence for a body that is no JSON: its text, or the title of an HTML page.
fn plain_message(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() {
        return format!("the upstream answered {status} without a body");
    }
    if !text.starts_with('<') {
        return text.chars().take(QUOTED).collect();
    }
    let title = text
        .find("<title>")
        .and_then(|at| text.get(at + "<title>".len()..))
        .and_then(|rest| rest.split('<').next())
        .map(str::trim)
        .filter(|title| !title.is_empty());
    match title {
        Some(title) => format!("the upstream answered {status} with a web page: {title}"),
        None => format!("the upstream answered {status} with a web page"),
    }
}

// === impl Said ===

impl Said {
    fn read(value: &Value) -> Self {
        let value = match value {
            // Google wraps the object in a list.
            Value::Array(list) => list.first().unwrap_or(&Value::Null),
            value => value,
        };
        let inner = match value.get("error") {
            Some(Value::String(message)) => {
                let outer = Self::members(value);
                return Self {
                    message: outer.message.or_else(|| Some(message.clone())),
                    ..outer
                };
            }
            Some(inner) if inner.is_object() => inner,
            _ => value,
        };
        let mut said = Self::members(inner);
        if let Some(raw) = inner.pointer("/metadata/raw").and_then(Value::as_str) {
            // OpenRouter's own sentence says only that the provider failed.
            let message = said.message.take().unwrap_or_default();
            said.message = Some(format!("{message}: {raw}"));
        }
        said
    }

    fn members(value: &Value) -> Self {
        let text = |name: &str| match value.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        let number = |name: &str| match value.get(name) {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let status = ["code", "status", "status_code"]
            .into_iter()
            .filter_map(number)
            .find(|status| (400..600).contains(status));
        let details = || match value.get("detail").or_else(|| value.get("errors")) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => Some(validation_message(other)),
        };
        Self {
            message: text("message")
                .or_else(|| text("msg"))
                .or_else(details)
                .or_else(|| text("error_description"))
                .or_else(|| text("title")),
            kind: text("type").or_else(|| text("status")),
            code: text("code"),
            param: text("param"),
            status: status.and_then(|status| u16::try_from(status).ok()),
        }
    }

    /// The status that the words of an error inside a stream stand for.
    fn implied_status(&self) -> u16 {
        let words = [self.kind.as_deref(), self.code.as_deref()];
        let has = |word: &str| words.iter().flatten().any(|said| said.contains(word));
        if has("rate_limit") || has("insufficient_quota") || has("RESOURCE_EXHAUSTED") {
            429
        } else if has("overloaded") || has("unavailable") {
            503
        } else if has("authentication") || has("invalid_api_key") {
            401
        } else if has("permission") {
            403
        } else if has("not_found") {
            404
        } else if has("timeout") {
            408
        } else if has("invalid_request") || has("BadRequest") || has("context_length") {
            400
        } else {
            500
        }
    }

    fn into_error(self, status: u16) -> ApiError {
        let kind = self.error_kind(status);
        ApiError {
            kind,
            status: client_status(status, kind),
            message: self
                .message
                .unwrap_or_else(|| format!("the upstream answered {status} and no reason")),
            error_type: self.kind,
            code: self.code,
            param: self.param,
        }
    }

    /// What went wrong: the status says it, and for what was wrong with the input, the words.
    fn error_kind(&self, status: u16) -> ErrorKind {
        let said = [&self.message, &self.code, &self.kind].map(|part| {
            let part = part.as_deref().unwrap_or_default();
            part.to_ascii_lowercase()
        });
        let says = |phrases: &[&str]| {
            let mut parts = said.iter();
            parts.any(|part| phrases.iter().any(|phrase| part.contains(phrase)))
        };
        let about_input = matches!(status, 400 | 413 | 422 | 500);
        if about_input && says(CONTEXT) {
            ErrorKind::ContextWindow
        } else if (about_input || status == 403) && says(POLICY) {
            ErrorKind::ContentPolicy
        } else if status == 400 && says(&["model_not_found"]) {
            ErrorKind::NotFound
        } else if matches!(status, 500 | 503) && says(&["overloaded"]) {
            ErrorKind::Overloaded
        } else {
            ErrorKind::from_status(status)
        }
    }
}

/// The upstream's status where it fits the kind, so that what is special about it survives.
fn client_status(status: u16, kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::Timeout | ErrorKind::Overloaded => kind.status(),
        _ if status >= 400 && ErrorKind::from_status(status) == kind => status,
        _ => kind.status(),
    }
}

/// `FastAPI`'s list of what is wrong where, as one sentence.
fn validation_message(detail: &Value) -> String {
    let Value::Array(items) = detail else {
        return detail.to_string();
    };
    let sentence = |item: &Value| {
        let place = item.get("loc").and_then(Value::as_array).map(|place| {
            let place = place.iter().map(|step| match step {
                Value::String(name) => name.clone(),
                other => other.to_string(),
            });
            place.collect::<Vec<_>>().join(".")
        });
        match (place, item.get("msg").and_then(Value::as_str)) {
            (Some(place), Some(reason)) => format!("{place}: {reason}"),
            (None, Some(reason)) => reason.to_owned(),
            _ => item.to_string(),
        }
    };
    items.iter().map(sentence).collect::<Vec<_>>().join("; ")
}
