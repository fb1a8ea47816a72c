//! Gemini generateContent, embeddings, token counting and models (Gemini API reference).

use bytes::Bytes;
use serde_json::{Value, json};

use super::{MODELS, vector};
use crate::mock::answer::{Answer, Failure, Finish, INPUT_TOKENS, Part, ToolCall};

const RESPONSE_ID: &str = "mockMockMockMockMockMock";
const THOUGHT_SIGNATURE: &str = "RXJzYXR6U2lnbmF0dXIgZGVyIEF0dHJhcHBl";
const DIMENSIONS: usize = 8;

pub(in crate::mock) fn whole(answer: &Answer) -> Value {
    let mut parts = Vec::new();
    if answer.reasoning_tokens > 0 {
        parts.push(json!({ "text": answer.thinking(), "thought": true }));
    }
    let text = answer.text();
    if !text.is_empty() {
        parts.push(signed(json!({ "text": text }), answer));
    }
    parts.extend(answer.tools().map(function_call));
    response(answer, &json!(parts), answer.output_tokens, true)
}

/// The chunks of a stream; as server-sent events, or without `alt=sse` as the members of one JSON array.
pub(in crate::mock) fn frames(answer: &Answer, sse: bool) -> Vec<Bytes> {
    let mut parts = Vec::new();
    for part in &answer.parts {
        match part {
            Part::Thinking(pieces) => {
                parts.extend(
                    pieces
                        .iter()
                        .map(|piece| json!({ "text": piece, "thought": true })),
                );
            }
            Part::Text(pieces) => {
                let first = parts.len();
                parts.extend(pieces.iter().map(|piece| json!({ "text": piece })));
                if let Some(part) = parts.get_mut(first) {
                    *part = signed(part.take(), answer);
                }
            }
            Part::Tool(call) => parts.push(function_call(call)),
        }
    }
    let count = parts.len();
    let chunks = parts.into_iter().enumerate().map(|(index, part)| {
        let last = index + 1 == count;
        let tokens = if last {
            answer.output_tokens
        } else {
            index + 1
        };
        response(answer, &json!([part]), tokens, last)
    });
    if sse {
        return chunks.map(|chunk| event(&chunk)).collect();
    }
    let element =
        |(index, chunk)| Bytes::from(format!("{}{chunk}", if index == 0 { "[" } else { ",\r\n" }));
    chunks
        .enumerate()
        .map(element)
        .chain([Bytes::from_static(b"]")])
        .collect()
}

pub(in crate::mock) fn error(failure: Failure, model: &str) -> (u16, Value) {
    let (status, name, message, details) = match failure {
        Failure::ContextWindow => (
            400,
            "INVALID_ARGUMENT",
            "The input token count (1100001) exceeds the maximum number of tokens allowed (1048576).".to_owned(),
            None,
        ),
        // Not an error of this API: the answer has no candidates and says why.
        Failure::ContentPolicy => return (200, blocked(model)),
        Failure::Status(401) => {
            let reason = "API_KEY_INVALID";
            let info = json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "googleapis.com",
                "metadata": { "service": "generativelanguage.googleapis.com" },
            });
            let message = "Request had invalid authentication credentials.".to_owned();
            (401, "UNAUTHENTICATED", message, Some(json!([info])))
        }
        Failure::Status(404) => (
            404,
            "NOT_FOUND",
            format!("models/{model} is not found for API version v1beta, or is not supported for generateContent."),
            None,
        ),
        Failure::Status(429) => {
            let retry = json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s" });
            let message = "You exceeded your current quota, please check your plan and billing details.";
            (429, "RESOURCE_EXHAUSTED", message.to_owned(), Some(json!([retry])))
        }
        Failure::Status(503) => {
            (503, "UNAVAILABLE", "The model is overloaded. Please try again later.".to_owned(), None)
        }
        Failure::Status(status @ 400..=499) => {
            (status, "FAILED_PRECONDITION", "The request was refused.".to_owned(), None)
        }
        Failure::Status(status) => {
            (status, "INTERNAL", "An internal error has occurred.".to_owned(), None)
        }
    };
    let mut error = json!({ "code": status, "message": message, "status": name });
    if let Some(details) = details {
        error["details"] = details;
    }
    (status, json!({ "error": error }))
}

pub(in crate::mock) fn error_frame(failure: Failure, model: &str) -> Bytes {
    event(&error(failure, model).1)
}

pub(in crate::mock) fn embedding() -> Value {
    json!({ "embedding": { "values": vector(0, DIMENSIONS) } })
}

pub(in crate::mock) fn batch_embeddings(request: &Value) -> Value {
    let count = request["requests"].as_array().map_or(0, Vec::len);
    let embeddings = (0..count).map(|index| json!({ "values": vector(index, DIMENSIONS) }));
    json!({ "embeddings": embeddings.collect::<Vec<_>>() })
}

pub(in crate::mock) fn count_tokens() -> Value {
    json!({ "totalTokens": INPUT_TOKENS, "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": INPUT_TOKENS }] })
}

pub(in crate::mock) fn models() -> Value {
    let model = |id| {
        json!({
            "name": format!("models/{id}"),
            "version": "001",
            "displayName": id,
            "description": "Scripted answers.",
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens", "embedContent"],
        })
    };
    json!({ "models": MODELS.map(model) })
}

/// This API ends its server-sent lines with CR LF.
pub(in crate::mock) fn event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\r\n\r\n"))
}

fn response(answer: &Answer, parts: &Value, output_tokens: usize, last: bool) -> Value {
    let mut candidate = json!({ "content": { "parts": parts, "role": "model" } });
    if last {
        candidate["finishReason"] = json!(finish_reason(answer.finish));
    }
    candidate["index"] = json!(0);
    let thoughts = answer.reasoning_tokens.min(output_tokens);
    let mut usage = json!({
        "promptTokenCount": INPUT_TOKENS,
        "candidatesTokenCount": output_tokens - thoughts,
        "totalTokenCount": INPUT_TOKENS + output_tokens,
        "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": INPUT_TOKENS }],
    });
    if thoughts > 0 {
        usage["thoughtsTokenCount"] = json!(thoughts);
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": answer.model,
        "responseId": RESPONSE_ID,
    })
}

fn blocked(model: &str) -> Value {
    json!({
        "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" },
        "usageMetadata": {
            "promptTokenCount": INPUT_TOKENS,
            "totalTokenCount": INPUT_TOKENS,
            "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": INPUT_TOKENS }],
        },
        "modelVersion": model,
        "responseId": RESPONSE_ID,
    })
}

/// After thinking, the first part that is not a thought carries the signature.
fn signed(mut part: Value, answer: &Answer) -> Value {
    if answer.reasoning_tokens > 0 {
        part["thoughtSignature"] = json!(THOUGHT_SIGNATURE);
    }
    part
}

fn function_call(call: &ToolCall) -> Value {
    json!({ "functionCall": { "name": call.name, "args": call.arguments_object() } })
}

fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        // Function calls end with STOP as well.
        Finish::Stop | Finish::Tools => "STOP",
        Finish::Length => "MAX_TOKENS",
    }
}
