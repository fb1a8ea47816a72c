//! Bedrock Converse, `ConverseStream` and Titan embeddings (Amazon Bedrock Runtime API reference).

use bytes::{BufMut, Bytes};
use serde_json::{Value, json};

use super::vector;
use crate::mock::answer::{Answer, Failure, Finish, INPUT_TOKENS, Part, ToolCall};

const SIGNATURE: &str = "RXJzYXR6U2lnbmF0dXIgZGVyIEF0dHJhcHBl";
const DIMENSIONS: usize = 8;
const LATENCY_MS: u64 = 120;

pub(in crate::mock) fn whole(answer: &Answer) -> Value {
    let content: Vec<Value> = answer.parts.iter().map(block).collect();
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop_reason(answer.finish),
        "usage": usage(answer),
        "metrics": { "latencyMs": LATENCY_MS },
    })
}

pub(in crate::mock) fn frames(answer: &Answer) -> Vec<Bytes> {
    let mut frames = vec![event("messageStart", &json!({ "role": "assistant" }))];
    for (index, part) in answer.parts.iter().enumerate() {
        // Only calls are announced; text and reasoning begin with their first piece.
        if let Part::Tool(call) = part {
            let start = json!({ "toolUse": { "toolUseId": id(call), "name": call.name } });
            let payload = json!({ "contentBlockIndex": index, "start": start });
            frames.push(event("contentBlockStart", &payload));
        }
        frames.extend(deltas(part).iter().map(|delta| {
            let payload = json!({ "contentBlockIndex": index, "delta": delta });
            event("contentBlockDelta", &payload)
        }));
        let payload = json!({ "contentBlockIndex": index });
        frames.push(event("contentBlockStop", &payload));
    }
    let stop = json!({ "stopReason": stop_reason(answer.finish) });
    frames.push(event("messageStop", &stop));
    let metadata = json!({ "usage": usage(answer), "metrics": { "latencyMs": LATENCY_MS } });
    frames.push(event("metadata", &metadata));
    frames
}

pub(in crate::mock) fn error(failure: Failure, model: &str) -> (u16, Value) {
    let (status, message) = match failure {
        Failure::ContextWindow => (
            400,
            "The model returned the following errors: Input is too long for requested model."
                .to_owned(),
        ),
        Failure::ContentPolicy => (
            400,
            "The model returned the following errors: Output blocked by content filtering policy"
                .to_owned(),
        ),
        // The service answers unknown credentials with 403.
        Failure::Status(401) => (
            403,
            "The security token included in the request is invalid.".to_owned(),
        ),
        Failure::Status(403) => (
            403,
            "You don't have access to the model with the specified model ID.".to_owned(),
        ),
        Failure::Status(404) => (404, format!("Could not resolve the model {model}.")),
        Failure::Status(408) => (408, "The model took too long.".to_owned()),
        Failure::Status(429) => (
            429,
            "Too many requests, please wait before trying again.".to_owned(),
        ),
        Failure::Status(503) => (503, "The service is not available.".to_owned()),
        Failure::Status(status @ 400..=499) => (status, "The request was refused.".to_owned()),
        Failure::Status(status) => (status, "Unexpected error during processing.".to_owned()),
    };
    (status, json!({ "message": message }))
}

pub(in crate::mock) fn error_frame() -> Bytes {
    let payload = json!({ "message": "Unexpected error during processing." });
    frame("exception", "internalServerException", &payload)
}

pub(in crate::mock) fn embedding() -> Value {
    let vector = vector(0, DIMENSIONS);
    json!({
        "embedding": vector,
        "inputTextTokenCount": INPUT_TOKENS,
        "embeddingsByType": { "float": vector },
    })
}

fn event(name: &str, payload: &Value) -> Bytes {
    frame("event", name, payload)
}

/// One message of Amazon's event stream encoding.
fn frame(kind: &str, name: &str, payload: &Value) -> Bytes {
    let type_header = format!(":{kind}-type");
    let headers = [
        (type_header.as_str(), name),
        (":content-type", "application/json"),
        (":message-type", kind),
    ];
    let mut head = Vec::new();
    for (name, value) in headers {
        head.put_uint(name.len() as u64, 1);
        head.put_slice(name.as_bytes());
        // The type of texts.
        head.put_u8(7);
        head.put_uint(value.len() as u64, 2);
        head.put_slice(value.as_bytes());
    }
    let payload = payload.to_string();
    let mut frame = Vec::new();
    frame.put_uint((16 + head.len() + payload.len()) as u64, 4);
    frame.put_uint(head.len() as u64, 4);
    frame.put_u32(crc32fast::hash(&frame));
    frame.put_slice(&head);
    frame.put_slice(payload.as_bytes());
    frame.put_u32(crc32fast::hash(&frame));
    Bytes::from(frame)
}

fn usage(answer: &Answer) -> Value {
    json!({
        "inputTokens": INPUT_TOKENS,
        "outputTokens": answer.output_tokens,
        "totalTokens": INPUT_TOKENS + answer.output_tokens,
    })
}

fn block(part: &Part) -> Value {
    match part {
        Part::Thinking(pieces) => {
            let said = json!({ "text": pieces.concat(), "signature": SIGNATURE });
            json!({ "reasoningContent": { "reasoningText": said } })
        }
        Part::Text(pieces) => json!({ "text": pieces.concat() }),
        Part::Tool(call) => json!({ "toolUse": {
            "toolUseId": id(call), "name": call.name, "input": call.arguments_object(),
        } }),
    }
}

fn deltas(part: &Part) -> Vec<Value> {
    match part {
        Part::Thinking(pieces) => {
            let thinking = |piece| json!({ "reasoningContent": { "text": piece } });
            let signature = json!({ "reasoningContent": { "signature": SIGNATURE } });
            pieces.iter().map(thinking).chain([signature]).collect()
        }
        Part::Text(pieces) => pieces
            .iter()
            .map(|piece| json!({ "text": piece }))
            .collect(),
        Part::Tool(call) => call
            .arguments
            .iter()
            .map(|piece| json!({ "toolUse": { "input": piece } }))
            .collect(),
    }
}

fn id(call: &ToolCall) -> String {
    format!("tooluse_Mock{:018}", call.position)
}

fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Tools => "tool_use",
    }
}
