//! Vectors.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::usage;
use crate::canonical::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EncodingFormat};
use crate::dialect::{ReplyContext, TranslateError};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResponseIn<'a> {
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

/// The vectors, once for each type that was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VectorsIn {
    float: Option<Vec<Vec<f32>>>,
    base64: Option<Vec<String>>,
    int8: Option<Vec<Vec<f32>>>,
    uint8: Option<Vec<Vec<f32>>>,
    binary: Option<Vec<Vec<f32>>>,
    ubinary: Option<Vec<Vec<f32>>>,
}

#[derive(Debug, Serialize)]
struct ResponseOut<'a> {
    id: Cow<'a, str>,
    embeddings: VectorsOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    texts: Option<Vec<Cow<'a, str>>>,
    response_type: &'static str,
    meta: MetaOut,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum VectorsOut<'a> {
    Float(&'a [Vec<f32>]),
    Base64(Vec<String>),
}

#[derive(Debug, Serialize)]
struct MetaOut {
    api_version: VersionOut,
    billed_units: BilledOut,
}

#[derive(Debug, Serialize)]
struct VersionOut {
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct BilledOut {
    input_tokens: u64,
}

/// Reads an upstream's vectors, of whatever type.
pub(in super::super) fn decode(body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
    let wrong = |why: &dyn std::fmt::Display| {
        TranslateError::invalid(format!("not a Cohere embedding: {why}"))
    };
    let response: ResponseIn<'_> = serde_json::from_slice(body).map_err(|e| wrong(&e))?;
    let Some(raw) = response.embeddings else {
        let sentence = response.message.map(RawValue::get);
        return Err(wrong(&sentence.unwrap_or("it has no `embeddings`")));
    };
    let vectors = if raw.get().starts_with('[') {
        // The API's v1 gives a bare list where no type was asked for.
        serde_json::from_str(raw.get()).map_err(|e| wrong(&e))?
    } else {
        let vectors: VectorsIn = serde_json::from_str(raw.get()).map_err(|e| wrong(&e))?;
        vectors.into_numbers()?
    };
    Ok(EmbeddingResponse {
        model: None,
        vectors,
        usage: usage::decode(response.meta),
    })
}

/// Writes vectors for a client, in the type it asked for.
pub(in super::super) fn encode(
    request: &EmbeddingRequest,
    response: &EmbeddingResponse,
    reply: &ReplyContext,
) -> Result<Bytes, TranslateError> {
    let vectors = &response.vectors;
    let out = ResponseOut {
        id: reply.uuid(),
        embeddings: match request.encoding {
            EncodingFormat::Float => VectorsOut::Float(vectors),
            EncodingFormat::Base64 => {
                VectorsOut::Base64(vectors.iter().map(|vector| to_base64(vector)).collect())
            }
        },
        texts: request.input.iter().map(EmbeddingInput::to_text).collect(),
        response_type: "embeddings_by_type",
        meta: MetaOut {
            api_version: VersionOut { version: "2" },
            billed_units: BilledOut {
                input_tokens: response.usage.unwrap_or_default().input_tokens,
            },
        },
    };
    serde_json::to_vec(&out)
        .map(Bytes::from)
        .map_err(|e| TranslateError::invalid(e.to_string()))
}

fn to_base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|n| n.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

fn from_base64(text: &str) -> Option<Vec<f32>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    rest.is_empty()
        .then(|| numbers.iter().map(|n| f32::from_le_bytes(*n)).collect())
}

// === impl VectorsIn ===

impl VectorsIn {
    /// The vectors of the most exact type there is.
    fn into_numbers(self) -> Result<Vec<Vec<f32>>, TranslateError> {
        if let Some(vectors) = self.float {
            return Ok(vectors);
        }
        if let Some(texts) = self.base64 {
            let vectors: Option<_> = texts.iter().map(|text| from_base64(text)).collect();
            return vectors.ok_or_else(|| {
                TranslateError::invalid_param(
                    "embeddings.base64",
                    "the vectors are not base64 of 32-bit floats",
                )
            });
        }
        let rest = [self.int8, self.uint8, self.binary, self.ubinary];
        rest.into_iter().flatten().next().ok_or_else(|| {
            TranslateError::invalid_param("embeddings", "the answer has vectors of no known type")
        })
    }
}
