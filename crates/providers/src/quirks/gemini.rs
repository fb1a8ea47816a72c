//! Quirks of Gemini requests, which look below the top level.

use lockgate_wire::json::JsonObject;
use serde_json::{Map, Value, json};

/// Members of a part, in both spellings that Google reads.
const CALLS: &[&str] = &[
    "functionCall",
    "function_call",
    "functionResponse",
    "function_response",
];

/// Removes the ids of function calls and of their results.
pub(super) fn drop_ids(body: &mut JsonObject) {
    let Some(raw) = body.get("contents") else {
        return;
    };
    // Most requests have none, and are not read as trees.
    if memchr::memmem::find(raw, b"unction").is_none() {
        return;
    }
    let Ok(mut contents) = serde_json::from_slice::<Value>(raw) else {
        return;
    };
    let mut changed = false;
    // A single content, and a single part, may stand without their lists.
    for content in items(&mut contents) {
        let Some(parts) = content.get_mut("parts") else {
            continue;
        };
        for part in items(parts) {
            for name in CALLS {
                let call = part.get_mut(name).and_then(Value::as_object_mut);
                changed |= call.is_some_and(|call| call.shift_remove("id").is_some());
            }
        }
    }
    if changed {
        body.set("contents", contents.to_string());
    }
}

/// Writes a batch of embedding requests as a prediction has them: texts with their tasks in
/// `instances`, what holds for all of them in `parameters`.
///
/// Vertex AI API reference, "Text embeddings API".
pub(super) fn predict_embeddings(body: &mut JsonObject) {
    let requests = body.get("requests").map(serde_json::from_slice);
    let Some(Ok(requests)) = requests else { return };
    let requests: Vec<Map<String, Value>> = requests;
    let mut parameters = Map::new();
    let mut instances = Vec::with_capacity(requests.len());
    for mut request in requests {
        let texts = request.get("content").and_then(|content| {
            let parts = content.get("parts")?.as_array()?.iter();
            parts.map(|part| part.get("text")?.as_str()).collect()
        });
        let texts: Vec<&str> = texts.unwrap_or_default();
        let mut instance = Map::new();
        instance.insert("content".to_owned(), texts.join("\n").into());
        for (from, to) in [("taskType", "task_type"), ("title", "title")] {
            if let Some(value) = request.remove(from) {
                instance.insert(to.to_owned(), value);
            }
        }
        request.remove("model");
        request.remove("content");
        instances.push(instance);
        // The length of the vectors, and whether long texts are cut.
        parameters.append(&mut request);
    }
    body.remove("requests");
    body.set("instances", json!(instances).to_string());
    if !parameters.is_empty() {
        body.set("parameters", json!(parameters).to_string());
    }
}

fn items(value: &mut Value) -> &mut [Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_mut(one),
    }
}
