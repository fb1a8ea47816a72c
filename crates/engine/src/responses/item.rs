//! An item of a request as a response lists it: with all that a client may leave out.
//!
//! Source: OpenAI API reference, `ItemResource`, and which of its members are required.

use serde_json::{Map, Value, json};

/// Completes the item at `number` of the input.
pub(super) fn complete(item: &mut Value, number: usize) {
    let Some(item) = item.as_object_mut() else {
        return;
    };
    if item.contains_key("role") {
        or_set(item, "type", || "message".into());
    }
    or_set(item, "id", || format!("item_{number:04}").into());
    match item.get("type").and_then(Value::as_str) {
        Some("message") => message(item),
        Some(
            "function_call"
            | "function_call_output"
            | "custom_tool_call"
            | "custom_tool_call_output",
        ) => or_set(item, "status", || "completed".into()),
        Some("reasoning") => or_set(item, "summary", || json!([])),
        _ => {}
    }
}

fn message(item: &mut Map<String, Value>) {
    or_set(item, "status", || "completed".into());
    let answered = item.get("role").is_some_and(|role| role == "assistant");
    let kind = if answered {
        "output_text"
    } else {
        "input_text"
    };
    if let Some(text) = item.get("content").filter(|content| content.is_string()) {
        let content = json!([{ "type": kind, "text": text }]);
        item.insert("content".to_owned(), content);
    }
    let parts = item.get_mut("content").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
        match part.get("type").and_then(Value::as_str) {
            Some("output_text") => {
                or_set(part, "annotations", || json!([]));
                or_set(part, "logprobs", || json!([]));
            }
            Some("input_image") => or_set(part, "detail", || "auto".into()),
            _ => {}
        }
    }
}

/// Sets a member that is not there, or null.
fn or_set(members: &mut Map<String, Value>, name: &str, value: impl FnOnce() -> Value) {
    if members.get(name).is_none_or(Value::is_null) {
        members.insert(name.to_owned(), value());
    }
}
