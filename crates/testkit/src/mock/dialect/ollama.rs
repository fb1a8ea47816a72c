//! Ollama chat, generate, embeddings and model information (Ollama API documentation).

use bytes::Bytes;
use serde_json::{Value, json};

use super::{MODELS, inputs, ndjson, vector};
use crate::mock::answer::{Answer, CREATED_TEXT, Failure, Finish, INPUT_TOKENS, Part, ToolCall};

const DIGEST: &str = "365c0bd3c000a25d28ddbf732fe1c6add414de7275464c4e4d1c3b5fcb5d8ad1";
const SIZE: u64 = 1_321_098_329;
const DIMENSIONS: usize = 8;

/// The two operations that generate text differ in where they put it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mock) enum Form {
    Chat,
    Generate,
}

pub(in crate::mock) fn whole(answer: &Answer, form: Form) -> Value {
    let calls: Vec<Value> = answer.tools().map(tool_call).collect();
    let mut line = line(answer, form, &answer.text(), &answer.thinking(), &calls);
    finish(&mut line, answer, form);
    line
}

pub(in crate::mock) fn frames(answer: &Answer, form: Form) -> Vec<Bytes> {
    let mut frames = Vec::new();
    for part in &answer.parts {
        match part {
            Part::Thinking(pieces) => {
                frames.extend(
                    pieces
                        .iter()
                        .map(|piece| ndjson(&line(answer, form, "", piece, &[]))),
                );
            }
            Part::Text(pieces) => {
                frames.extend(
                    pieces
                        .iter()
                        .map(|piece| ndjson(&line(answer, form, piece, "", &[]))),
                );
            }
            Part::Tool(call) => {
                frames.push(ndjson(&line(answer, form, "", "", &[tool_call(call)])));
            }
        }
    }
    let mut last = line(answer, form, "", "", &[]);
    finish(&mut last, answer, form);
    frames.push(ndjson(&last));
    frames
}

pub(in crate::mock) fn error(failure: Failure, model: &str) -> (u16, Value) {
    let (status, message) = match failure {
        Failure::ContextWindow => (
            400,
            "the input length exceeds the context length".to_owned(),
        ),
        Failure::ContentPolicy => (
            400,
            "the request was blocked by a content policy".to_owned(),
        ),
        Failure::Status(401) => (401, "unauthorized".to_owned()),
        Failure::Status(404) => (404, format!("model '{model}' not found")),
        Failure::Status(429) => (429, "too many concurrent requests".to_owned()),
        Failure::Status(503) => (
            503,
            "server busy, please try again.  maximum pending requests exceeded".to_owned(),
        ),
        Failure::Status(status) => (
            status,
            "llama runner process has terminated: exit status 2".to_owned(),
        ),
    };
    (status, json!({ "error": message }))
}

pub(in crate::mock) fn error_frame(failure: Failure, model: &str) -> Bytes {
    ndjson(&error(failure, model).1)
}

pub(in crate::mock) fn embed(request: &Value) -> Value {
    let count = inputs(&request["input"]);
    json!({
        "model": request["model"],
        "embeddings": (0..count).map(|index| vector(index, DIMENSIONS)).collect::<Vec<_>>(),
        "total_duration": 14_143_917,
        "load_duration": 1_019_500,
        "prompt_eval_count": 4 * count,
    })
}

/// The older operation: one prompt, one vector, nothing else.
pub(in crate::mock) fn embeddings() -> Value {
    json!({ "embedding": vector(0, DIMENSIONS) })
}

pub(in crate::mock) fn tags() -> Value {
    json!({ "models": MODELS.map(listed) })
}

pub(in crate::mock) fn ps() -> Value {
    let mut model = listed(MODELS[0]);
    model["expires_at"] = json!("2318-01-19T02:35:53Z");
    model["size_vram"] = json!(SIZE);
    model["context_length"] = json!(4096);
    json!({ "models": [model] })
}

pub(in crate::mock) fn version() -> Value {
    json!({ "version": "0.12.5" })
}

pub(in crate::mock) fn show() -> Value {
    json!({
        "license": "Apache-2.0",
        "modelfile": "FROM mock\n",
        "parameters": "stop \"<|eot|>\"",
        "template": "{{ .Prompt }}",
        "details": details(),
        "model_info": {
            "general.architecture": "llama",
            "general.parameter_count": 1_235_814_432_u64,
            "llama.context_length": 131_072,
            "llama.embedding_length": 2048,
        },
        "capabilities": ["completion", "tools", "thinking"],
        "modified_at": CREATED_TEXT,
    })
}

fn line(answer: &Answer, form: Form, text: &str, thinking: &str, calls: &[Value]) -> Value {
    let mut line = json!({ "model": answer.model, "created_at": CREATED_TEXT });
    let holder = match form {
        Form::Chat => {
            line["message"] = json!({ "role": "assistant", "content": text });
            &mut line["message"]
        }
        Form::Generate => {
            line["response"] = json!(text);
            &mut line
        }
    };
    if !thinking.is_empty() {
        holder["thinking"] = json!(thinking);
    }
    if !calls.is_empty() {
        holder["tool_calls"] = json!(calls);
    }
    line["done"] = json!(false);
    line
}

fn finish(line: &mut Value, answer: &Answer, form: Form) {
    line["done"] = json!(true);
    line["done_reason"] = json!(match answer.finish {
        // Tool calls end with "stop" as well.
        Finish::Stop | Finish::Tools => "stop",
        Finish::Length => "length",
    });
    if form == Form::Generate {
        line["context"] = json!([1, 2, 3]);
    }
    line["total_duration"] = json!(191_870_833);
    line["load_duration"] = json!(67_084_125);
    line["prompt_eval_count"] = json!(INPUT_TOKENS);
    line["prompt_eval_duration"] = json!(38_413_583);
    line["eval_count"] = json!(answer.output_tokens);
    line["eval_duration"] = json!(85_621_459);
}

/// This API sends a call in one piece, its arguments as an object.
fn tool_call(call: &ToolCall) -> Value {
    json!({
        "id": format!("call_mock{:04}", call.position),
        "function": { "index": call.position, "name": call.name, "arguments": call.arguments_object() },
    })
}

fn listed(name: &str) -> Value {
    json!({
        "name": name,
        "model": name,
        "modified_at": CREATED_TEXT,
        "size": SIZE,
        "digest": DIGEST,
        "details": details(),
    })
}

fn details() -> Value {
    json!({
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "1.2B",
        "quantization_level": "Q8_0",
    })
}
