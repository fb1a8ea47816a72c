//! The wire formats of rerank calls: what clients send and get, and what upstreams do.
//!
//! Clients speak Cohere's format, as LiteLLM's do (`/rerank`, `/v1/rerank`, `/v2/rerank`);
//! upstreams speak one of [`RerankFormat`]. The gateway itself gives documents back and cuts the
//! results to the most relevant ones, so that both work with every upstream.

mod client;
mod cohere;
mod jina;
mod nim;
mod tei;
mod voyage;
mod watsonx;

use bytes::Bytes;
use serde::Serialize;

pub use client::{decode_request, encode_response};

use crate::canonical::{ApiError, Loss, RawJson, RerankRequest, RerankResponse};
use crate::dialect::{DialectId, EncodedRequest, TranslateError};
use crate::json::JsonObject;

/// The format that an upstream speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RerankFormat {
    /// Cohere's API v2.
    Cohere,
    /// Cohere's API v1, which takes documents that are objects.
    CohereV1,
    /// Jina AI, and the servers that follow it: vLLM, Infinity, llama.cpp, Xinference.
    Jina,
    /// Together AI: Jina's, with documents that are objects.
    Together,
    /// Voyage AI.
    Voyage,
    /// Hugging Face Text Embeddings Inference.
    Tei,
    /// NVIDIA NIM.
    Nim,
    /// IBM watsonx.ai.
    Watsonx,
}

// === impl RerankFormat ===

impl RerankFormat {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Cohere,
        Self::CohereV1,
        Self::Jina,
        Self::Together,
        Self::Voyage,
        Self::Tei,
        Self::Nim,
        Self::Watsonx,
    ];

    /// The stable name used in tables and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cohere => "cohere",
            Self::CohereV1 => "cohere_v1",
            Self::Jina => "jina",
            Self::Together => "together",
            Self::Voyage => "voyage",
            Self::Tei => "tei",
            Self::Nim => "nim",
            Self::Watsonx => "watsonx",
        }
    }

    /// The format that `name` names.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Writes a request for an upstream that calls the model `model`.
    pub fn encode_request(
        self,
        request: &RerankRequest,
        model: &str,
    ) -> Result<EncodedRequest, TranslateError> {
        let mut losses = Vec::new();
        let body = match self {
            Self::Cohere => cohere::encode(request, model, &mut losses),
            Self::CohereV1 => cohere::encode_v1(request, model, &mut losses),
            Self::Jina => jina::encode(request, model, &mut losses),
            Self::Together => jina::encode_together(request, model, &mut losses),
            Self::Voyage => voyage::encode(request, model, &mut losses),
            Self::Tei => tei::encode(request, &mut losses),
            Self::Nim => nim::encode(request, model, &mut losses),
            Self::Watsonx => watsonx::encode(request, model, &mut losses),
        };
        Ok(EncodedRequest {
            body: with_extra(body?, &request.extra)?,
            headers: Vec::new(),
            losses,
        })
    }

    /// Reads an upstream's answer; the results come out with the most relevant first.
    pub fn decode_response(self, body: &[u8]) -> Result<RerankResponse, TranslateError> {
        let mut response = match self {
            Self::Cohere | Self::CohereV1 => cohere::decode(body),
            Self::Jina | Self::Together => jina::decode(body),
            Self::Voyage => voyage::decode(body),
            Self::Tei => tei::decode(body),
            Self::Nim => nim::decode(body),
            Self::Watsonx => watsonx::decode(body),
        }?;
        let results = &mut response.results;
        results.sort_by(|a, b| b.relevance_score.total_cmp(&a.relevance_score));
        Ok(response)
    }

    /// Reads an upstream's error answer; `body` may be anything.
    pub fn decode_error(self, status: u16, body: &[u8]) -> ApiError {
        let dialect = match self {
            Self::Cohere | Self::CohereV1 => DialectId::Cohere,
            _ => DialectId::OpenAiChat,
        };
        dialect.dialect().decode_error(status, body)
    }
}

/// Notes the bounds on documents that an API does not have.
fn lose_bounds(request: &RerankRequest, losses: &mut Vec<Loss>) {
    if request.max_tokens_per_doc.is_some() {
        losses.push(Loss::hint("max_tokens_per_doc"));
    }
    if request.max_chunks_per_doc.is_some() {
        losses.push(Loss::hint("max_chunks_per_doc"));
    }
}

/// The documents as texts.
fn texts(request: &RerankRequest) -> Vec<std::borrow::Cow<'_, str>> {
    let fields = request.rank_fields.as_deref();
    request
        .documents
        .iter()
        .map(|d| d.to_text(fields))
        .collect()
}

fn write(body: &impl Serialize) -> Result<Bytes, TranslateError> {
    serde_json::to_vec(body)
        .map(Bytes::from)
        .map_err(|error| TranslateError::invalid(error.to_string()))
}

/// Appends provider parameters to `body`; what is there already stays.
fn with_extra(body: Bytes, extra: &[(String, RawJson)]) -> Result<Bytes, TranslateError> {
    if extra.is_empty() {
        return Ok(body);
    }
    let mut object = JsonObject::parse(body, usize::MAX)
        .map_err(|error| TranslateError::invalid(error.to_string()))?;
    for (name, value) in extra {
        if !object.contains(name) {
            object.set(name, value.get().to_owned());
        }
    }
    Ok(object.to_bytes())
}

/// Says that a body is no answer to a rerank call.
fn no_answer(why: impl std::fmt::Display) -> TranslateError {
    TranslateError::invalid(format!("the upstream's answer is no rerank answer: {why}"))
}
