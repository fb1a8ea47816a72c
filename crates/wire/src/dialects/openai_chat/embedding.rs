//! Embeddings: requests and vectors.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::lenient;
use super::params::Members;
use super::request::{invalid, member, raw_member, with_extra};
use super::usage::UsageIn;
use crate::canonical::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EncodingFormat, Loss};
use crate::dialect::{EncodedRequest, ReplyContext, RequestHead, Target, TranslateError};
use crate::json::JsonObject;

/// Members that are read here; any other is a provider parameter.
const KNOWN: &[&str] = &["model", "input", "dimensions", "encoding_format", "user"];

/// All shapes of `input` (API reference, create embeddings).
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a string, an array of strings, an array of tokens, or an array of token arrays"
)]
enum InputIn {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u32>),
    ManyTokens(Vec<Vec<u32>>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum InputOut<'a> {
    Text(Cow<'a, str>),
    Tokens(&'a [u32]),
    Many(Vec<Self>),
}

#[derive(Deserialize)]
struct ResponseIn<'a> {
    #[serde(default, deserialize_with = "lenient::some_text")]
    model: Option<String>,
    #[serde(borrow)]
    data: Vec<VectorIn<'a>>,
    #[serde(default, deserialize_with = "lenient::or_none")]
    usage: Option<UsageIn>,
}

#[derive(Deserialize)]
struct VectorIn<'a> {
    #[serde(default, deserialize_with = "lenient::count")]
    index: Option<u64>,
    /// Numbers, or base64 of little-endian 32-bit floats.
    #[serde(borrow)]
    embedding: &'a RawValue,
}

#[derive(Serialize)]
struct ResponseOut<'a> {
    object: &'static str,
    data: Vec<VectorOut<'a>>,
    model: &'a str,
    usage: UsageOut,
}

#[derive(Serialize)]
struct VectorOut<'a> {
    object: &'static str,
    index: usize,
    embedding: NumbersOut<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum NumbersOut<'a> {
    Float(&'a [f32]),
    Base64(String),
}

#[derive(Serialize)]
struct UsageOut {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Reads a client's request.
pub(super) fn decode_request(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<EmbeddingRequest, TranslateError> {
    let Some(input) = member::<InputIn>(body, "input")? else {
        return Err(TranslateError::invalid_param(
            "input",
            "Missing required parameter: 'input'.",
        ));
    };
    let unknown = body.keys().filter(|key| !KNOWN.contains(key));
    let extra = unknown.map(str::to_owned).collect::<Vec<_>>();
    Ok(EmbeddingRequest {
        model: match head.model {
            Some(model) => model.to_owned(),
            None => member(body, "model")?.unwrap_or_default(),
        },
        input: input.into_inputs(),
        dimensions: member(body, "dimensions")?,
        encoding: encoding(body)?,
        user: member(body, "user")?,
        task_type: None,
        title: None,
        extra: extra
            .into_iter()
            .filter_map(|name| raw_member(body, &name).map(|value| (name, value)))
            .collect(),
        unmapped: Vec::new(),
    })
}

fn encoding(body: &JsonObject) -> Result<EncodingFormat, TranslateError> {
    match member::<Cow<'_, str>>(body, "encoding_format")?.as_deref() {
        None | Some("float") => Ok(EncodingFormat::Float),
        Some("base64") => Ok(EncodingFormat::Base64),
        Some(other) => Err(TranslateError::invalid_param(
            "encoding_format",
            format!("Invalid value: '{other}'. Supported values are: 'float' and 'base64'."),
        )),
    }
}

/// Writes a request for an upstream. Floats are what a server gives unless asked otherwise, and
/// not every server takes the question.
pub(super) fn encode_request(
    request: &EmbeddingRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let mut members = Members::default();
    members.put("model", target.model);
    members.put("input", &InputOut::new(&request.input)?);
    if let Some(dimensions) = request.dimensions {
        members.put("dimensions", &dimensions);
    }
    if request.encoding == EncodingFormat::Base64 {
        members.put("encoding_format", "base64");
    }
    if let Some(user) = &request.user {
        members.put("user", user);
    }
    let mut losses: Vec<Loss> = request.unmapped.iter().map(Loss::hint).collect();
    if request.task_type.is_some() {
        losses.push(Loss::hint("task_type"));
    }
    if request.title.is_some() {
        losses.push(Loss::hint("title"));
    }
    Ok(EncodedRequest {
        body: with_extra(&members.into_object(), &request.extra)?,
        headers: Vec::new(),
        losses,
    })
}

/// Reads an upstream's vectors, in whatever order and encoding they come.
pub(super) fn decode_response(body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
    let response: ResponseIn<'_> =
        serde_json::from_slice(body).map_err(|e| TranslateError::invalid(e.to_string()))?;
    let mut vectors = Vec::with_capacity(response.data.len());
    for (place, vector) in response.data.iter().enumerate() {
        let numbers = vector.numbers(place)?;
        vectors.push((vector.index.unwrap_or(place as u64), numbers));
    }
    vectors.sort_by_key(|(index, _)| *index);
    Ok(EmbeddingResponse {
        model: response.model,
        vectors: vectors.into_iter().map(|(_, numbers)| numbers).collect(),
        usage: response.usage.and_then(|usage| usage.to_usage()),
    })
}

/// Writes vectors for a client, in the encoding it asked for.
pub(super) fn encode_response(
    request: &EmbeddingRequest,
    response: &EmbeddingResponse,
    reply: &ReplyContext,
) -> Result<Bytes, TranslateError> {
    let usage = response.usage.unwrap_or_default();
    let vectors = response.vectors.iter().enumerate();
    let out = ResponseOut {
        object: "list",
        data: vectors
            .map(|(index, numbers)| VectorOut {
                object: "embedding",
                index,
                embedding: NumbersOut::new(numbers, request.encoding),
            })
            .collect(),
        model: &reply.model,
        usage: UsageOut {
            prompt_tokens: usage.input_tokens,
            total_tokens: usage.total(),
        },
    };
    serde_json::to_vec(&out)
        .map(Bytes::from)
        .map_err(|e| TranslateError::invalid(e.to_string()))
}

// === impl InputIn ===

impl InputIn {
    fn into_inputs(self) -> Vec<EmbeddingInput> {
        match self {
            Self::Text(text) => vec![EmbeddingInput::Text(text)],
            Self::Texts(texts) => texts.into_iter().map(EmbeddingInput::Text).collect(),
            Self::Tokens(tokens) => vec![EmbeddingInput::Tokens(tokens)],
            Self::ManyTokens(many) => many.into_iter().map(EmbeddingInput::Tokens).collect(),
        }
    }
}

// === impl InputOut ===

impl<'a> InputOut<'a> {
    fn new(inputs: &'a [EmbeddingInput]) -> Result<Self, TranslateError> {
        match inputs {
            [one] => Self::one(one),
            many => Ok(Self::Many(
                many.iter().map(Self::one).collect::<Result<_, _>>()?,
            )),
        }
    }

    fn one(input: &'a EmbeddingInput) -> Result<Self, TranslateError> {
        if let EmbeddingInput::Tokens(tokens) = input {
            return Ok(Self::Tokens(tokens));
        }
        input.to_text().map(Self::Text).ok_or_else(|| {
            TranslateError::Unsupported("only text can be embedded by this provider".to_owned())
        })
    }
}

// === impl VectorIn ===

impl VectorIn<'_> {
    fn numbers(&self, place: usize) -> Result<Vec<f32>, TranslateError> {
        let param = format!("data[{place}].embedding");
        let raw = self.embedding.get();
        if !raw.starts_with('"') {
            return serde_json::from_str(raw).map_err(|e| invalid(&param, &e));
        }
        let text: Cow<'_, str> = serde_json::from_str(raw).map_err(|e| invalid(&param, &e))?;
        let wrong = |why: String| TranslateError::invalid_param(param.clone(), why);
        let bytes = STANDARD
            .decode(text.as_bytes())
            .map_err(|e| wrong(e.to_string()))?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(wrong("not a whole number of 32-bit floats".to_owned()));
        }
        Ok(numbers
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect())
    }
}

// === impl NumbersOut ===

impl<'a> NumbersOut<'a> {
    fn new(numbers: &'a [f32], encoding: EncodingFormat) -> Self {
        match encoding {
            EncodingFormat::Float => Self::Float(numbers),
            EncodingFormat::Base64 => {
                let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
                Self::Base64(STANDARD.encode(bytes))
            }
        }
    }
}
