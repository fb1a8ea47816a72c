//! What an agent hears of an answer, and how it goes on from there.

use lockgate_wire::DialectId;
use lockgate_wire::canonical::{FinishReason, StreamEvent, Usage};
use serde_json::{Value, json};

/// An answer as far as it was heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) text: String,
    pub(super) thinking: String,
    pub(super) signature: Option<String>,
    pub(super) calls: Vec<Call>,
    pub(super) usage: Usage,
    pub(super) finish: Option<FinishReason>,
    pub(super) ended: bool,
}

/// A call as it was heard.
#[derive(Debug, Default, Clone)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

// === impl Heard ===

impl Heard {
    pub(super) fn add(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Text { text, .. } => self.text.push_str(&text),
            StreamEvent::Thinking { text, .. } => self.thinking.push_str(&text),
            StreamEvent::Signature { signature, .. } => self.signature = Some(signature),
            StreamEvent::ToolStart { id, name, .. } => self.calls.push(Call {
                id,
                name,
                arguments: String::new(),
            }),
            StreamEvent::ToolArguments { index, json, .. } => {
                self.calls[index as usize].arguments.push_str(&json);
            }
            StreamEvent::Usage(usage) => self.usage = usage,
            StreamEvent::Finish { reason, .. } => self.finish = Some(reason),
            StreamEvent::End => self.ended = true,
            StreamEvent::Error(error) => panic!("{error:?}"),
            _ => {}
        }
    }

    /// How much was heard.
    pub(super) fn length(&self) -> usize {
        let calls = self.calls.iter().map(|call| call.arguments.len());
        self.text.len() + self.thinking.len() + calls.sum::<usize>()
    }
}

/// Appends to an agent's request what it heard, and the results of the calls.
pub(super) fn go_on(
    client: DialectId,
    keeps_proofs: bool,
    request: &mut Value,
    heard: &Heard,
    bytes: &[u8],
) {
    match client {
        DialectId::Anthropic => anthropic(request, heard),
        DialectId::OpenAiResponses => responses(request, bytes),
        DialectId::Gemini => gemini(request, bytes),
        _ => chat(request, heard, keeps_proofs),
    }
}

/// What the tool answered the call.
pub(super) fn result(id: &str) -> String {
    format!("result of {}", id.split("__thought__").next().unwrap())
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

fn anthropic(request: &mut Value, heard: &Heard) {
    let mut content = Vec::new();
    if !heard.thinking.is_empty() {
        let signature = heard.signature.as_deref().unwrap_or_default();
        content.push(
            json!({ "type": "thinking", "thinking": heard.thinking, "signature": signature }),
        );
    }
    content.push(json!({ "type": "text", "text": heard.text }));
    let mut results = Vec::new();
    for call in &heard.calls {
        let input: Value = serde_json::from_str(&call.arguments).unwrap();
        content
            .push(json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input }));
        results.push(
            json!({ "type": "tool_result", "tool_use_id": call.id, "content": result(&call.id) }),
        );
    }
    let messages = &mut request["messages"];
    push(messages, json!({ "role": "assistant", "content": content }));
    push(messages, json!({ "role": "user", "content": results }));
}

/// Codex sends the items back as they came, but for their ids: nothing is stored.
fn responses(request: &mut Value, bytes: &[u8]) {
    let events = lockgate_testkit::sse_events(bytes);
    let end = events.last().unwrap().json();
    assert_eq!(end["type"], "response.completed", "{end}");
    let items = end["response"]["output"].as_array().unwrap();
    let mut results = Vec::new();
    for item in items {
        let mut item = item.clone();
        item.as_object_mut().unwrap().remove("id");
        if let Some(id) = item["call_id"].as_str() {
            let kind = format!("{}_output", item["type"].as_str().unwrap());
            results.push(json!({ "type": kind, "call_id": id, "output": result(id) }));
        }
        push(&mut request["input"], item);
    }
    for result in results {
        push(&mut request["input"], result);
    }
}

/// Gemini CLI sends the parts back as they came.
fn gemini(request: &mut Value, bytes: &[u8]) {
    let events = lockgate_testkit::sse_events(bytes);
    let mut parts = Vec::new();
    let mut results = Vec::new();
    for event in events {
        let content = &event.json()["candidates"][0]["content"];
        for part in content["parts"].as_array().into_iter().flatten() {
            let call = &part["functionCall"];
            if call.is_object() {
                let id = call["id"].as_str().unwrap();
                let response = json!({ "output": result(id) });
                results.push(json!({ "functionResponse": { "id": id, "name": call["name"], "response": response } }));
            }
            parts.push(part.clone());
        }
    }
    let contents = &mut request["contents"];
    push(contents, json!({ "role": "model", "parts": parts }));
    push(contents, json!({ "role": "user", "parts": results }));
}

fn chat(request: &mut Value, heard: &Heard, keeps_proofs: bool) {
    let calls = heard.calls.iter().map(|call| {
        let function = json!({ "name": call.name, "arguments": call.arguments });
        json!({ "id": call.id, "type": "function", "function": function })
    });
    let mut message = json!({
        "role": "assistant",
        "content": heard.text,
        "tool_calls": calls.collect::<Vec<_>>(),
    });
    if keeps_proofs {
        message["reasoning_content"] = json!(heard.thinking);
        if let Some(signature) = &heard.signature {
            let block =
                json!({ "type": "thinking", "thinking": heard.thinking, "signature": signature });
            message["thinking_blocks"] = json!([block]);
        }
    }
    let messages = &mut request["messages"];
    push(messages, message);
    for call in &heard.calls {
        push(
            messages,
            json!({ "role": "tool", "tool_call_id": call.id, "content": result(&call.id) }),
        );
    }
}
