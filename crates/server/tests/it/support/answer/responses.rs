//! OpenAI responses.

use lockgate_testkit::Reply;
use serde_json::Value;

use super::{Answer, number, parse, string};

pub(super) fn whole(body: &Value) -> Answer {
    assert_eq!(body["object"], "response", "{body}");
    assert!(
        body["id"].is_string() && body["created_at"].is_u64(),
        "{body}"
    );
    let mut answer = Answer {
        finish: string(&body["status"]),
        model: string(&body["model"]),
        ..Answer::default()
    };
    if answer.finish == "incomplete" {
        answer.finish = string(&body["incomplete_details"]["reason"]);
    }
    for item in body["output"].as_array().into_iter().flatten() {
        read(&mut answer, item);
    }
    let usage = &body["usage"];
    answer.input_tokens = number(&usage["input_tokens"]);
    answer.output_tokens = number(&usage["output_tokens"]);
    assert_eq!(
        number(&usage["total_tokens"]),
        answer.input_tokens + answer.output_tokens,
        "{usage}"
    );
    answer
}

/// What the last event shows must be what the pieces before it were.
pub(super) fn stream(reply: &Reply) -> Answer {
    let events = reply.events();
    let mut pieces = Answer::default();
    let mut arguments = Vec::new();
    let mut items = Vec::new();
    let mut last = None;
    for (place, event) in events.iter().enumerate() {
        assert!(last.is_none(), "more after the end: {event:?}");
        let data = parse(&event.data);
        assert_eq!(data["type"], event.event.as_str(), "{data}");
        assert_eq!(data["sequence_number"], place, "{data}");
        let piece = || string(&data["delta"]);
        match event.event.as_str() {
            "response.created" => assert_eq!(place, 0),
            "response.output_text.delta" => pieces.text += &piece(),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                pieces.thinking += &piece();
            }
            "response.output_item.added" => {
                assert_eq!(data["output_index"], arguments.len(), "{data}");
                arguments.push(String::new());
            }
            "response.function_call_arguments.delta" => {
                arguments[place_of(&data)] += &piece();
            }
            "response.function_call_arguments.done" => {
                assert_eq!(data["arguments"], arguments[place_of(&data)], "{data}");
            }
            "response.output_item.done" => items.push(data["item"].clone()),
            "response.completed" | "response.incomplete" => last = Some(data["response"].clone()),
            other => assert!(other.starts_with("response."), "{data}"),
        }
    }
    let last = last.unwrap_or_else(|| panic!("no end: {}", reply.text()));
    assert_eq!(last["output"], Value::Array(items), "{last}");
    let answer = whole(&last);
    assert_eq!(
        (&pieces.text, &pieces.thinking),
        (&answer.text, &answer.thinking)
    );
    answer
}

fn place_of(event: &Value) -> usize {
    usize::try_from(number(&event["output_index"])).unwrap()
}

fn read(answer: &mut Answer, item: &Value) {
    let texts = |name: &str| -> String {
        let parts = item[name].as_array().into_iter().flatten();
        parts.map(|part| string(&part["text"])).collect()
    };
    match item["type"].as_str() {
        Some("message") => answer.text += &texts("content"),
        Some("reasoning") => answer.thinking += &(texts("summary") + &texts("content")),
        Some("function_call") => {
            let arguments = parse(&string(&item["arguments"]));
            answer.call(&item["call_id"], &item["name"], arguments);
        }
        _ => panic!("unknown item {item}"),
    }
}
