//! Errors: an HTTP status, the exception's name in the header `x-amzn-errortype`, and a body
//! `{"message"}`; in a stream the name is a header of the frame.
//!
//! Source: service model, exceptions of `Converse` and `ConverseStream`; user guide,
//! "Troubleshooting Amazon Bedrock API error codes".

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{ApiError, ErrorKind};

/// The header that holds the exception's name.
pub(super) const HEADER: &str = "x-amzn-errortype";

/// Longer bodies that are not JSON are cut here, in characters.
const MAX_TEXT: usize = 500;

/// What models say when the input does not fit, in lower case.
const CONTEXT_WINDOW: [&str; 9] = [
    "input is too long",
    "prompt is too long",
    "too many input tokens",
    "input length and `max_tokens` exceed",
    "input length and max_tokens exceed",
    "exceed context limit",
    "maximum context length",
    "context window",
    "exceeds the maximum number of input tokens",
];

/// What they say when their content policy refuses the input, in lower case.
const CONTENT_POLICY: [&str; 4] = [
    "content filtering policy",
    "blocked by our content filters",
    "content policy",
    "violates our usage policy",
];

/// What the API says of credentials it does not take; the status is 403, as for a lack of rights.
const CREDENTIALS: [&str; 6] = [
    "security token included in the request",
    "request signature we calculated",
    "missing authentication token",
    "signature expired",
    "api key",
    "bearer token",
];

/// What agents look for to compact their conversation.
const TOO_LONG: &str = "Input is too long for requested model";

#[derive(Debug, Default, Deserialize)]
struct WireError {
    message: Option<Value>,
    #[serde(rename = "Message")]
    message_old: Option<Value>,
    detail: Option<Value>,
    error: Option<Value>,
    #[serde(rename = "__type")]
    r#type: Option<String>,
    code: Option<Value>,
}

#[derive(Serialize)]
struct Reply<'a> {
    // Beside the header, because a proxy may drop that and SDKs look here, too.
    #[serde(rename = "__type")]
    r#type: &'static str,
    message: &'a str,
}

/// Reads an upstream's error answer; the `header` of [`HEADER`] says what it is best.
pub(super) fn decode(status: u16, header: Option<&str>, body: &[u8]) -> ApiError {
    let error: WireError = serde_json::from_slice(body).unwrap_or_else(|_| WireError {
        message: Some(Value::String(plain(body))),
        ..WireError::default()
    });
    let code = text(error.code.as_ref());
    let name = header
        .or(error.r#type.as_deref())
        .or(code.as_deref())
        .map(bare);
    let message = [
        error.message.as_ref(),
        error.message_old.as_ref(),
        error.error.as_ref().and_then(|error| error.get("message")),
        error.error.as_ref(),
        error.detail.as_ref(),
    ]
    .into_iter()
    .find_map(text)
    .filter(|message| !message.trim().is_empty())
    .unwrap_or_else(|| format!("the provider answered with status {status}"));
    classify(Some(status), name, message)
}

/// Reads the exception `name` of a stream, or an error of its framing.
pub(super) fn in_stream(name: &str, payload: &[u8]) -> ApiError {
    let error: WireError = serde_json::from_slice(payload).unwrap_or_default();
    let message = text(error.message.as_ref())
        .or_else(|| text(error.message_old.as_ref()))
        .filter(|message| !message.trim().is_empty())
        .unwrap_or_else(|| "the provider broke off its answer".to_owned());
    classify(None, Some(bare(name)), message)
}

/// Reads what came with status 200 in place of an answer.
pub(super) fn in_answer(message: &str) -> ApiError {
    classify(None, None, message.to_owned())
}

/// Writes an error body for a client.
pub(super) fn encode(error: &ApiError) -> Bytes {
    let reply = Reply {
        r#type: exception(error),
        message: &message(error),
    };
    serde_json::to_vec(&reply)
        .map(Bytes::from)
        .unwrap_or_default()
}

/// The name of the exception that `error` is in this API: the value of the header
/// `x-amzn-errortype`, by which SDKs choose the type they raise.
pub fn exception(error: &ApiError) -> &'static str {
    match error.kind {
        ErrorKind::InvalidRequest
        | ErrorKind::RequestTooLarge
        | ErrorKind::Unprocessable
        | ErrorKind::ContextWindow
        | ErrorKind::ContentPolicy => "ValidationException",
        ErrorKind::Authentication => "UnrecognizedClientException",
        ErrorKind::PermissionDenied => "AccessDeniedException",
        ErrorKind::NotFound => "ResourceNotFoundException",
        ErrorKind::RateLimited => "ThrottlingException",
        ErrorKind::Timeout => "ModelTimeoutException",
        ErrorKind::Overloaded | ErrorKind::Unavailable => "ServiceUnavailableException",
        ErrorKind::BadGateway => "ModelErrorException",
        ErrorKind::Internal => "InternalServerException",
    }
}

/// The exception of a stream; there are fewer of them.
pub(super) fn stream_exception(error: &ApiError) -> &'static str {
    match exception(error) {
        "ThrottlingException" => "throttlingException",
        "ServiceUnavailableException" => "serviceUnavailableException",
        "InternalServerException" => "internalServerException",
        "ModelTimeoutException" | "ModelErrorException" => "modelStreamErrorException",
        _ => "validationException",
    }
}

/// The sentence for a person.
pub(super) fn message(error: &ApiError) -> std::borrow::Cow<'_, str> {
    let lower = error.message.to_ascii_lowercase();
    if error.kind == ErrorKind::ContextWindow && !lower.contains("too long") {
        return format!("{TOO_LONG}: {}", error.message).into();
    }
    error.message.as_str().into()
}

/// A name without its namespace and what may follow: `com.amazon#ThrottlingException:http://...`.
fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or(name);
    name.rsplit_once('#').map_or(name, |(_, name)| name)
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A body that is no JSON; a page for people tells a client nothing.
fn plain(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.starts_with('<') {
        return String::new();
    }
    text.chars().take(MAX_TEXT).collect()
}

fn classify(status: Option<u16>, name: Option<&str>, message: String) -> ApiError {
    let by_status = status.filter(|status| *status >= 400);
    let kind = name
        .and_then(by_name)
        .or_else(|| {
            by_status.map(|status| match status {
                // The model failed, not the request, whatever the class of the status says.
                424 => ErrorKind::BadGateway,
                status => ErrorKind::from_status(status),
            })
        })
        .unwrap_or(ErrorKind::Internal);
    let lower = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let kind = match kind {
        ErrorKind::InvalidRequest | ErrorKind::Unprocessable | ErrorKind::RequestTooLarge => {
            if says(&CONTEXT_WINDOW) {
                ErrorKind::ContextWindow
            } else if says(&CONTENT_POLICY) {
                ErrorKind::ContentPolicy
            } else {
                kind
            }
        }
        ErrorKind::PermissionDenied if says(&CREDENTIALS) => ErrorKind::Authentication,
        kind => kind,
    };
    let kept = by_status.filter(|status| ErrorKind::from_status(*status) == kind);
    ApiError {
        kind,
        status: kept.unwrap_or_else(|| kind.status()),
        message,
        error_type: name.map(str::to_owned),
        code: None,
        param: None,
    }
}

/// What an exception means; streams begin their names in lower case.
fn by_name(name: &str) -> Option<ErrorKind> {
    let name = name.strip_suffix("Exception").unwrap_or(name);
    Some(match name.to_ascii_lowercase().as_str() {
        "validation" | "conflict" | "serialization" => ErrorKind::InvalidRequest,
        "unrecognizedclient"
        | "expiredtoken"
        | "invalidsignature"
        | "incompletesignature"
        | "missingauthenticationtoken"
        | "invalidclienttokenid" => ErrorKind::Authentication,
        "accessdenied" => ErrorKind::PermissionDenied,
        "resourcenotfound" | "unknownoperation" => ErrorKind::NotFound,
        "throttling" | "toomanyrequests" | "servicequotaexceeded" => ErrorKind::RateLimited,
        "modeltimeout" => ErrorKind::Timeout,
        // The API answers this with 429, and its SDKs simply try again.
        "modelnotready" | "serviceunavailable" => ErrorKind::Unavailable,
        "modelerror" | "modelstreamerror" => ErrorKind::BadGateway,
        "internalserver" | "internalfailure" => ErrorKind::Internal,
        _ => return None,
    })
}
