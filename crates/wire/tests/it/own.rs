//! Shared by the tests of providers' own formats.

use std::fmt::Write as _;

use bytes::Bytes;
use lockgate_wire::canonical::{MediaFile, RawJson};
use lockgate_wire::dialect::{ReplyContext, TranslateError};
use lockgate_wire::json::JsonObject;
use lockgate_wire::own::OwnRequest;
use lockgate_wire::{DialectId, Operation};
use serde_json::Value;

pub(crate) fn object(body: &Value) -> JsonObject {
    JsonObject::parse(Bytes::from(body.to_string()), 64).unwrap()
}

pub(crate) fn raw(text: &str) -> RawJson {
    RawJson::parse(text).unwrap()
}

pub(crate) fn file(name: &str, content_type: &str, bytes: &'static str) -> MediaFile {
    MediaFile {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        bytes: Bytes::from_static(bytes.as_bytes()),
    }
}

pub(crate) fn reply() -> ReplyContext {
    ReplyContext {
        operation: Operation::ImageGeneration,
        model: "group".to_owned(),
        id: "c14c80c318eb451994606c92edd8cfb4".to_owned(),
        created: 1_751_371_234,
        include_usage: false,
        started: None,
        echo: None,
    }
}

/// A request as one reads it.
pub(crate) fn show(name: &str, written: Result<OwnRequest, TranslateError>) -> String {
    let mut out = format!("=== {name}\n");
    let request = match written {
        Ok(request) => request,
        Err(error) => return format!("{out}error: {error}\n\n"),
    };
    let path = request.path.as_deref().unwrap_or("(the provider's)");
    let query = if request.query.is_empty() { "" } else { "?" };
    writeln!(out, "{path}{query}{}", request.query).unwrap();
    writeln!(out, "content-type: {}", request.content_type).unwrap();
    for loss in &request.losses {
        writeln!(out, "lost: {:?} {}", loss.kind, loss.what).unwrap();
    }
    let body = String::from_utf8_lossy(&request.body).replace("\r\n", "\n");
    writeln!(out, "\n{}\n", body.trim_end()).unwrap();
    out
}

/// JSON over several lines.
pub(crate) fn pretty(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

/// Bodies that are no answer to anything.
pub(crate) const NO_ANSWERS: [&str; 5] =
    ["", "<html>", "5", r#"{"message":"no"}"#, r#"{"results":5}"#];

#[test]
fn errors_of_providers_are_understood() {
    for (status, body, message) in [
        (
            401,
            r#"{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"r"}"#,
            "Invalid credentials.",
        ),
        (
            400,
            r#"{"category":"INVALID_REQUEST","message":"Bad audio","details":"corrupt","request_id":"r"}"#,
            "Bad audio",
        ),
        (
            401,
            r#"{"detail":{"status":"invalid_api_key","message":"Invalid API key"}}"#,
            "Invalid API key",
        ),
        (
            400,
            r#"{"id":"e","name":"bad_request","errors":["prompt: is required","size: wrong"]}"#,
            "prompt: is required; size: wrong",
        ),
        (
            422,
            r#"{"detail":[{"loc":["body","prompt"],"msg":"field required","type":"missing"}]}"#,
            "body.prompt: field required",
        ),
        (
            404,
            r#"{"errors":[{"code":"model_not_supported","message":"no such model"}],"trace":"t","status_code":404}"#,
            "no such model",
        ),
    ] {
        let error = DialectId::OpenAiChat
            .dialect()
            .decode_error(status, body.as_bytes());
        assert_eq!((error.status, error.message.as_str()), (status, message));
    }
}
