//! Voyage AI: `/v1/rerank`.
//!
//! Source: API reference, rerankers.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::cohere::document;
use super::jina::UsageIn;
use super::{lose_bounds, no_answer, texts, write};
use crate::canonical::{Loss, RerankRequest, RerankResponse, RerankResult};
use crate::dialect::TranslateError;

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    model: &'a str,
    query: &'a str,
    documents: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct ResponseIn<'a> {
    #[serde(default)]
    model: Option<String>,
    #[serde(borrow)]
    data: Vec<ResultIn<'a>>,
    #[serde(default)]
    usage: Option<UsageIn>,
}

#[derive(Debug, Deserialize)]
struct ResultIn<'a> {
    index: usize,
    relevance_score: f64,
    #[serde(default, borrow)]
    document: Option<&'a RawValue>,
}

/// Writes a request. Voyage cuts what is too long unless told otherwise, as Cohere does.
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
        top_k: request.top_n,
    })
}

/// Reads an answer.
pub(super) fn decode(body: &[u8]) -> Result<RerankResponse, TranslateError> {
    let response: ResponseIn<'_> = serde_json::from_slice(body).map_err(no_answer)?;
    let results = response.data.into_iter().map(|result| RerankResult {
        index: result.index,
        relevance_score: result.relevance_score,
        document: result.document.and_then(document),
        relevant_spans: None,
    });
    Ok(RerankResponse {
        id: None,
        model: response.model,
        results: results.collect(),
        usage: response.usage.as_ref().and_then(UsageIn::to_usage),
        search_units: None,
    })
}
