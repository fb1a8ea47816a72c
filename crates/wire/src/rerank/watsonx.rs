//! IBM watsonx.ai: `/ml/v1/text/rerank`.
//!
//! Source: watsonx.ai API reference, "Generate rerank".

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{no_answer, texts, write};
use crate::canonical::{Loss, RerankRequest, RerankResponse, RerankResult, Usage};
use crate::dialect::TranslateError;

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    model_id: &'a str,
    query: &'a str,
    inputs: Vec<InputOut<'a>>,
    parameters: ParametersOut,
}

#[derive(Debug, Serialize)]
struct InputOut<'a> {
    text: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
struct ParametersOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate_input_tokens: Option<u32>,
    return_options: OptionsOut,
}

#[derive(Debug, Serialize)]
struct OptionsOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    top_n: Option<u32>,
    /// The gateway gives documents back itself.
    inputs: bool,
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
    index: usize,
    score: f64,
}

/// Writes a request; the project is added where it is known.
pub(super) fn encode(
    request: &RerankRequest,
    model: &str,
    losses: &mut Vec<Loss>,
) -> Result<Bytes, TranslateError> {
    if request.max_chunks_per_doc.is_some() {
        losses.push(Loss::hint("max_chunks_per_doc"));
    }
    let inputs = texts(request).into_iter();
    write(&RequestOut {
        model_id: model,
        query: &request.query,
        inputs: inputs.map(|text| InputOut { text }).collect(),
        parameters: ParametersOut {
            truncate_input_tokens: request.max_tokens_per_doc,
            return_options: OptionsOut {
                top_n: request.top_n,
                inputs: false,
            },
        },
    })
}

/// Reads an answer.
pub(super) fn decode(body: &[u8]) -> Result<RerankResponse, TranslateError> {
    let response: ResponseIn = serde_json::from_slice(body).map_err(no_answer)?;
    let results = response.results.into_iter().map(|result| RerankResult {
        index: result.index,
        relevance_score: result.score,
        document: None,
        relevant_spans: None,
    });
    Ok(RerankResponse {
        id: None,
        model: response.model_id,
        results: results.collect(),
        usage: response.input_token_count.map(|input_tokens| Usage {
            input_tokens,
            ..Usage::default()
        }),
        search_units: None,
    })
}
