//! Jina AI's `/v1/rerank` and the servers that follow it: vLLM, Infinity, llama.cpp, Together.
//!
//! Source: Jina API reference, reranker; vLLM's `RerankRequest` and `RerankResponse`; Infinity's
//! models of the same names; Together's API reference.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::cohere::{BareDocument, document};
use super::{lose_bounds, no_answer, texts, write};
use crate::canonical::{Loss, RerankRequest, RerankResponse, RerankResult, Usage};
use crate::dialect::TranslateError;

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    model: &'a str,
    query: &'a str,
    documents: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u32>,
    /// Jina gives them back unless told otherwise, and they are here already.
    return_documents: bool,
}

#[derive(Debug, Serialize)]
struct TogetherOut<'a> {
    model: &'a str,
    query: &'a str,
    documents: Vec<BareDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank_fields: Option<&'a [String]>,
    return_documents: bool,
}

#[derive(Debug, Deserialize)]
struct ResponseIn<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(borrow)]
    results: Vec<ResultIn<'a>>,
    #[serde(default)]
    usage: Option<UsageIn>,
}

#[derive(Debug, Deserialize)]
struct ResultIn<'a> {
    index: usize,
    /// Some servers say `score`.
    #[serde(alias = "score")]
    relevance_score: f64,
    #[serde(default, borrow)]
    document: Option<&'a RawValue>,
}

/// `usage`, also Voyage's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UsageIn {
    prompt_tokens: Option<f64>,
    completion_tokens: Option<f64>,
    total_tokens: Option<f64>,
}

/// Writes a request with texts, which is all that most of these servers take.
pub(super) fn encode(
    request: &RerankRequest,
    model: &str,
    losses: &mut Vec<Loss>,
) -> Result<Bytes, TranslateError> {
    lose_bounds(request, losses);
    write(&RequestOut {
        model,
        query: &request.query,
        documents: texts(request),
        top_n: request.top_n,
        return_documents: false,
    })
}

/// Writes a request for Together, which takes objects as they are.
pub(super) fn encode_together(
    request: &RerankRequest,
    model: &str,
    losses: &mut Vec<Loss>,
) -> Result<Bytes, TranslateError> {
    lose_bounds(request, losses);
    write(&TogetherOut {
        model,
        query: &request.query,
        documents: request.documents.iter().map(BareDocument::from).collect(),
        top_n: request.top_n,
        rank_fields: request.rank_fields.as_deref(),
        return_documents: false,
    })
}

/// Reads an answer.
pub(super) fn decode(body: &[u8]) -> Result<RerankResponse, TranslateError> {
    let response: ResponseIn<'_> = serde_json::from_slice(body).map_err(no_answer)?;
    let results = response.results.into_iter().map(|result| RerankResult {
        index: result.index,
        relevance_score: result.relevance_score,
        document: result.document.and_then(document),
        relevant_spans: None,
    });
    Ok(RerankResponse {
        id: response.id,
        model: response.model,
        results: results.collect(),
        usage: response.usage.as_ref().and_then(UsageIn::to_usage),
        search_units: None,
    })
}

// === impl UsageIn ===

impl UsageIn {
    /// The counts; a reranker writes nothing, so the total is what it read.
    pub(super) fn to_usage(&self) -> Option<Usage> {
        let output = self.completion_tokens.unwrap_or_default();
        let read = || self.total_tokens.map(|total| total - output);
        // Some servers count the total only and leave the rest at zero.
        let prompt = self.prompt_tokens.filter(|tokens| *tokens > 0.0);
        Some(Usage {
            // `as` saturates, and takes what is below zero for zero.
            input_tokens: prompt.or_else(read).or(self.prompt_tokens)? as u64,
            output_tokens: output as u64,
            ..Usage::default()
        })
    }
}
