//! Cohere chat.

use lockgate_testkit::Reply;
use serde_json::Value;

use super::{Answer, number, parse, string};

pub(super) fn whole(body: &Value) -> Answer {
    assert!(body["id"].is_string(), "{body}");
    let message = &body["message"];
    assert_eq!(message["role"], "assistant", "{body}");
    let mut answer = Answer {
        finish: string(&body["finish_reason"]),
        ..Answer::default()
    };
    for part in message["content"].as_array().into_iter().flatten() {
        match part["type"].as_str() {
            Some("text") => answer.text += &string(&part["text"]),
            Some("thinking") => answer.thinking += &string(&part["thinking"]),
            _ => panic!("unknown part {part}"),
        }
    }
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let arguments = string(&call["function"]["arguments"]);
        read_call(&mut answer, call, &arguments);
    }
    usage(&mut answer, &body["usage"]);
    answer
}

pub(super) fn stream(reply: &Reply) -> Answer {
    let mut answer = Answer::default();
    let mut open = None;
    let mut calls: Vec<(Value, String)> = Vec::new();
    let mut events = reply.events();
    let last = events.pop().map(|event| event.data);
    assert_eq!(last.as_deref(), Some("[DONE]"), "{}", reply.text());
    let name = |event: Option<&lockgate_testkit::SseEvent>| event.map(|event| event.event.clone());
    assert_eq!(name(events.first()).as_deref(), Some("message-start"));
    assert_eq!(name(events.last()).as_deref(), Some("message-end"));
    for event in &events {
        let data = parse(&event.data);
        assert_eq!(data["type"], event.event.as_str(), "{data}");
        let message = &data["delta"]["message"];
        match event.event.as_str() {
            "message-start" => assert_eq!(message["role"], "assistant", "{data}"),
            "content-start" => {
                assert!(open.is_none(), "{data}");
                open = Some(("content", data["index"].clone()));
            }
            "content-delta" => {
                assert_eq!(open, Some(("content", data["index"].clone())), "{data}");
                answer.text += &string(&message["content"]["text"]);
                answer.thinking += &string(&message["content"]["thinking"]);
            }
            "tool-call-start" => {
                assert!(open.is_none(), "{data}");
                open = Some(("call", data["index"].clone()));
                let call = &message["tool_calls"];
                calls.push((call.clone(), string(&call["function"]["arguments"])));
            }
            "tool-call-delta" => {
                assert_eq!(open, Some(("call", data["index"].clone())), "{data}");
                let piece = string(&message["tool_calls"]["function"]["arguments"]);
                calls.last_mut().unwrap().1 += &piece;
            }
            "content-end" | "tool-call-end" => assert!(open.take().is_some(), "{data}"),
            "message-end" => {
                answer.finish = string(&data["delta"]["finish_reason"]);
                usage(&mut answer, &data["delta"]["usage"]);
            }
            other => panic!("unknown event {other}: {data}"),
        }
    }
    assert!(open.is_none(), "left open: {open:?}");
    for (call, arguments) in &calls {
        read_call(&mut answer, call, arguments);
    }
    answer
}

fn read_call(answer: &mut Answer, call: &Value, arguments: &str) {
    assert_eq!(call["type"], "function", "{call}");
    answer.call(&call["id"], &call["function"]["name"], parse(arguments));
}

fn usage(answer: &mut Answer, usage: &Value) {
    answer.input_tokens = number(&usage["tokens"]["input_tokens"]);
    answer.output_tokens = number(&usage["tokens"]["output_tokens"]);
}
