//! `OpenAI` text completions (API reference of `OpenAI`).

use bytes::Bytes;
use serde_json::{Value, json};

use super::openai::{finish_reason, usage};
use super::sse;
use crate::mock::answer::{Answer, CREATED, Part};

pub(in crate::mock) fn whole(answer: &Answer) -> Value {
    let text = answer.text();
    let choice = json!({
        "text": text, "index": 0, "logprobs": null, "finish_reason": finish_reason(answer.finish),
    });
    let mut whole = completion(answer, &json!([choice]));
    whole["usage"] = usage(answer);
    whole
}

/// The events of a stream; the usage event only when the request asked for it.
pub(in crate::mock) fn frames(answer: &Answer, include_usage: bool) -> Vec<Bytes> {
    let chunk = |choices: &Value| {
        let mut chunk = completion(answer, choices);
        if include_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    };
    let choice = |text: &str, finish: Option<&str>| {
        let choice = json!({ "text": text, "index": 0, "logprobs": null, "finish_reason": finish });
        sse(&chunk(&json!([choice])))
    };
    let texts = answer.parts.iter().flat_map(|part| match part {
        Part::Text(pieces) => pieces.as_slice(),
        Part::Thinking(_) | Part::Tool(_) => &[],
    });
    let mut frames: Vec<Bytes> = texts.map(|text| choice(text, None)).collect();
    frames.push(choice("", Some(finish_reason(answer.finish))));
    if include_usage {
        let mut last = chunk(&json!([]));
        last["usage"] = usage(answer);
        frames.push(sse(&last));
    }
    frames.push(Bytes::from_static(b"data: [DONE]\n\n"));
    frames
}

fn completion(answer: &Answer, choices: &Value) -> Value {
    json!({
        "id": "cmpl-CO1mockmockmockmockmockmock01",
        "object": "text_completion",
        "created": CREATED,
        "model": answer.model,
        "choices": choices,
        "system_fingerprint": "fp_44709d6fcb",
    })
}
