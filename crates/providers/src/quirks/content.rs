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
