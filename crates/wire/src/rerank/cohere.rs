//! Cohere: `/v2/rerank` and `/v1/rerank`.
//!
//! Source: API reference, rerank v1 and v2.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{no_answer, texts, write};
use crate::canonical::{
    Loss, RawJson, RerankDocument, RerankRequest, RerankResponse, RerankResult, Usage,
};
use crate::dialect::TranslateError;

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    model: &'a str,
    query: &'a str,
    documents: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens_per_doc: Option<u32>,
}

#[derive(Debug, Serialize)]
struct RequestV1Out<'a> {
    model: &'a str,
    query: &'a str,
    documents: Vec<BareDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank_fields: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_chunks_per_doc: Option<u32>,
}

/// A document as it is sent: text, or an object.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum BareDocument<'a> {
    Text(&'a str),
    Object(&'a RawJson),
}

/// A document as it is given back: always an object.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Document<'a> {
    Text { text: &'a str },
    Object(&'a RawJson),
}

#[derive(Debug, Deserialize)]
struct ResponseIn<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow)]
    results: Vec<ResultIn<'a>>,
    #[serde(default)]
    meta: Option<MetaIn>,
}

#[derive(Debug, Deserialize)]
struct ResultIn<'a> {
    index: usize,
    relevance_score: f64,
    #[serde(default, borrow)]
    document: Option<&'a RawValue>,
    #[serde(default)]
    relevant_spans: Option<RawJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MetaIn {
    billed_units: Option<BilledIn>,
    tokens: Option<TokensIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BilledIn {
    search_units: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokensIn {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
}

/// Writes a request of the API's v2, which takes texts only.
pub(super) fn encode(
    request: &RerankRequest,
    model: &str,
    losses: &mut Vec<Loss>,
) -> Result<Bytes, TranslateError> {
    if request.max_chunks_per_doc.is_some() {
        losses.push(Loss::hint("max_chunks_per_doc"));
    }
    write(&RequestOut {
        model,
        query: &request.query,
        documents: texts(request),
        top_n: request.top_n,
        max_tokens_per_doc: request.max_tokens_per_doc,
    })
}

/// Writes a request of the API's v1.
pub(super) fn encode_v1(
    request: &RerankRequest,
    model: &str,
    losses: &mut Vec<Loss>,
) -> Result<Bytes, TranslateError> {
    if request.max_tokens_per_doc.is_some() {
        losses.push(Loss::hint("max_tokens_per_doc"));
    }
    write(&RequestV1Out {
        model,
        query: &request.query,
        documents: request.documents.iter().map(BareDocument::from).collect(),
        top_n: request.top_n,
        rank_fields: request.rank_fields.as_deref(),
        max_chunks_per_doc: request.max_chunks_per_doc,
    })
}

/// Reads an answer of either version.
pub(super) fn decode(body: &[u8]) -> Result<RerankResponse, TranslateError> {
    let response: ResponseIn<'_> = serde_json::from_slice(body).map_err(no_answer)?;
    let meta = response.meta.unwrap_or_default();
    let units = meta.billed_units.and_then(|billed| billed.search_units);
    let results = response.results.into_iter().map(|result| RerankResult {
        index: result.index,
        relevance_score: result.relevance_score,
        document: result.document.and_then(document),
        relevant_spans: result.relevant_spans,
    });
    Ok(RerankResponse {
        id: response.id,
        model: None,
        results: results.collect(),
        usage: meta.tokens.as_ref().and_then(TokensIn::to_usage),
        search_units: units.map(|units| units as u64),
    })
}

/// A document that an upstream gave back: an object, or a bare text.
pub(super) fn document(raw: &RawValue) -> Option<RerankDocument> {
    if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
        return Some(RerankDocument::Text(text));
    }
    let is_object = raw.get().starts_with('{');
    is_object.then(|| RerankDocument::Object(raw.to_owned().into()))
}

// === impl TokensIn ===

impl TokensIn {
    fn to_usage(&self) -> Option<Usage> {
        // `as` saturates, and takes what is below zero for zero.
        Some(Usage {
            input_tokens: self.input_tokens? as u64,
            output_tokens: self.output_tokens.unwrap_or_default() as u64,
            ..Usage::default()
        })
    }
}

// === impl BareDocument ===

impl<'a> From<&'a RerankDocument> for BareDocument<'a> {
    fn from(document: &'a RerankDocument) -> Self {
        match document {
            RerankDocument::Text(text) => Self::Text(text),
            RerankDocument::Object(raw) => Self::Object(raw),
        }
    }
}

// === impl Document ===

impl<'a> From<&'a RerankDocument> for Document<'a> {
    fn from(document: &'a RerankDocument) -> Self {
        match document {
            RerankDocument::Text(text) => Self::Text { text },
            RerankDocument::Object(raw) => Self::Object(raw),
        }
    }
}
