//! Hugging Face Text Embeddings Inference: `/rerank`.
//!
//! Source: its API reference, `RerankRequest` and `Rank`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{lose_bounds, no_answer, texts, write};
use crate::canonical::{Loss, RerankDocument, RerankRequest, RerankResponse, RerankResult};
use crate::dialect::TranslateError;

/// No model is named: a server has one.
#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    query: &'a str,
    texts: Vec<Cow<'a, str>>,
    /// What is too long is refused otherwise; every other API cuts it.
    truncate: bool,
}

#[derive(Debug, Deserialize)]
struct RankIn {
    index: usize,
    score: f64,
    #[serde(default)]
    text: Option<String>,
}

/// Writes a request. There is no `top_n`: all documents are ranked and the rest is cut later.
pub(super) fn encode(
    request: &RerankRequest,
    losses: &mut Vec<Loss>,
) -> Result<Bytes, TranslateError> {
    lose_bounds(request, losses);
    write(&RequestOut {
        query: &request.query,
        texts: texts(request),
        truncate: true,
    })
}

/// Reads an answer: a bare list.
pub(super) fn decode(body: &[u8]) -> Result<RerankResponse, TranslateError> {
    let ranks: Vec<RankIn> = serde_json::from_slice(body).map_err(no_answer)?;
    let results = ranks.into_iter().map(|rank| RerankResult {
        index: rank.index,
        relevance_score: rank.score,
        document: rank.text.map(RerankDocument::Text),
        relevant_spans: None,
    });
    Ok(RerankResponse {
        results: results.collect(),
        ..RerankResponse::default()
    })
}
