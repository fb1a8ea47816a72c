//! Triton: `/v2/models/{model}/infer`, with the tensor names that LiteLLM's users give their models.
//!
//! Source: `KServe` "Open Inference Protocol", inference request and response.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{losses, texts};
use crate::canonical::{EmbeddingRequest, EmbeddingResponse};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, no_answer};

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    inputs: [TensorOut<'a>; 1],
}

#[derive(Debug, Serialize)]
struct TensorOut<'a> {
    name: &'static str,
    shape: [usize; 1],
    datatype: &'static str,
    data: Vec<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct ResponseIn {
    #[serde(default)]
    model_name: Option<String>,
    outputs: Vec<TensorIn>,
}

#[derive(Debug, Deserialize)]
struct TensorIn {
    shape: Vec<usize>,
    data: Vec<f32>,
}

/// Writes a request.
pub(super) fn encode(request: &EmbeddingRequest) -> Result<OwnRequest, TranslateError> {
    let data = texts(request)?;
    let body = RequestOut {
        inputs: [TensorOut {
            name: "input_text",
            shape: [data.len()],
            datatype: "BYTES",
            data,
        }],
    };
    OwnRequest::json(&body, &request.extra, losses(request, false))
}

/// Reads an answer: the first tensor, one row for each input.
pub(super) fn decode(body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
    let wrong = |why: &str| no_answer("list of vectors", why);
    let response: ResponseIn =
        serde_json::from_slice(body).map_err(|e| no_answer("list of vectors", e))?;
    let tensor = response.outputs.first().ok_or_else(|| wrong("no output"))?;
    let [rows, width] = tensor.shape[..] else {
        return Err(wrong("the output is no matrix"));
    };
    if width == 0 || rows.checked_mul(width) != Some(tensor.data.len()) {
        return Err(wrong("the output is not of its own shape"));
    }
    Ok(EmbeddingResponse {
        vectors: tensor.data.chunks(width).map(<[f32]>::to_vec).collect(),
        model: response.model_name,
        usage: None,
    })
}
