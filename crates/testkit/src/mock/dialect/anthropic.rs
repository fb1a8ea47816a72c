//! Anthropic messages, token counting and models (Anthropic API reference).

use bytes::Bytes;
use serde_json::{Value, json};

use super::MODELS;
use crate::mock::answer::{Answer, CREATED_TEXT, Failure, Finish, INPUT_TOKENS, Part, ToolCall};

const ID: &str = "msg_01MockMockMockMockMockMock";
const REQUEST_ID: &str = "req_011MockMockMockMockMock";
const SIGNATURE: &str = "RXJzYXR6U2lnbmF0dXIgZGVyIEF0dHJhcHBl";

pub(in crate::mock) fn whole(answer: &Answer) -> Value {
    let content: Vec<Value> = answer.parts.iter().map(block).collect();
    message(
        answer,
        &json!(content),
        &json!(stop_reason(answer.finish)),
        answer.output_tokens,
    )
}

pub(in crate::mock) fn frames(answer: &Answer) -> Vec<Bytes> {
    let opening = message(answer, &json!([]), &Value::Null, 1);
    let mut frames = vec![event(
        &json!({ "type": "message_start", "message": opening }),
    )];
    for (index, part) in answer.parts.iter().enumerate() {
        let start = json!({ "type": "content_block_start", "index": index, "content_block": empty_block(part) });
        frames.push(event(&start));
        if index == 0 {
            frames.push(event(&json!({ "type": "ping" })));
        }
        frames.extend(deltas(part).iter().map(|delta| {
            event(&json!({ "type": "content_block_delta", "index": index, "delta": delta }))
        }));
        frames.push(event(
            &json!({ "type": "content_block_stop", "index": index }),
        ));
    }
    frames.push(event(&json!({
        "type": "message_delta",
        "delta": {
            "stop_reason": stop_reason(answer.finish),
            "stop_sequence": null,
            "stop_details": null,
            "container": null,
        },
        "usage": {
            "input_tokens": INPUT_TOKENS,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": answer.output_tokens,
            "output_tokens_details": null,
            "server_tool_use": null,
        },
    })));
    frames.push(event(&json!({ "type": "message_stop" })));
    frames
}

pub(in crate::mock) fn error(failure: Failure, model: &str) -> (u16, Value) {
    let (status, kind, message) = match failure {
        Failure::ContextWindow => (
            400,
            "invalid_request_error",
            "prompt is too long: 210001 tokens > 200000 maximum".to_owned(),
        ),
        Failure::ContentPolicy => (
            400,
            "invalid_request_error",
            "Output blocked by content filtering policy".to_owned(),
        ),
        Failure::Status(401) => (401, "authentication_error", "invalid x-api-key".to_owned()),
        Failure::Status(403) => (
            403,
            "permission_error",
            "This key may not use this resource.".to_owned(),
        ),
        Failure::Status(404) => (404, "not_found_error", format!("model: {model}")),
        Failure::Status(413) => (
            413,
            "request_too_large",
            "Request exceeds the maximum size".to_owned(),
        ),
        Failure::Status(429) => (
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit.".to_owned(),
        ),
        Failure::Status(529) => (529, "overloaded_error", "Overloaded".to_owned()),
        Failure::Status(status @ 400..=499) => (
            status,
            "invalid_request_error",
            "The request was refused.".to_owned(),
        ),
        Failure::Status(status) => (status, "api_error", "Internal server error".to_owned()),
    };
    let error = json!({ "type": kind, "message": message });
    (
        status,
        json!({ "type": "error", "error": error, "request_id": REQUEST_ID }),
    )
}

pub(in crate::mock) fn error_frame(failure: Failure, model: &str) -> Bytes {
    event(&error(failure, model).1)
}

pub(in crate::mock) fn count_tokens() -> Value {
    json!({ "input_tokens": INPUT_TOKENS })
}

pub(in crate::mock) fn models() -> Value {
    let model =
        |id| json!({ "type": "model", "id": id, "display_name": id, "created_at": CREATED_TEXT });
    let data = MODELS.map(model);
    json!({ "data": data, "has_more": false, "first_id": MODELS[0], "last_id": MODELS[MODELS.len() - 1] })
}

fn event(data: &Value) -> Bytes {
    let name = data["type"].as_str().unwrap_or_default();
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

fn message(answer: &Answer, content: &Value, stop_reason: &Value, output_tokens: usize) -> Value {
    json!({
        "id": ID,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": null,
        "stop_details": null,
        "container": null,
        "diagnostics": null,
        "usage": {
            "input_tokens": INPUT_TOKENS,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "cache_creation": { "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0 },
            "output_tokens": output_tokens,
            "output_tokens_details": null,
            "server_tool_use": null,
            "service_tier": "standard",
            "inference_geo": null,
            "speed": null,
        },
    })
}

fn block(part: &Part) -> Value {
    match part {
        Part::Thinking(pieces) => {
            json!({ "type": "thinking", "thinking": pieces.concat(), "signature": SIGNATURE })
        }
        Part::Text(pieces) => json!({ "type": "text", "text": pieces.concat(), "citations": [] }),
        Part::Tool(call) => tool_use(call, &call.arguments_object()),
    }
}

fn empty_block(part: &Part) -> Value {
    match part {
        Part::Thinking(_) => json!({ "type": "thinking", "thinking": "", "signature": "" }),
        Part::Text(_) => json!({ "type": "text", "text": "", "citations": [] }),
        Part::Tool(call) => tool_use(call, &json!({})),
    }
}

fn deltas(part: &Part) -> Vec<Value> {
    match part {
        Part::Thinking(pieces) => {
            let thinking = |piece| json!({ "type": "thinking_delta", "thinking": piece });
            let signature = json!({ "type": "signature_delta", "signature": SIGNATURE });
            pieces.iter().map(thinking).chain([signature]).collect()
        }
        Part::Text(pieces) => pieces
            .iter()
            .map(|piece| json!({ "type": "text_delta", "text": piece }))
            .collect(),
        Part::Tool(call) => {
            // The API opens every tool input with an empty fragment.
            let pieces = [""].iter().chain(call.arguments);
            pieces
                .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }))
                .collect()
        }
    }
}

fn tool_use(call: &ToolCall, input: &Value) -> Value {
    json!({
        "type": "tool_use",
        "id": format!("toolu_01Mock{:020}", call.position),
        "name": call.name,
        "input": input,
        "caller": { "type": "direct" },
    })
}

fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Tools => "tool_use",
    }
}
