//! Quirks of chat messages: the only ones that look below the top level.

use lockgate_wire::json::JsonObject;
use serde_json::Value;

/// Joins content that is a list of text parts; only in messages of `role` when one is given.
pub(super) fn flatten(body: &mut JsonObject, role: Option<&str>) {
    edit_messages(body, has_list_content, |message| {
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

/// Removes the participant names that only OpenAI knows.
pub(super) fn strip_names(body: &mut JsonObject) {
    edit_messages(
        body,
        |raw| finder(b"\"name\"", raw).next().is_some(),
        |message| {
            if message.get("role").and_then(Value::as_str) == Some("tool") {
                return false;
            }
            message
                .as_object_mut()
                .is_some_and(|members| members.shift_remove("name").is_some())
        },
    );
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

fn finder<'a>(needle: &'a [u8], raw: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(raw, needle)
}

/// Runs `edit` on every message and writes the list back when one says that it changed something.
/// Messages are read as trees only when `may_matter` says so.
fn edit_messages(
    body: &mut JsonObject,
    may_matter: impl FnOnce(&[u8]) -> bool,
    mut edit: impl FnMut(&mut Value) -> bool,
) {
    let Some(raw) = body.get("messages").filter(|raw| may_matter(raw)) else {
        return;
    };
    let Ok(mut messages) = serde_json::from_slice::<Vec<Value>>(raw) else {
        return;
    };
    let mut changed = false;
    for message in &mut messages {
        changed |= edit(message);
    }
    if changed {
        body.set("messages", Value::Array(messages).to_string());
    }
}
