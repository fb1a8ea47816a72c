//! OpenAI chat completions.

use std::collections::BTreeMap;

use lockgate_testkit::Reply;
use serde_json::Value;

use super::{Answer, number, parse, string};

pub(super) fn whole(body: &Value) -> Answer {
    assert_eq!(body["object"], "chat.completion", "{body}");
    assert!(body["id"].is_string() && body["created"].is_u64(), "{body}");
    let choice = &body["choices"][0];
    let message = &choice["message"];
    assert_eq!(message["role"], "assistant", "{body}");
    let mut answer = Answer {
        text: string(&message["content"]),
        thinking: string(&message["reasoning_content"]),
        finish: string(&choice["finish_reason"]),
        model: string(&body["model"]),
        ..Answer::default()
    };
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        assert_eq!(call["type"], "function", "{body}");
        let function = &call["function"];
        let arguments = parse(&string(&function["arguments"]));
        answer.call(&call["id"], &function["name"], arguments);
    }
    usage(&mut answer, &body["usage"]);
    answer
}

pub(super) fn stream(reply: &Reply) -> Answer {
    let mut answer = Answer::default();
    let mut calls: BTreeMap<u64, (Value, Value, String)> = BTreeMap::new();
    let mut events = reply.events();
    let last = events.pop().map(|event| event.data);
    assert_eq!(last.as_deref(), Some("[DONE]"), "{}", reply.text());
    for event in events {
        let chunk = parse(&event.data);
        assert_eq!(chunk["object"], "chat.completion.chunk", "{chunk}");
        answer.model = string(&chunk["model"]);
        if chunk["usage"].is_object() {
            usage(&mut answer, &chunk["usage"]);
        }
        let Some(choice) = chunk["choices"].get(0) else {
            continue;
        };
        let delta = &choice["delta"];
        answer.text += &string(&delta["content"]);
        answer.thinking += &string(&delta["reasoning_content"]);
        answer.finish += &string(&choice["finish_reason"]);
        for part in delta["tool_calls"].as_array().into_iter().flatten() {
            let call = calls.entry(number(&part["index"])).or_default();
            if part["id"].is_string() {
                call.0 = part["id"].clone();
                call.1 = part["function"]["name"].clone();
            }
            call.2 += &string(&part["function"]["arguments"]);
        }
    }
    for (id, name, arguments) in calls.into_values() {
        answer.call(&id, &name, parse(&arguments));
    }
    answer
}

fn usage(answer: &mut Answer, usage: &Value) {
    answer.input_tokens = number(&usage["prompt_tokens"]);
    answer.output_tokens = number(&usage["completion_tokens"]);
    assert_eq!(
        number(&usage["total_tokens"]),
        answer.input_tokens + answer.output_tokens,
        "{usage}"
    );
}
