//! `OpenAI` chat completions, embeddings and models (API reference of `OpenAI`).

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{MODELS, inputs, sse, vector};
use crate::mock::answer::{Answer, CREATED, Failure, Finish, INPUT_TOKENS, Part, ToolCall};

const ID: &str = "chatcmpl-CO1mockmockmockmockmockmock01";
const FINGERPRINT: &str = "fp_44709d6fcb";

pub(in crate::mock) fn whole(answer: &Answer) -> Value {
    let mut message = json!({
        "role": "assistant",
        "content": answer.text(),
        "refusal": null,
        "annotations": [],
    });
    let calls: Vec<Value> = answer
        .tools()
        .map(|call| tool_call(call, &call.arguments_text()))
        .collect();
    if !calls.is_empty() {
        message["content"] = Value::Null;
        message["tool_calls"] = Value::Array(calls);
    }
    if answer.reasoning_tokens > 0 {
        // As DeepSeek and vLLM name it; OpenAI itself keeps thinking to itself.
        message["reasoning_content"] = Value::String(answer.thinking());
    }
    json!({
        "id": ID,
        "object": "chat.completion",
        "created": CREATED,
        "model": answer.model,
        "choices": [{
            "index": 0,
            "message": message,
            "logprobs": null,
            "finish_reason": finish_reason(answer.finish),
        }],
        "usage": usage(answer),
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    })
}

/// The events of a stream; the usage event only when the request asked for it.
pub(in crate::mock) fn frames(answer: &Answer, include_usage: bool) -> Vec<Bytes> {
    let chunk = |choices: Value| {
        let mut chunk = json!({
            "id": ID,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": answer.model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
            "choices": choices,
        });
        if include_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    };
    let delta = |delta: Value| {
        sse(&chunk(
            json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }]),
        ))
    };
    let opening = if answer.tools().next().is_some() {
        Value::Null
    } else {
        json!("")
    };
    let opening = json!({ "role": "assistant", "content": opening, "refusal": null });
    let pieces = answer.parts.iter().flat_map(deltas);
    let mut frames: Vec<Bytes> = [opening].into_iter().chain(pieces).map(delta).collect();
    let finish = finish_reason(answer.finish);
    frames.push(sse(&chunk(
        json!([{ "index": 0, "delta": {}, "logprobs": null, "finish_reason": finish }]),
    )));
    if include_usage {
        let mut last = chunk(json!([]));
        last["usage"] = usage(answer);
        frames.push(sse(&last));
    }
    frames.push(Bytes::from_static(b"data: [DONE]\n\n"));
    frames
}

pub(in crate::mock) fn error(failure: Failure, model: &str) -> (u16, Value) {
    let (status, message, kind, param, code) = match failure {
        Failure::ContextWindow => (
            400,
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens. \
             Please reduce the length of the messages."
                .to_owned(),
            "invalid_request_error",
            Some("messages"),
            Some("context_length_exceeded"),
        ),
        Failure::ContentPolicy => (
            400,
            "Your request was rejected as a result of our safety system. Your prompt may contain text that is not \
             allowed by our safety system."
                .to_owned(),
            "invalid_request_error",
            None,
            Some("content_policy_violation"),
        ),
        Failure::Status(401) => (
            401,
            "Incorrect API key provided: sk-mock. You can find your API key at \
             https://platform.openai.com/account/api-keys."
                .to_owned(),
            "invalid_request_error",
            None,
            Some("invalid_api_key"),
        ),
        Failure::Status(404) => (
            404,
            format!("The model `{model}` does not exist or you do not have access to it."),
            "invalid_request_error",
            None,
            Some("model_not_found"),
        ),
        Failure::Status(429) => (
            429,
            format!("Rate limit reached for {model} on requests per min (RPM): Limit 3, Used 3, Requested 1."),
            "requests",
            None,
            Some("rate_limit_exceeded"),
        ),
        Failure::Status(status @ 400..=499) => {
            (status, "The request was refused.".to_owned(), "invalid_request_error", None, None)
        }
        Failure::Status(status) => (
            status,
            "The server had an error while processing your request. Sorry about that!".to_owned(),
            "server_error",
            None,
            None,
        ),
    };
    (
        status,
        json!({ "error": { "message": message, "type": kind, "param": param, "code": code } }),
    )
}

pub(in crate::mock) fn error_frame(failure: Failure, model: &str) -> Bytes {
    sse(&error(failure, model).1)
}

fn deltas(part: &Part) -> Vec<Value> {
    match part {
        Part::Thinking(pieces) => {
            let delta = |piece| json!({ "reasoning_content": piece });
            pieces.iter().map(delta).collect()
        }
        Part::Text(pieces) => {
            let delta = |piece| json!({ "content": piece });
            pieces.iter().map(delta).collect()
        }
        Part::Tool(call) => {
            let mut opening = json!({ "index": call.position });
            if let (Value::Object(opening), Value::Object(call)) =
                (&mut opening, tool_call(call, ""))
            {
                opening.extend(call);
            }
            let fragment =
                |piece| json!({ "index": call.position, "function": { "arguments": piece } });
            let fragments = call.arguments.iter().map(fragment);
            let delta = |call| json!({ "tool_calls": [call] });
            [opening].into_iter().chain(fragments).map(delta).collect()
        }
    }
}

pub(in crate::mock) fn embeddings(request: &Value) -> Value {
    let dimensions = request["dimensions"]
        .as_u64()
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(8);
    let count = inputs(&request["input"]);
    let data = (0..count).map(|index| {
        let vector = vector(index, dimensions);
        let embedding = if request["encoding_format"] == "base64" {
            let bytes: Vec<u8> = vector
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            json!(BASE64_STANDARD.encode(bytes))
        } else {
            json!(vector)
        };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    });
    json!({
        "object": "list",
        "data": data.collect::<Vec<_>>(),
        "model": request["model"],
        "usage": { "prompt_tokens": 4 * count, "total_tokens": 4 * count },
    })
}

pub(in crate::mock) fn models() -> Value {
    let model = |id| json!({ "id": id, "object": "model", "created": CREATED, "owned_by": "mock" });
    json!({ "object": "list", "data": MODELS.map(model) })
}

pub(super) fn usage(answer: &Answer) -> Value {
    json!({
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": answer.output_tokens,
        "total_tokens": INPUT_TOKENS + answer.output_tokens,
        "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
        "completion_tokens_details": {
            "reasoning_tokens": answer.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

fn tool_call(call: &ToolCall, arguments: &str) -> Value {
    json!({
        "id": format!("call_mock{:020}", call.position),
        "type": "function",
        "function": { "name": call.name, "arguments": arguments },
    })
}

pub(super) fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::Tools => "tool_calls",
    }
}
