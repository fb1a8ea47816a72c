//! NVIDIA NIM: `/v1/ranking`, and `/v1/retrieval/{model}/reranking` where NVIDIA hosts it.
//!
//! Source: `NeMo` Retriever reranking NIM, API reference.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::jina::UsageIn;
use super::{lose_bounds, no_answer, texts, write};
use crate::canonical::{Loss, RerankRequest, RerankResponse, RerankResult};
use crate::dialect::TranslateError;

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    model: &'a str,
    query: TextOut<'a>,
    passages: Vec<TextOut<'a>>,
    /// What is too long is refused otherwise; every other API cuts it.
    truncate: &'static str,
}

#[derive(Debug, Serialize)]
struct TextOut<'a> {
    text: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct ResponseIn {
    rankings: Vec<RankingIn>,
    #[serde(default)]
    usage: Option<UsageIn>,
}

#[derive(Debug, Deserialize)]
struct RankingIn {
    index: usize,
    logit: f64,
}

/// Writes a request. There is no `top_n`: all passages are ranked and the rest is cut later.
pub(super) fn encode(
    request: &RerankRequest,
    model: &str,
    losses: &mut Vec<Loss>,
) -> Result<Bytes, TranslateError> {
    lose_bounds(request, losses);
    let passages = texts(request).into_iter();
    write(&RequestOut {
        model,
        query: TextOut {
            text: Cow::Borrowed(&request.query),
        },
        passages: passages.map(|text| TextOut { text }).collect(),
        truncate: "END",
    })
}

/// Reads an answer. Relevance is a logit there, of any size; it is given as it is, as LiteLLM does.
pub(super) fn decode(body: &[u8]) -> Result<RerankResponse, TranslateError> {
    let response: ResponseIn = serde_json::from_slice(body).map_err(no_answer)?;
    let results = response.rankings.into_iter().map(|ranking| RerankResult {
        index: ranking.index,
        relevance_score: ranking.logit,
        document: None,
        relevant_spans: None,
    });
    Ok(RerankResponse {
        results: results.collect(),
        usage: response.usage.as_ref().and_then(UsageIn::to_usage),
        ..RerankResponse::default()
    })
}
