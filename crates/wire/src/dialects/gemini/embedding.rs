//! Embeddings: `embedContent` and `batchEmbedContents`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::content::{Content, Part};
use super::losses::Losses;
use super::model;
use super::proto::{Count, Fields, Many, Members, camel, wrong};
use super::usage::UsageMetadata;
use crate::canonical::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Loss, RawJson, Usage};
use crate::dialect::{EncodedRequest, ReplyContext, RequestHead, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// Reads one request or a batch. A batch has one model, task and length: the first item's.
pub(super) fn decode_request(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<EmbeddingRequest, TranslateError> {
    let mut out = EmbeddingRequest::default();
    if body.is_set("requests") {
        let raw = body.get("requests").unwrap_or_default();
        let list: Vec<&RawValue> =
            serde_json::from_slice(raw).map_err(|e| wrong("requests", &e))?;
        for item in list {
            read_item(item.get().as_bytes(), "requests", &mut out)?;
        }
    } else {
        read_item(&body.to_bytes(), "request", &mut out)?;
    }
    if out.input.is_empty() {
        return Err(TranslateError::invalid_param(
            "requests",
            "requests must hold at least one request.",
        ));
    }
    let name = head.model.unwrap_or(&out.model);
    out.model = name.strip_prefix("models/").unwrap_or(name).to_owned();
    Ok(out)
}

/// Adds one `EmbedContentRequest`.
fn read_item(text: &[u8], param: &str, out: &mut EmbeddingRequest) -> Result<(), TranslateError> {
    let mut item = Members::parse(text, param)?;
    let model: Option<String> = item.take_as("model", param)?;
    let task_type = item.take_as("taskType", param)?;
    let title = item.take_as("title", param)?;
    let dimensions: Option<Count> = item.take_as("outputDimensionality", param)?;
    if out.input.is_empty() {
        out.model = model.unwrap_or_default();
        out.task_type = task_type;
        out.title = title;
        out.dimensions = dimensions.map(|n| u32::try_from(n.0).unwrap_or(u32::MAX));
    }
    out.input.push(input(item.take_as("content", param)?)?);
    for (name, _) in item.rest() {
        if !out.unmapped.iter().any(|known| known == name) {
            out.unmapped.push(name.to_owned());
        }
    }
    Ok(())
}

fn input(content: Option<Content<'static>>) -> Result<EmbeddingInput, TranslateError> {
    let mut texts = Vec::new();
    for part in content.unwrap_or_default().parts.0 {
        match part.text {
            Some(text) => texts.push(text),
            None => {
                return Err(TranslateError::invalid_param(
                    "content.parts",
                    "Only text can be embedded here.",
                ));
            }
        }
    }
    if texts.is_empty() {
        return Err(TranslateError::invalid_param(
            "content",
            "content must hold at least one text part.",
        ));
    }
    Ok(EmbeddingInput::Text(texts.join("\n")))
}

/// Writes a batch, also for a single input. Members of `extra` go into each request of it, where
/// the API has its parameters.
pub(super) fn encode_request(
    request: &EmbeddingRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let mut losses = Losses::default();
    for what in &request.unmapped {
        losses.add(Loss::hint(what.clone()));
    }
    losses.hint_if(request.user.is_some(), "user");
    let model = model::resource(target.model);
    let mut requests = Vec::with_capacity(request.input.len());
    for input in &request.input {
        let Some(text) = input.to_text() else {
            let what = match input {
                EmbeddingInput::Tokens(_) => "Token ids",
                _ => "Pictures",
            };
            return Err(TranslateError::invalid_param(
                "input",
                format!("{what} cannot be embedded by a Gemini model; send text."),
            ));
        };
        let mut item = Fields::default();
        item.put("model", &model);
        item.put(
            "content",
            &Content {
                parts: Many(vec![Part::text(text)]),
                role: None,
            },
        );
        item.put_some("taskType", request.task_type.as_ref());
        item.put_some("title", request.title.as_ref());
        item.put_some("outputDimensionality", request.dimensions.as_ref());
        for (name, value) in &request.extra {
            let name = camel(name).into_owned();
            if !item.contains(&name) {
                item.put(name, value);
            }
        }
        requests.push(item);
    }
    let mut body = Fields::default();
    body.put("requests", &requests);
    let body = serde_json::to_vec(&body).map_err(|e| TranslateError::invalid(e.to_string()))?;
    Ok(EncodedRequest {
        body: Bytes::from(body),
        headers: Vec::new(),
        losses: losses.into_vec(),
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EmbedResponse {
    embedding: Option<Vector<Vec<f32>>>,
    embeddings: Option<Many<Vector<Vec<f32>>>>,
    /// Vertex AI has predictions instead of embeddings.
    predictions: Option<Many<Prediction>>,
    #[serde(alias = "usage_metadata")]
    usage_metadata: Option<UsageMetadata>,
    error: Option<RawJson>,
}

/// Vertex AI API reference, "Text embeddings API".
#[derive(Debug, Deserialize)]
struct Prediction {
    embeddings: Predicted,
}

#[derive(Debug, Deserialize)]
struct Predicted {
    values: Vec<f32>,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Statistics {
    token_count: Count,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Vector<T> {
    values: T,
}

/// Reads the vectors of one request or of a batch.
pub(super) fn decode_response(body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
    let response: EmbedResponse = serde_json::from_slice(body)
        .map_err(|e| TranslateError::invalid(format!("not a Gemini embedding: {e}")))?;
    if let Some(error) = &response.error {
        let error = super::error::from_object(200, error.get().as_bytes());
        return Err(TranslateError::invalid(error.message));
    }
    if let Some(predictions) = response.predictions {
        return Ok(predicted(predictions.0));
    }
    let vectors: Vec<Vec<f32>> = match (response.embeddings, response.embedding) {
        (Some(list), _) => list.0.into_iter().map(|vector| vector.values).collect(),
        (None, Some(vector)) => vec![vector.values],
        (None, None) => {
            return Err(TranslateError::invalid(
                "not a Gemini embedding: neither embeddings nor embedding",
            ));
        }
    };
    Ok(EmbeddingResponse {
        model: None,
        vectors,
        usage: response.usage_metadata.map(|usage| usage.to_usage()),
    })
}

fn predicted(predictions: Vec<Prediction>) -> EmbeddingResponse {
    let count = |one: &Prediction| one.embeddings.statistics.token_count.0;
    let input_tokens = predictions.iter().map(count).sum();
    let vectors = predictions.into_iter().map(|one| one.embeddings.values);
    EmbeddingResponse {
        model: None,
        vectors: vectors.collect(),
        usage: Some(Usage {
            input_tokens,
            ..Usage::default()
        }),
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EmbedResponseOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<Vector<&'a [f32]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embeddings: Option<Vec<Vector<&'a [f32]>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_metadata: Option<EmbedUsageOut>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EmbedUsageOut {
    prompt_token_count: u64,
}

/// Writes the vectors the way the operation has them.
pub(super) fn encode_response(
    response: &EmbeddingResponse,
    reply: &ReplyContext,
) -> Result<Bytes, TranslateError> {
    let mut vectors = response.vectors.iter().map(|vector| Vector {
        values: vector.as_slice(),
    });
    let single = reply.operation == Operation::EmbeddingsSingle;
    let out = EmbedResponseOut {
        embedding: if single { vectors.next() } else { None },
        embeddings: (!single).then(|| vectors.collect()),
        usage_metadata: response.usage.map(|usage| EmbedUsageOut {
            prompt_token_count: usage.input_tokens,
        }),
    };
    serde_json::to_vec(&out)
        .map(Bytes::from)
        .map_err(|e| TranslateError::invalid(e.to_string()))
}
