//! Embeddings: `/api/embed`, and the older `/api/embeddings` with one prompt and one vector.

use std::borrow::Cow;

use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error;
use super::request::{Losses, Object, Setting, merge_extra};
use super::usage::nanoseconds;
use super::wire::{Count, field, to_json};
use crate::canonical::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Loss, Usage};
use crate::dialect::{EncodedRequest, ReplyContext, RequestHead, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// Members for the upstream that runs the model; they have no canonical form and only a
/// same-dialect upstream sees them.
const UPSTREAM_ONLY: [&str; 3] = ["keep_alive", "options", "truncate"];

/// Reads a request.
pub(super) fn decode_request(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<EmbeddingRequest, TranslateError> {
    let model = match head.model {
        Some(model) => model.to_owned(),
        None => field::<String>(body, "model")?.unwrap_or_default(),
    };
    if model.is_empty() {
        return Err(TranslateError::invalid_param(
            "model",
            "`model` is required",
        ));
    }
    let input = if head.operation == Operation::EmbeddingsSingle {
        field::<String>(body, "prompt")?.into_iter().collect()
    } else {
        inputs(field::<Value>(body, "input")?)?
    };
    Ok(EmbeddingRequest {
        model,
        input: input.into_iter().map(EmbeddingInput::Text).collect(),
        dimensions: field(body, "dimensions")?.filter(|&n: &u32| n > 0),
        unmapped: UPSTREAM_ONLY
            .into_iter()
            .filter(|name| body.is_set(name))
            .map(str::to_owned)
            .collect(),
        ..EmbeddingRequest::default()
    })
}

fn inputs(input: Option<Value>) -> Result<Vec<String>, TranslateError> {
    let invalid = || {
        TranslateError::invalid_param("input", "`input` must be a string or an array of strings")
    };
    match input {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(texts)) => texts
            .into_iter()
            .map(|text| match text {
                Value::String(text) => Ok(text),
                _ => Err(invalid()),
            })
            .collect(),
        Some(_) => Err(invalid()),
    }
}

/// Writes a request, always for `/api/embed`.
pub(super) fn encode_request(
    request: &EmbeddingRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let input = request
        .input
        .iter()
        .map(|input| {
            input.to_text().ok_or_else(|| {
                let why = match input {
                    EmbeddingInput::Tokens(_) => "Ollama does not embed token ids, only text",
                    _ => "Ollama does not embed pictures, only text",
                };
                TranslateError::Unsupported(why.to_owned())
            })
        })
        .collect::<Result<_, _>>()?;
    let mut losses = Losses::default();
    let mut lose = |lost: bool, loss: Loss| {
        if lost {
            losses.add(loss);
        }
    };
    lose(request.user.is_some(), Loss::hint("user"));
    lose(request.title.is_some(), Loss::hint("title"));
    lose(request.task_type.is_some(), Loss::hint("task_type"));
    let mut body = EmbedBody {
        model: target.model,
        input,
        dimensions: request.dimensions,
        top: Vec::new(),
        options: Vec::new(),
    };
    merge_extra(&request.extra, &mut body.top, &mut body.options);
    Ok(EncodedRequest {
        body: to_json(&body),
        headers: Vec::new(),
        losses: losses.into_vec(),
    })
}

struct EmbedBody<'a> {
    model: &'a str,
    input: Vec<Cow<'a, str>>,
    dimensions: Option<u32>,
    top: Vec<Setting>,
    options: Vec<Setting>,
}

// === impl EmbedBody ===

impl Serialize for EmbedBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", self.model)?;
        map.serialize_entry("input", &self.input)?;
        if let Some(dimensions) = self.dimensions {
            map.serialize_entry("dimensions", &dimensions)?;
        }
        for (name, value) in &self.top {
            let written = matches!(name.as_str(), "model" | "input")
                || (name == "dimensions" && self.dimensions.is_some());
            if !written {
                map.serialize_entry(name, value)?;
            }
        }
        if !self.options.is_empty() {
            map.serialize_entry("options", &Object(&self.options))?;
        }
        map.end()
    }
}

/// Reads vectors from either endpoint.
pub(super) fn decode_response(body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
    let answer: WireVectors = serde_json::from_slice(body)
        .map_err(|e| TranslateError::invalid(format!("not an Ollama embedding: {e}")))?;
    if let Some(raw) = &answer.error {
        return Err(TranslateError::invalid(error::message_of(raw.get())));
    }
    let vectors = match (answer.embeddings, answer.embedding) {
        (Some(vectors), _) => vectors,
        (None, Some(vector)) => vec![vector],
        (None, None) => {
            return Err(TranslateError::invalid(
                "not an Ollama embedding: neither `embeddings` nor `embedding`",
            ));
        }
    };
    Ok(EmbeddingResponse {
        model: answer.model,
        vectors,
        usage: answer.prompt_eval_count.map(|Count(input_tokens)| Usage {
            input_tokens,
            ..Usage::default()
        }),
    })
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct WireVectors {
    model: Option<String>,
    embeddings: Option<Vec<Vec<f32>>>,
    embedding: Option<Vec<f32>>,
    prompt_eval_count: Option<Count>,
    error: Option<Box<RawValue>>,
}

/// Writes vectors for the endpoint that the client called.
pub(super) fn encode_response(
    response: &EmbeddingResponse,
    reply: &ReplyContext,
) -> Result<Bytes, TranslateError> {
    if reply.operation == Operation::EmbeddingsSingle {
        let vector = response.vectors.first();
        return Ok(to_json(&OutVector {
            embedding: vector.map(Vec::as_slice).unwrap_or_default(),
        }));
    }
    Ok(to_json(&OutVectors {
        model: &reply.model,
        embeddings: &response.vectors,
        total_duration: nanoseconds(reply.elapsed()),
        load_duration: 0,
        prompt_eval_count: response.usage.unwrap_or_default().input_tokens,
    }))
}

#[derive(serde::Serialize)]
struct OutVector<'a> {
    embedding: &'a [f32],
}

#[derive(serde::Serialize)]
struct OutVectors<'a> {
    model: &'a str,
    embeddings: &'a [Vec<f32>],
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
}
