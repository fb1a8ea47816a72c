//! The seven wire formats: whole answers, streamed pieces, errors, embeddings and model lists.

pub(super) mod anthropic;
pub(super) mod bedrock;
pub(super) mod cohere;
pub(super) mod completions;
pub(super) mod gemini;
pub(super) mod ollama;
pub(super) mod openai;
pub(super) mod responses;

use bytes::Bytes;
use serde_json::Value;

/// Models every list names.
const MODELS: [&str; 2] = ["mock", "mock-100c"];

fn sse(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

fn ndjson(line: &Value) -> Bytes {
    Bytes::from(format!("{line}\n"))
}

/// The made-up embedding of the input at `position`, of unit length or nearly so.
fn vector(position: usize, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0; dimensions.max(1)];
    let axis = position % vector.len();
    vector[axis] = 1.0;
    vector
}

/// How many inputs an embedding request carries: a list counts its members, anything else is one.
fn inputs(input: &Value) -> usize {
    match input {
        // A bare list of token ids is one input.
        Value::Array(items) if !items.first().is_some_and(Value::is_number) => items.len(),
        _ => 1,
    }
}
