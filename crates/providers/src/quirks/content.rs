//! Quirks of message content.

use lockgate_wire::json::JsonObject;
use serde_json::Value;

use super::messages::{edit_each, finder};

/// Joins content that is a list of text parts; only in messages of `role` when one is given.
pub(super) fn flatten(body: &mut JsonObject, role: Option<&str>) {
    edit_each(body, has_list_content, |message| {
        if role.is_some_and(|role| message.get("role").and_then(Value::as_str) != Some(role)) {
            return false;
        }
        let Some(content) = message.get_mut("content") else {
            return false;
        };
        let Some(text) = content.as_array().and_then(|parts| join(parts)) else {
            return false;
        };
        *content = Value::String(text);
        true
    });
}

/// The text of a list that has nothing but text parts.
fn join(parts: &[Value]) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        if part.get("type")?.as_str()? != "text" {
            return None;
        }
        text.push_str(part.get("text")?.as_str()?);
    }
    Some(text)
}

/// Whether any `"content"` is followed by a list. Cheap, because most requests have none.
fn has_list_content(raw: &[u8]) -> bool {
    const CONTENT: &[u8] = b"\"content\"";
    finder(CONTENT, raw).any(|at| {
        let rest = raw[at + CONTENT.len()..].trim_ascii_start();
        rest.strip_prefix(b":")
            .is_some_and(|value| value.trim_ascii_start().starts_with(b"["))
    })
}

/// Texts and objects as Voyage's multimodal models take them.
///
/// An object is taken as the client wrote it, but for pictures in `data:` URLs, which have a member
/// of their own.
pub(super) fn multimodal_inputs(body: &mut JsonObject) {
    let input = body
        .get("input")
        .and_then(|raw| serde_json::from_slice::<Value>(raw).ok());
    let inputs = match input {
        Some(Value::Array(inputs)) => inputs,
        Some(input) => vec![input],
        None => return,
    };
    let inputs: Vec<Value> = inputs.into_iter().map(multimodal).collect();
    body.remove("input");
    if !body.is_set("inputs") {
        body.set("inputs", Value::from(inputs).to_string());
    }
}

fn multimodal(input: Value) -> Value {
    let mut object = match input {
        Value::String(text) => {
            return serde_json::json!({"content": [{"type": "text", "text": text}]});
        }
        object => object,
    };
    if let Some(Value::Array(parts)) = object.get_mut("content") {
        parts.iter_mut().for_each(plain_picture);
    }
    object
}

/// OpenAI's `{"image_url": {"url": ...}}` as Voyage has it.
fn plain_picture(part: &mut Value) {
    let url = part
        .pointer("/image_url/url")
        .or_else(|| part.get("image_url"))
        .and_then(Value::as_str);
    let Some(url) = url.map(str::to_owned) else {
        return;
    };
    *part = if url.starts_with("data:") {
        serde_json::json!({"type": "image_base64", "image_base64": url})
    } else {
        serde_json::json!({"type": "image_url", "image_url": url})
    };
}
