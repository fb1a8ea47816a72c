//! IBM watsonx.ai: `/ml/v1/text/embeddings`.
//!
//! Source: watsonx.ai API reference, "Generate embeddings".

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{losses, texts};
use crate::canonical::{EmbeddingRequest, EmbeddingResponse, RawJson, Usage};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, no_answer};

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    model_id: &'a str,
    inputs: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<ParametersOut<'a>>,
}

#[derive(Debug, Serialize)]
struct ParametersOut<'a> {
    truncate_input_tokens: &'a RawJson,
}

#[derive(Debug, Deserialize)]
struct ResponseIn {
    #[serde(default)]
    model_id: Option<String>,
    results: Vec<ResultIn>,
    #[serde(default)]
    input_token_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct ResultIn {
    embedding: Vec<f32>,
}

/// Writes a request; the project is added where it is known.
pub(super) fn encode(
    request: &EmbeddingRequest,
    model: &str,
) -> Result<OwnRequest, TranslateError> {
    let is_limit = |(name, _): &&(String, RawJson)| name == "truncate_input_tokens";
    let limit = request.extra.iter().find(is_limit);
    let body = RequestOut {
        model_id: model,
        inputs: texts(request)?,
        parameters: limit.map(|(_, value)| ParametersOut {
            truncate_input_tokens: value,
        }),
    };
    let rest: Vec<_> = request
        .extra
        .iter()
        .filter(|pair| !is_limit(pair))
        .cloned()
        .collect();
    OwnRequest::json(&body, &rest, losses(request, false))
}

/// Reads an answer.
pub(super) fn decode(body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
    let response: ResponseIn =
        serde_json::from_slice(body).map_err(|e| no_answer("list of vectors", e))?;
    let results = response.results.into_iter();
    Ok(EmbeddingResponse {
        model: response.model_id,
        vectors: results.map(|result| result.embedding).collect(),
        usage: response.input_token_count.map(|input_tokens| Usage {
            input_tokens,
            ..Usage::default()
        }),
    })
}
