//! Errors: OpenAI's error object, the `error` event, and what a failed response holds.

use serde::Serialize;
use serde_json::Value;

use super::super::openai::error::type_name;
pub(super) use super::super::openai::error::{decode, decode_frame, encode_with_code as encode};
use crate::canonical::{ApiError, ErrorKind};

/// The error in a failed response (API reference, `ResponseError`).
#[derive(Debug, Serialize)]
pub(super) struct FailureOut<'a> {
    code: &'static str,
    message: &'a str,
}

/// The members of an `error` event: those of the API reference (`ResponseErrorEvent`), and the
/// object that the API sends in their place (Open Responses, `ErrorStreamingEvent`).
#[derive(Debug, Serialize)]
pub(super) struct EventOut<'a> {
    #[serde(flatten)]
    said: SaidOut<'a>,
    error: ErrorOut<'a>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct SaidOut<'a> {
    code: &'a str,
    message: &'a str,
    param: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ErrorOut<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    said: SaidOut<'a>,
}

/// Reads the error of an event, or of a failed response.
pub(super) fn decode_event(frame: &[u8]) -> ApiError {
    let Ok(Value::Object(mut members)) = serde_json::from_slice::<Value>(frame) else {
        return decode_frame(frame);
    };
    let is_event = members.get("type").and_then(Value::as_str) == Some("error");
    if let Some(response) = members.get("response") {
        let error = response.get("error").filter(|error| error.is_object());
        let silent = serde_json::json!({ "message": "the upstream gave up without a reason" });
        let error = error.unwrap_or(&silent);
        return decode_frame(error.to_string().as_bytes());
    }
    if is_event && !members.get("error").is_some_and(Value::is_object) {
        // The event's own type says nothing about the error.
        members.remove("type");
    }
    decode_frame(Value::Object(members).to_string().as_bytes())
}

// === impl EventOut ===

impl<'a> From<&'a ApiError> for EventOut<'a> {
    fn from(error: &'a ApiError) -> Self {
        let said = SaidOut {
            code: code(error.kind),
            message: &error.message,
            param: error.param.as_deref(),
        };
        let kind = type_name(error);
        Self {
            said,
            error: ErrorOut { kind, said },
        }
    }
}

fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::Unprocessable => "invalid_request_error",
        ErrorKind::RequestTooLarge => "request_too_large",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::PermissionDenied => "permission_denied",
        ErrorKind::NotFound => "not_found",
        ErrorKind::RateLimited => "rate_limit_exceeded",
        ErrorKind::Timeout => "timeout",
        ErrorKind::ContextWindow => "context_length_exceeded",
        ErrorKind::ContentPolicy => "content_policy_violation",
        ErrorKind::Overloaded => "server_overloaded",
        ErrorKind::Unavailable => "server_unavailable",
        ErrorKind::BadGateway | ErrorKind::Internal => "server_error",
    }
}

// === impl FailureOut ===

impl<'a> From<&'a ApiError> for FailureOut<'a> {
    fn from(error: &'a ApiError) -> Self {
        Self {
            // The list of codes is closed; most of it is about images.
            code: match error.kind {
                ErrorKind::RateLimited => "rate_limit_exceeded",
                ErrorKind::InvalidRequest
                | ErrorKind::Unprocessable
                | ErrorKind::RequestTooLarge
                | ErrorKind::ContextWindow
                | ErrorKind::ContentPolicy => "invalid_prompt",
                _ => "server_error",
            },
            message: &error.message,
        }
    }
}
