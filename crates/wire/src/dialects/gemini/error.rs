//! Errors: `google.rpc.Status`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::proto::Count;
use crate::canonical::{ApiError, ErrorKind};

/// Phrases by which an input that is too long is told, lower case.
const TOO_LONG: &[&str] = &[
    "exceeds the maximum number of tokens",
    "maximum number of tokens allowed",
    "exceeds the context",
    "maximum context length",
    "context window",
];

/// Phrases by which a refusal of the prompt is told, lower case.
const POLICY: &[&str] = &[
    "responsible ai",
    "safety filter",
    "content policy",
    "prohibited_content",
    "prompt was blocked",
    "prompt is blocked",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    code: Option<Count>,
    message: Option<String>,
    status: Option<String>,
    details: Option<Value>,
}

/// Reads an error answer, whatever it is. Streams without `alt=sse` wrap it in an array.
pub(super) fn decode(status: u16, body: &[u8]) -> ApiError {
    let value = serde_json::from_slice::<Value>(body).ok();
    let value = match value {
        Some(Value::Array(mut list)) if !list.is_empty() => Some(list.swap_remove(0)),
        other => other,
    };
    let Some(Value::Object(mut object)) = value else {
        return plain(status, body);
    };
    match object.remove("error") {
        Some(Value::Object(error)) => from_value(status, Value::Object(error)),
        Some(Value::String(message)) => classify(status, message, None, None),
        _ => {
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            match text("message").or_else(|| text("detail")) {
                Some(message) => classify(status, message.to_owned(), None, None),
                None => plain(status, body),
            }
        }
    }
}

/// Reads the object inside an `error` member; a status of 200 means that only it knows.
pub(super) fn from_object(status: u16, raw: &[u8]) -> ApiError {
    match serde_json::from_slice(raw) {
        Ok(Value::String(message)) => classify(status, message, None, None),
        Ok(value) => from_value(status, value),
        Err(_) => plain(status, raw),
    }
}

fn from_value(status: u16, value: Value) -> ApiError {
    let fallback = value.to_string();
    let error: Status = serde_json::from_value(value).unwrap_or_default();
    let told = error.code.and_then(|code| u16::try_from(code.0).ok());
    let status = match told {
        Some(told) if status < 400 => told,
        _ => status,
    };
    let details = error.details.as_ref();
    let reason = detail(details, |d| d.get("reason"));
    let mut out = classify(
        status,
        error.message.unwrap_or(fallback),
        error.status,
        reason,
    );
    out.param = detail(details, |d| {
        d.get("fieldViolations")?.as_array()?.first()?.get("field")
    });
    out
}

/// The first string that `get` finds in the list of details.
fn detail(details: Option<&Value>, get: impl Fn(&Value) -> Option<&Value>) -> Option<String> {
    let list = details?.as_array()?;
    list.iter()
        .find_map(|detail| get(detail)?.as_str())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// An error that is no JSON: its text when it is short and no page, else a sentence of ours.
fn plain(status: u16, body: &[u8]) -> ApiError {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let message = if text.is_empty() || text.starts_with('<') {
        format!("The upstream answered with status {status}.")
    } else {
        text.chars().take(1000).collect()
    };
    classify(status, message, None, None)
}

fn classify(
    status: u16,
    message: String,
    error_type: Option<String>,
    code: Option<String>,
) -> ApiError {
    let by_status = if status >= 400 {
        ErrorKind::from_status(status)
    } else {
        ErrorKind::BadGateway
    };
    let lower = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let over_limit = lower.contains("token count") && lower.contains("exceeds");
    let special = if code.as_deref() == Some("API_KEY_INVALID")
        || lower.contains("api key not valid")
        || lower.contains("api key expired")
    {
        Some(ErrorKind::Authentication)
    } else if says(TOO_LONG) || over_limit {
        Some(ErrorKind::ContextWindow)
    } else if says(POLICY) {
        Some(ErrorKind::ContentPolicy)
    } else if by_status == ErrorKind::Unavailable && lower.contains("overloaded") {
        Some(ErrorKind::Overloaded)
    } else {
        None
    };
    // A refusal that is only an outage in disguise stays one.
    let special = special.filter(|_| status < 500 || by_status == ErrorKind::Unavailable);
    let kind = special
        .or_else(|| by_name(error_type.as_deref()?))
        .unwrap_or(by_status);
    let status = match special {
        None if status >= 400 => status,
        _ => kind.status(),
    };
    ApiError {
        kind,
        status,
        message,
        error_type,
        code,
        param: None,
    }
}

/// What a `google.rpc.Code` means.
fn by_name(name: &str) -> Option<ErrorKind> {
    Some(match name {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => ErrorKind::InvalidRequest,
        "UNAUTHENTICATED" => ErrorKind::Authentication,
        "PERMISSION_DENIED" => ErrorKind::PermissionDenied,
        "NOT_FOUND" => ErrorKind::NotFound,
        "RESOURCE_EXHAUSTED" => ErrorKind::RateLimited,
        "DEADLINE_EXCEEDED" => ErrorKind::Timeout,
        "UNAVAILABLE" => ErrorKind::Unavailable,
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" => ErrorKind::Internal,
        _ => return None,
    })
}

/// The `google.rpc.Code` for a kind of error.
fn name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest
        | ErrorKind::RequestTooLarge
        | ErrorKind::Unprocessable
        | ErrorKind::ContextWindow
        | ErrorKind::ContentPolicy => "INVALID_ARGUMENT",
        ErrorKind::Authentication => "UNAUTHENTICATED",
        ErrorKind::PermissionDenied => "PERMISSION_DENIED",
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::RateLimited => "RESOURCE_EXHAUSTED",
        ErrorKind::Timeout => "DEADLINE_EXCEEDED",
        ErrorKind::Overloaded | ErrorKind::Unavailable => "UNAVAILABLE",
        ErrorKind::BadGateway | ErrorKind::Internal => "INTERNAL",
    }
}

#[derive(Debug, Serialize)]
struct ErrorOut<'a> {
    error: StatusOut<'a>,
}

#[derive(Debug, Serialize)]
struct StatusOut<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[BadRequest<'a>; 1]>,
}

/// `google.rpc.BadRequest`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BadRequest<'a> {
    #[serde(rename = "@type")]
    type_url: &'static str,
    field_violations: [FieldViolation<'a>; 1],
}

#[derive(Debug, Serialize)]
struct FieldViolation<'a> {
    field: &'a str,
    description: &'a str,
}

/// Writes an error body; also the frame that ends a stream, which the SDKs know by its beginning.
pub(super) fn encode(error: &ApiError) -> Bytes {
    let details = error.param.as_deref().map(|field| {
        [BadRequest {
            type_url: "type.googleapis.com/google.rpc.BadRequest",
            field_violations: [FieldViolation {
                field,
                description: &error.message,
            }],
        }]
    });
    let out = ErrorOut {
        error: StatusOut {
            code: error.status,
            message: &error.message,
            status: name(error.kind),
            details,
        },
    };
    serde_json::to_vec(&out)
        .map(Bytes::from)
        .unwrap_or_default()
}
