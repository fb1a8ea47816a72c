//! Ollama chat.

use lockgate_testkit::Reply;
use serde_json::Value;

use super::{Answer, number, string};

pub(super) fn whole(body: &Value) -> Answer {
    let mut answer = Answer::default();
    read(&mut answer, body);
    assert_eq!(body["done"], true, "{body}");
    answer
}

pub(super) fn stream(reply: &Reply) -> Answer {
    let mut answer = Answer::default();
    let lines = reply.lines();
    let (last, before) = lines.split_last().unwrap();
    assert_eq!(last["done"], true, "{last}");
    for line in before {
        assert_eq!(line["done"], false, "{line}");
        read(&mut answer, line);
    }
    read(&mut answer, last);
    answer
}

fn read(answer: &mut Answer, line: &Value) {
    assert!(line["created_at"].is_string(), "{line}");
    let message = &line["message"];
    assert_eq!(message["role"], "assistant", "{line}");
    answer.text += &string(&message["content"]);
    answer.thinking += &string(&message["thinking"]);
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        let function = &call["function"];
        answer.call(
            &call["id"],
            &function["name"],
            function["arguments"].clone(),
        );
    }
    answer.model = string(&line["model"]);
    if line["done"] == true {
        answer.finish = string(&line["done_reason"]);
        answer.input_tokens = number(&line["prompt_eval_count"]);
        answer.output_tokens = number(&line["eval_count"]);
    }
}
