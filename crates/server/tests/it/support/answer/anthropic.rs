//! Anthropic messages.

use std::collections::BTreeMap;

use lockgate_testkit::Reply;
use serde_json::Value;

use super::{Answer, number, parse, string};

pub(super) fn whole(body: &Value) -> Answer {
    assert_eq!(body["type"], "message", "{body}");
    assert_eq!(body["role"], "assistant", "{body}");
    assert!(body["id"].is_string(), "{body}");
    let mut answer = Answer {
        finish: string(&body["stop_reason"]),
        model: string(&body["model"]),
        input_tokens: number(&body["usage"]["input_tokens"]),
        output_tokens: number(&body["usage"]["output_tokens"]),
        ..Answer::default()
    };
    for block in body["content"].as_array().into_iter().flatten() {
        read(&mut answer, block, block["input"].clone());
    }
    answer
}

pub(super) fn stream(reply: &Reply) -> Answer {
    let mut answer = Answer::default();
    let mut open: BTreeMap<u64, (Value, String)> = BTreeMap::new();
    let mut next = 0;
    let events = reply.events();
    let (first, last) = (events.first(), events.last());
    assert_eq!(first.map(|e| e.event.as_str()), Some("message_start"));
    assert_eq!(last.map(|e| e.event.as_str()), Some("message_stop"));
    for event in &events {
        let data = parse(&event.data);
        assert_eq!(data["type"], event.event.as_str(), "{data}");
        match event.event.as_str() {
            "message_start" => answer.model = string(&data["message"]["model"]),
            "content_block_start" => {
                assert_eq!(number(&data["index"]), next, "blocks are numbered in order");
                next += 1;
                let block = data["content_block"].clone();
                open.insert(number(&data["index"]), (block, String::new()));
            }
            "content_block_delta" => {
                let block = open.get_mut(&number(&data["index"])).unwrap();
                delta(block, &data["delta"]);
            }
            "content_block_stop" => {
                let (block, json) = open.remove(&number(&data["index"])).unwrap();
                let input = if json.is_empty() {
                    block["input"].clone()
                } else {
                    parse(&json)
                };
                read(&mut answer, &block, input);
            }
            "message_delta" => {
                answer.finish = string(&data["delta"]["stop_reason"]);
                let usage = &data["usage"];
                answer.output_tokens = number(&usage["output_tokens"]);
                answer.input_tokens = number(&usage["input_tokens"]);
            }
            "ping" | "message_stop" => {}
            other => panic!("unknown event {other}: {data}"),
        }
    }
    assert!(open.is_empty(), "blocks left open: {open:?}");
    answer
}

fn delta((block, json): &mut (Value, String), delta: &Value) {
    let mut append = |field: &str| {
        let text = string(&block[field]) + &string(&delta[field]);
        block[field] = Value::String(text);
    };
    match delta["type"].as_str() {
        Some("text_delta") => append("text"),
        Some("thinking_delta") => append("thinking"),
        Some("signature_delta") => append("signature"),
        Some("input_json_delta") => *json += &string(&delta["partial_json"]),
        _ => panic!("unknown delta {delta}"),
    }
}

fn read(answer: &mut Answer, block: &Value, input: Value) {
    match block["type"].as_str() {
        Some("text") => answer.text += &string(&block["text"]),
        Some("thinking") => answer.thinking += &string(&block["thinking"]),
        Some("tool_use") => answer.call(&block["id"], &block["name"], input),
        _ => panic!("unknown block {block}"),
    }
}
