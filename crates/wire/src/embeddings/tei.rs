//! Hugging Face: `/embed` of Text Embeddings Inference, and feature extraction.
//!
//! Source: its API reference, `EmbedRequest`; Inference Providers, "Feature Extraction".

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{losses, texts};
use crate::canonical::{EmbeddingRequest, EmbeddingResponse};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, no_answer};

/// No model is named: a server has one, or the path names it.
#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    inputs: Vec<Cow<'a, str>>,
    /// What is too long is refused otherwise; other APIs cut it.
    truncate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

/// Bare vectors, or, from its containers on `SageMaker`, an object around them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ResponseIn {
    Bare(Vec<Vec<f32>>),
    Object {
        #[serde(alias = "embeddings", alias = "vectors")]
        embedding: Vec<Vec<f32>>,
    },
    /// One input, one vector.
    Single(Vec<f32>),
}

/// Writes a request.
pub(super) fn encode(request: &EmbeddingRequest) -> Result<OwnRequest, TranslateError> {
    let truncate = !request.extra.iter().any(|(name, _)| name == "truncate");
    let body = RequestOut {
        inputs: texts(request)?,
        truncate,
        dimensions: request.dimensions,
    };
    OwnRequest::json(&body, &request.extra, losses(request, true))
}

/// Reads an answer, which tells no tokens.
pub(super) fn decode(body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
    let vectors = match serde_json::from_slice(body) {
        Ok(ResponseIn::Bare(vectors) | ResponseIn::Object { embedding: vectors }) => vectors,
        Ok(ResponseIn::Single(vector)) => vec![vector],
        Err(_) => {
            return Err(no_answer(
                "list of vectors",
                "one vector for each input was expected",
            ));
        }
    };
    Ok(EmbeddingResponse {
        vectors,
        ..EmbeddingResponse::default()
    })
}
