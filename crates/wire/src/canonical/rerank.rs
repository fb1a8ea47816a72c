//! Rerank: a query and documents in, the documents' relevance out.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{RawJson, Usage};

/// Documents to order by how much they say about a query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RerankRequest {
    /// The model as the client names it.
    pub model: String,
    /// What is searched for.
    pub query: String,
    /// What is searched in, in the client's order.
    pub documents: Vec<RerankDocument>,
    /// The members of documents that are objects which count, in this order; all when absent.
    pub rank_fields: Option<Vec<String>>,
    /// Only so many results, the most relevant ones.
    pub top_n: Option<u32>,
    /// The results shall hold the documents.
    pub return_documents: Option<bool>,
    /// Only so many tokens of a document are read.
    pub max_tokens_per_doc: Option<u32>,
    /// Only so many chunks of a document are read (Cohere's API v1).
    pub max_chunks_per_doc: Option<u32>,
    /// Members that no canonical field holds; see [`super::Params::extra`].
    pub extra: Vec<(String, RawJson)>,
}

/// One document.
#[derive(Debug, Clone, PartialEq)]
pub enum RerankDocument {
    /// Text.
    Text(String),
    /// An object with text in some of its members.
    Object(RawJson),
}

/// The documents' relevance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RerankResponse {
    /// The upstream's id of this answer, when it gave one.
    pub id: Option<String>,
    /// The upstream's model name, when it gave one.
    pub model: Option<String>,
    /// The results, the most relevant first.
    pub results: Vec<RerankResult>,
    /// Token counts; `None` when the upstream gave none.
    pub usage: Option<Usage>,
    /// What Cohere bills: one unit is one query with up to 100 documents.
    pub search_units: Option<u64>,
}

/// The relevance of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct RerankResult {
    /// The document's place in the request, from 0.
    pub index: usize,
    /// How relevant it is; most models say it from 0 to 1.
    pub relevance_score: f64,
    /// The document, when the upstream gave it back.
    pub document: Option<RerankDocument>,
    /// Cohere's `relevant_spans`: which parts of the document made it relevant.
    pub relevant_spans: Option<RawJson>,
}

// === impl RerankDocument ===

impl RerankDocument {
    /// The document as text: of an object one line for each member in `fields`, as Cohere
    /// recommends it (rerank guide: structured data as YAML), or its bare text when it has
    /// nothing else.
    pub fn to_text(&self, fields: Option<&[String]>) -> Cow<'_, str> {
        let raw = match self {
            Self::Text(text) => return Cow::Borrowed(text),
            Self::Object(raw) => raw,
        };
        let Ok(members) = serde_json::from_str::<Map<String, Value>>(raw.get()) else {
            return Cow::Borrowed(raw.get());
        };
        let chosen: Vec<(&str, &Value)> = match fields {
            Some(fields) => fields
                .iter()
                .filter_map(|name| members.get(name).map(|value| (name.as_str(), value)))
                .collect(),
            None => members.iter().map(|(k, v)| (k.as_str(), v)).collect(),
        };
        if let [("text", Value::String(text))] = chosen[..] {
            return Cow::Owned(text.clone());
        }
        let lines = chosen.into_iter().map(|(name, value)| match value {
            Value::String(text) => format!("{name}: {text}"),
            other => format!("{name}: {other}"),
        });
        Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
    }
}
