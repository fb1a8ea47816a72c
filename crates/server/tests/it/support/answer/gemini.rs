//! Gemini generateContent.

use lockgate_testkit::Reply;
use serde_json::Value;

use super::{Answer, number, parse, string};

pub(super) fn whole(body: &Value) -> Answer {
    let mut answer = Answer::default();
    read(&mut answer, body);
    assert!(!answer.finish.is_empty(), "no finishReason in {body}");
    answer
}

pub(super) fn stream(reply: &Reply) -> Answer {
    let mut answer = Answer::default();
    for event in reply.events() {
        assert!(answer.finish.is_empty(), "more after the end: {event:?}");
        read(&mut answer, &parse(&event.data));
    }
    assert!(!answer.finish.is_empty(), "no finishReason");
    answer
}

fn read(answer: &mut Answer, body: &Value) {
    let candidate = &body["candidates"][0];
    for part in candidate["content"]["parts"]
        .as_array()
        .into_iter()
        .flatten()
    {
        if let Some(call) = part.get("functionCall") {
            answer.call(&call["id"], &call["name"], call["args"].clone());
        } else if part["thought"] == true {
            answer.thinking += &string(&part["text"]);
        } else {
            answer.text += &string(&part["text"]);
        }
    }
    answer.finish += &string(&candidate["finishReason"]);
    answer.model = string(&body["modelVersion"]);
    let usage = &body["usageMetadata"];
    if usage.is_object() {
        let count = |name: &str| usage.get(name).map_or(0, number);
        answer.input_tokens = count("promptTokenCount");
        answer.output_tokens = count("candidatesTokenCount") + count("thoughtsTokenCount");
        assert_eq!(
            count("totalTokenCount"),
            answer.input_tokens + answer.output_tokens,
            "{usage}"
        );
    }
}
