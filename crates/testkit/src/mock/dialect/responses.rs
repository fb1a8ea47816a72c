//! `OpenAI` responses (API reference of `OpenAI`).

use bytes::Bytes;
use serde_json::{Value, json};

use super::openai;
use crate::mock::answer::{Answer, CREATED, Failure, Finish, INPUT_TOKENS, Part, ToolCall};

const ID: &str = "resp_mockmockmockmockmockmockmockmock01";

/// Writes the events of one stream and counts them.
#[derive(Default)]
struct Events {
    frames: Vec<Bytes>,
}

pub(in crate::mock) fn whole(answer: &Answer) -> Value {
    let items = answer.parts.iter().enumerate();
    let items = items.map(|(index, part)| item(index, part, status(answer)));
    let items: Vec<Value> = items.collect();
    response(answer, status(answer), &items)
}

/// The events of a stream; each item begins, comes in pieces and ends.
pub(in crate::mock) fn frames(answer: &Answer) -> Vec<Bytes> {
    let mut events = Events::default();
    let begun = response(answer, "in_progress", &[]);
    events.push("response.created", json!({ "response": begun }));
    events.push("response.in_progress", json!({ "response": begun }));
    for (index, part) in answer.parts.iter().enumerate() {
        let item = |status| json!({ "output_index": index, "item": item(index, part, status) });
        events.push("response.output_item.added", item("in_progress"));
        match part {
            Part::Thinking(pieces) => events.thinking(index, pieces),
            Part::Text(pieces) => events.text(index, pieces),
            Part::Tool(call) => events.call(index, call),
        }
        events.push("response.output_item.done", item(status(answer)));
    }
    let end = format!("response.{}", status(answer));
    events.push(&end, json!({ "response": whole(answer) }));
    events.frames
}

pub(in crate::mock) fn error_frame(failure: Failure, model: &str) -> Bytes {
    let error = &openai::error(failure, model).1["error"];
    let code = error["code"].as_str().unwrap_or("server_error");
    let event = json!({
        "type": "error",
        "code": code,
        "message": error["message"],
        "param": error["param"],
        "sequence_number": 2,
    });
    Bytes::from(format!("event: error\ndata: {event}\n\n"))
}

pub(in crate::mock) fn count_tokens() -> Value {
    json!({ "object": "response.input_tokens", "input_tokens": INPUT_TOKENS })
}

fn response(answer: &Answer, status: &str, output: &[Value]) -> Value {
    let ended = status != "in_progress";
    json!({
        "id": ID,
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": false,
        "completed_at": (status == "completed").then_some(CREATED),
        "error": null,
        "frequency_penalty": 0.0,
        "incomplete_details": (status == "incomplete").then(|| json!({ "reason": "max_output_tokens" })),
        "instructions": null,
        "max_output_tokens": null,
        "max_tool_calls": null,
        "model": answer.model,
        "output": output,
        "parallel_tool_calls": true,
        "presence_penalty": 0.0,
        "previous_response_id": null,
        "prompt_cache_key": null,
        "reasoning": { "effort": null, "summary": null },
        "safety_identifier": null,
        "service_tier": "default",
        "store": false,
        "temperature": 1.0,
        "text": { "format": { "type": "text" }, "verbosity": "medium" },
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": ended.then(|| usage(answer)),
        "metadata": {},
    })
}

fn usage(answer: &Answer) -> Value {
    json!({
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
        "output_tokens": answer.output_tokens,
        "output_tokens_details": { "reasoning_tokens": answer.reasoning_tokens },
        "total_tokens": INPUT_TOKENS + answer.output_tokens,
    })
}

fn status(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Stop | Finish::Tools => "completed",
        Finish::Length => "incomplete",
    }
}

fn id(prefix: &str, index: usize) -> String {
    format!("{prefix}_mock{index:020}")
}

fn item(index: usize, part: &Part, status: &str) -> Value {
    let whole = status != "in_progress";
    match part {
        Part::Thinking(pieces) => {
            let text = pieces.concat();
            let summary = whole.then(|| json!([{ "type": "summary_text", "text": text }]));
            json!({
                "id": id("rs", index),
                "type": "reasoning",
                "summary": summary.unwrap_or_else(|| json!([])),
            })
        }
        Part::Text(pieces) => {
            let content = whole.then(|| json!([output_text(&pieces.concat())]));
            json!({
                "id": id("msg", index),
                "type": "message",
                "status": status,
                "role": "assistant",
                "content": content.unwrap_or_else(|| json!([])),
            })
        }
        Part::Tool(call) => json!({
            "id": id("fc", index),
            "type": "function_call",
            "status": if whole { "completed" } else { status },
            "call_id": format!("call_mock{:020}", call.position),
            "name": call.name,
            "arguments": if whole { call.arguments_text() } else { String::new() },
        }),
    }
}

fn output_text(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

// === impl Events ===

impl Events {
    fn push(&mut self, kind: &str, members: Value) {
        let mut event = json!({ "type": kind, "sequence_number": self.frames.len() });
        if let (Value::Object(event), Value::Object(members)) = (&mut event, members) {
            event.extend(members);
        }
        let frame = format!("event: {kind}\ndata: {event}\n\n");
        self.frames.push(Bytes::from(frame));
    }

    /// An event about the only part of the item at `index`.
    fn about(&mut self, kind: &str, id: &str, index: usize, place: &str, members: Value) {
        let mut all = json!({ "item_id": id, "output_index": index });
        if !place.is_empty() {
            all[place] = json!(0);
        }
        if let (Value::Object(all), Value::Object(members)) = (&mut all, members) {
            all.extend(members);
        }
        self.push(kind, all);
    }

    fn text(&mut self, index: usize, pieces: &[String]) {
        let id = id("msg", index);
        let mut about = |kind: &str, members| {
            self.about(kind, &id, index, "content_index", members);
        };
        let part = |text: &str| json!({ "part": output_text(text) });
        about("response.content_part.added", part(""));
        for piece in pieces {
            let delta = json!({ "delta": piece, "logprobs": [] });
            about("response.output_text.delta", delta);
        }
        let text = pieces.concat();
        let done = json!({ "text": text, "logprobs": [] });
        about("response.output_text.done", done);
        about("response.content_part.done", part(&text));
    }

    fn thinking(&mut self, index: usize, pieces: &[String]) {
        let id = id("rs", index);
        let mut about = |kind: &str, members| {
            let kind = format!("response.reasoning_summary_{kind}");
            self.about(&kind, &id, index, "summary_index", members);
        };
        let part = |text: &str| json!({ "part": { "type": "summary_text", "text": text } });
        about("part.added", part(""));
        for piece in pieces {
            about("text.delta", json!({ "delta": piece }));
        }
        let text = pieces.concat();
        about("text.done", json!({ "text": text }));
        about("part.done", part(&text));
    }

    fn call(&mut self, index: usize, call: &ToolCall) {
        let id = id("fc", index);
        let mut about = |kind: &str, members| {
            let kind = format!("response.function_call_arguments.{kind}");
            self.about(&kind, &id, index, "", members);
        };
        for piece in call.arguments {
            about("delta", json!({ "delta": piece }));
        }
        about(
            "done",
            json!({ "name": call.name, "arguments": call.arguments_text() }),
        );
    }
}
