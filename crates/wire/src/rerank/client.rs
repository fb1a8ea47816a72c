//! What clients send and get: Cohere's format, as LiteLLM serves it.
//!
//! Source: Cohere API reference, rerank v1 and v2.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::cohere::Document;
use crate::canonical::{RawJson, RerankDocument, RerankRequest, RerankResponse, RerankResult};
use crate::dialect::{ReplyContext, TranslateError};
use crate::json::JsonObject;

/// The members with a canonical form; any other is a provider parameter.
const MAPPED: [&str; 8] = [
    "documents",
    "max_chunks_per_doc",
    "max_tokens_per_doc",
    "model",
    "query",
    "rank_fields",
    "return_documents",
    "top_n",
];

#[derive(Debug, Serialize)]
struct ResponseOut<'a> {
    id: Cow<'a, str>,
    results: Vec<ResultOut<'a>>,
    meta: MetaOut,
}

#[derive(Debug, Serialize)]
struct ResultOut<'a> {
    index: usize,
    relevance_score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Document<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relevant_spans: Option<&'a RawJson>,
}

#[derive(Debug, Serialize)]
struct MetaOut {
    api_version: VersionOut,
    billed_units: BilledOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<TokensOut>,
}

#[derive(Debug, Serialize)]
struct VersionOut {
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct BilledOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    search_units: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_tokens: Option<u64>,
}

#[derive(Debug, Serialize)]
struct TokensOut {
    input_tokens: u64,
    output_tokens: u64,
}

/// Reads a client's request.
pub fn decode_request(body: &JsonObject) -> Result<RerankRequest, TranslateError> {
    let documents: Vec<&RawValue> = required(body, "documents")?;
    let documents = documents.into_iter().enumerate();
    let unknown = body.keys().filter(|key| !MAPPED.contains(key));
    Ok(RerankRequest {
        model: member(body, "model")?.unwrap_or_default(),
        query: required(body, "query")?,
        documents: documents
            .map(|(at, raw)| document(raw, at))
            .collect::<Result<_, _>>()?,
        rank_fields: member(body, "rank_fields")?,
        top_n: member(body, "top_n")?.filter(|n| *n > 0),
        return_documents: member(body, "return_documents")?,
        max_tokens_per_doc: member(body, "max_tokens_per_doc")?,
        max_chunks_per_doc: member(body, "max_chunks_per_doc")?,
        extra: unknown
            .filter_map(|name| raw_member(body, name).map(|raw| (name.to_owned(), raw)))
            .collect(),
    })
}

/// Writes an answer for a client: at most `top_n` results, with the documents if it wants them.
pub fn encode_response(
    request: &RerankRequest,
    response: &RerankResponse,
    reply: &ReplyContext,
) -> Bytes {
    let most = request.top_n.map_or(usize::MAX, |n| n as usize);
    let results = response.results.iter().take(most);
    let tokens = response.usage;
    let out = ResponseOut {
        id: reply.uuid(),
        results: results
            .map(|result| ResultOut::new(result, request))
            .collect(),
        meta: MetaOut {
            api_version: VersionOut { version: "2" },
            billed_units: BilledOut {
                search_units: response.search_units,
                total_tokens: tokens.map(|usage| usage.total()),
            },
            tokens: tokens.map(|usage| TokensOut {
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
            }),
        },
    };
    // Strings, numbers and JSON text always serialise.
    serde_json::to_vec(&out).unwrap_or_default().into()
}

fn document(raw: &RawValue, at: usize) -> Result<RerankDocument, TranslateError> {
    if raw.get().starts_with('{') {
        return Ok(RerankDocument::Object(raw.to_owned().into()));
    }
    let name = format!("documents[{at}]");
    let text = serde_json::from_str(raw.get());
    text.map(RerankDocument::Text)
        .map_err(|_| invalid(&name, "must be a string or an object"))
}

fn member<'a, T: Deserialize<'a>>(
    body: &'a JsonObject,
    name: &str,
) -> Result<Option<T>, TranslateError> {
    match body.get(name) {
        None | Some(b"null") => Ok(None),
        Some(raw) => serde_json::from_slice(raw).map(Some).map_err(|error| {
            let text = error.to_string();
            // The position is one inside the field, which says nothing to the client.
            invalid(
                name,
                text.rsplit_once(" at line ").map_or(&*text, |(why, _)| why),
            )
        }),
    }
}

fn required<'a, T: Deserialize<'a>>(body: &'a JsonObject, name: &str) -> Result<T, TranslateError> {
    member(body, name)?.ok_or_else(|| invalid(name, "field required"))
}

fn raw_member(body: &JsonObject, name: &str) -> Option<RawJson> {
    let text = std::str::from_utf8(body.get(name)?).ok()?;
    RawJson::parse(text).ok()
}

fn invalid(name: &str, why: &str) -> TranslateError {
    TranslateError::invalid_param(name, format!("invalid request: {name}: {why}"))
}

// === impl ResultOut ===

impl<'a> ResultOut<'a> {
    fn new(result: &'a RerankResult, request: &'a RerankRequest) -> Self {
        // The request has the documents as the client knows them; upstreams got texts of them.
        let given = request.documents.get(result.index);
        let document = given.or(result.document.as_ref());
        Self {
            index: result.index,
            relevance_score: result.relevance_score,
            document: document
                .filter(|_| request.return_documents == Some(true))
                .map(Document::from),
            relevant_spans: result.relevant_spans.as_ref(),
        }
    }
}
