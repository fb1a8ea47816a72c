//! Cohere's API v2: chat, embeddings and rerank (Cohere API reference).

use bytes::Bytes;
use serde_json::{Value, json};

use super::vector;
use crate::mock::answer::{Answer, Failure, Finish, INPUT_TOKENS, Part, ToolCall};

const ID: &str = "c14c80c3-18eb-4519-9460-6c92edd8cfb4";
const DIMENSIONS: usize = 8;

/// Writes the events of one stream.
#[derive(Default)]
struct Events {
    frames: Vec<Bytes>,
}

pub(in crate::mock) fn whole(answer: &Answer) -> Value {
    let content: Vec<Value> = answer.parts.iter().filter_map(content).collect();
    let calls: Vec<Value> = answer
        .tools()
        .map(|call| tool_call(call, &call.arguments_text()))
        .collect();
    let mut message = json!({ "role": "assistant" });
    // A member that would be empty is left out.
    for (name, items) in [("content", content), ("tool_calls", calls)] {
        if !items.is_empty() {
            message[name] = json!(items);
        }
    }
    json!({
        "id": ID,
        "message": message,
        "finish_reason": finish_reason(answer.finish),
        "usage": usage(answer.output_tokens),
    })
}

pub(in crate::mock) fn frames(answer: &Answer) -> Vec<Bytes> {
    let mut events = Events::default();
    let message = json!({
        "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [],
    });
    events.push(
        "message-start",
        json!({ "id": ID, "delta": { "message": message } }),
    );
    for (index, part) in answer.parts.iter().enumerate() {
        match part {
            Part::Thinking(pieces) => events.content(index, "thinking", pieces),
            Part::Text(pieces) => events.content(index, "text", pieces),
            Part::Tool(call) => events.call(call),
        }
    }
    let delta = json!({
        "finish_reason": finish_reason(answer.finish),
        "usage": usage(answer.output_tokens),
    });
    events.push("message-end", json!({ "id": ID, "delta": delta }));
    events.frames.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events.frames
}

pub(in crate::mock) fn error(failure: Failure, model: &str) -> (u16, Value) {
    let (status, message) = match failure {
        Failure::ContextWindow => (
            400,
            "too many tokens: size limit exceeded by 11000 tokens. Try using shorter or fewer inputs."
                .to_owned(),
        ),
        Failure::ContentPolicy => (
            400,
            "the request was blocked because it goes against our usage guidelines".to_owned(),
        ),
        Failure::Status(401) => (401, "invalid api token".to_owned()),
        Failure::Status(404) => (
            404,
            format!("model '{model}' not found, make sure the correct model ID was used"),
        ),
        Failure::Status(429) => (
            429,
            "You are past the per minute request limit, please wait and try again later.".to_owned(),
        ),
        Failure::Status(status @ 400..=499) => (status, "the request was refused".to_owned()),
        Failure::Status(status) => (status, "internal server error".to_owned()),
    };
    (status, json!({ "id": ID, "message": message }))
}

/// A stream that fails ends like any other, but says so.
pub(in crate::mock) fn error_frame() -> Bytes {
    let delta = json!({
        "error": "internal server error",
        "finish_reason": "ERROR",
        "usage": usage(0),
    });
    frame("message-end", json!({ "id": ID, "delta": delta }))
}

pub(in crate::mock) fn embed(request: &Value) -> Value {
    let count = |name: &str| request[name].as_array().map_or(0, Vec::len);
    let count = count("texts") + count("images") + count("inputs");
    let vectors: Vec<_> = (0..count).map(|index| vector(index, DIMENSIONS)).collect();
    json!({
        "id": ID,
        "embeddings": { "float": vectors },
        "texts": request["texts"],
        "meta": {
            "api_version": { "version": "2" },
            "billed_units": { "input_tokens": INPUT_TOKENS },
        },
        "response_type": "embeddings_by_type",
    })
}

/// The last document fits best, the first one least.
pub(in crate::mock) fn rerank(request: &Value) -> Value {
    let count = request["documents"].as_array().map_or(0, Vec::len);
    let limit = request["top_n"]
        .as_u64()
        .and_then(|limit| usize::try_from(limit).ok());
    let results = (0..count)
        .rev()
        .take(limit.unwrap_or(count))
        .enumerate()
        .map(|(rank, index)| json!({ "index": index, "relevance_score": 1.0 / (rank + 1) as f64 }));
    json!({
        "id": ID,
        "results": results.collect::<Vec<_>>(),
        "meta": { "api_version": { "version": "2" }, "billed_units": { "search_units": 1 } },
    })
}

/// What is billed leaves out Cohere's own instructions.
fn usage(output_tokens: usize) -> Value {
    json!({
        "billed_units": { "input_tokens": INPUT_TOKENS - 2, "output_tokens": output_tokens },
        "tokens": { "input_tokens": INPUT_TOKENS, "output_tokens": output_tokens },
    })
}

fn content(part: &Part) -> Option<Value> {
    match part {
        Part::Thinking(pieces) => Some(json!({ "type": "thinking", "thinking": pieces.concat() })),
        Part::Text(pieces) => Some(json!({ "type": "text", "text": pieces.concat() })),
        Part::Tool(_) => None,
    }
}

fn tool_call(call: &ToolCall, arguments: &str) -> Value {
    json!({
        "id": format!("{}_mock{:08}", call.name, call.position),
        "type": "function",
        "function": { "name": call.name, "arguments": arguments },
    })
}

fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "COMPLETE",
        Finish::Length => "MAX_TOKENS",
        Finish::Tools => "TOOL_CALL",
    }
}

fn frame(kind: &str, members: Value) -> Bytes {
    let mut event = json!({ "type": kind });
    if let (Value::Object(event), Value::Object(members)) = (&mut event, members) {
        event.extend(members);
    }
    Bytes::from(format!("event: {kind}\ndata: {event}\n\n"))
}

// === impl Events ===

impl Events {
    fn push(&mut self, kind: &str, members: Value) {
        self.frames.push(frame(kind, members));
    }

    /// A block of `kind`, which is also the name of the member with its pieces.
    fn content(&mut self, index: usize, kind: &str, pieces: &[String]) {
        let about = |content: Value| json!({ "index": index, "delta": { "message": { "content": content } } });
        self.push("content-start", about(json!({ "type": kind, kind: "" })));
        for piece in pieces {
            self.push("content-delta", about(json!({ kind: piece })));
        }
        self.push("content-end", json!({ "index": index }));
    }

    fn call(&mut self, call: &ToolCall) {
        let index = call.position;
        let about =
            |call: Value| json!({ "index": index, "delta": { "message": { "tool_calls": call } } });
        self.push("tool-call-start", about(tool_call(call, "")));
        for piece in call.arguments {
            let more = json!({ "function": { "arguments": piece } });
            self.push("tool-call-delta", about(more));
        }
        self.push("tool-call-end", json!({ "index": index }));
    }
}
