//! Embeddings: the bodies of `InvokeModel` for Amazon Titan and for Cohere on Bedrock.
//!
//! Source: Bedrock user guide, inference parameters of Titan Text Embeddings and Cohere Embed.
//! Titan takes one text and gives one vector; Cohere takes a list and wants to know what for.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::report::Report;
use crate::canonical::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, RawJson, Usage};
use crate::dialect::{EncodedRequest, ReplyContext, RequestHead, Target, TranslateError};
use crate::json::JsonObject;
use crate::read;

/// What vectors are for: Gemini's names, which are the canonical ones, and Cohere's.
const TASKS: [(&str, &str); 6] = [
    ("RETRIEVAL_DOCUMENT", "search_document"),
    ("RETRIEVAL_QUERY", "search_query"),
    ("CLASSIFICATION", "classification"),
    ("CLUSTERING", "clustering"),
    ("QUESTION_ANSWERING", "search_query"),
    ("CODE_RETRIEVAL_QUERY", "search_query"),
];

/// What vectors are for when the client does not say.
const USUAL_TASK: &str = "search_document";

const TITAN: [&str; 4] = ["inputText", "dimensions", "normalize", "embeddingTypes"];
const COHERE: [&str; 5] = [
    "texts",
    "input_type",
    "output_dimension",
    "truncate",
    "embedding_types",
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TitanRequest<'a> {
    input_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

#[derive(Serialize)]
struct CohereRequest<'a> {
    texts: Vec<&'a str>,
    input_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u32>,
}

/// The answer of either.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireResponse {
    embedding: Option<Vec<f32>>,
    input_text_token_count: Option<u64>,
    embeddings: Option<RawJson>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct ByType {
    float: Option<Vec<Vec<f32>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TitanReply<'a> {
    embedding: &'a [f32],
    input_text_token_count: u64,
    embeddings_by_type: Floats<&'a [f32]>,
}

#[derive(Serialize)]
struct Floats<T> {
    float: T,
}

#[derive(Serialize)]
struct CohereReply<'a> {
    id: &'a str,
    texts: Vec<&'a str>,
    embeddings: &'a [Vec<f32>],
    response_type: &'static str,
}

/// Reads a client's request.
pub(super) fn decode_request(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<EmbeddingRequest, TranslateError> {
    let text: Option<String> = read::member(body, "inputText")?;
    let texts: Option<Vec<String>> = read::member(body, "texts")?;
    let task: Option<String> = read::member(body, "input_type")?;
    let input = match (text, texts) {
        (Some(text), _) => vec![text],
        (None, Some(texts)) => texts,
        (None, None) => return Err(read::required("inputText")),
    };
    let dimensions: Option<u32> = read::member(body, "dimensions")?;
    let known = |key: &&str| TITAN.contains(key) || COHERE.contains(key);
    let others = body.keys().filter(|key| !known(key));
    // Either changes the numbers of a vector, and neither has a canonical form.
    let changed = ["normalize", "embeddingTypes", "truncate", "embedding_types"];
    let changed = changed.into_iter().filter(|key| body.is_set(key));
    Ok(EmbeddingRequest {
        model: head.model.unwrap_or_default().to_owned(),
        dimensions: match dimensions {
            Some(dimensions) => Some(dimensions),
            None => read::member(body, "output_dimension")?,
        },
        task_type: task.map(|task| {
            let known = TASKS.iter().find(|(_, cohere)| *cohere == task);
            known.map_or(task, |(name, _)| (*name).to_owned())
        }),
        unmapped: others.chain(changed).map(str::to_owned).collect(),
        input: input.into_iter().map(EmbeddingInput::Text).collect(),
        ..EmbeddingRequest::default()
    })
}

/// Writes a request for an upstream; extras go into the body as they are.
pub(super) fn encode_request(
    request: &EmbeddingRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let mut report = Report::default();
    for what in &request.unmapped {
        report.hint(what);
    }
    if request.user.is_some() {
        report.hint("user");
    }
    if request.title.is_some() {
        report.hint("title");
    }
    let texts = texts(request)?;
    let model = target.model.to_ascii_lowercase();
    let body = if model.contains("cohere.") {
        let task = request.task_type.as_deref();
        let known = TASKS.iter().find(|(name, _)| Some(*name) == task);
        if task.is_some() && known.is_none() {
            report.hint("task_type");
        }
        let extra = request.extra.iter().any(|(name, _)| name == "input_type");
        let body = CohereRequest {
            texts,
            input_type: known.map_or(USUAL_TASK, |(_, cohere)| cohere),
            output_dimension: request.dimensions,
        };
        with_extra(&body, request, if extra { &["input_type"] } else { &[] })?
    } else if model.contains("titan-embed") {
        let [text] = texts[..] else {
            return Err(TranslateError::invalid_param(
                "input",
                "Titan embeds one text per request; send the texts one by one.",
            ));
        };
        if request.task_type.is_some() {
            report.hint("task_type");
        }
        let v1 = model.contains("titan-embed-text-v1") || model.contains("titan-embed-g1");
        if v1 && request.dimensions.is_some() {
            report.param("dimensions");
        }
        let body = TitanRequest {
            input_text: text,
            dimensions: request.dimensions.filter(|_| !v1),
        };
        with_extra(&body, request, &[])?
    } else {
        return Err(TranslateError::Unsupported(format!(
            "No embeddings of the Bedrock model `{}`: only Titan's text models and Cohere's are \
             known here.",
            target.model
        )));
    };
    Ok(EncodedRequest {
        body,
        headers: Vec::new(),
        losses: report.losses,
    })
}

fn texts(request: &EmbeddingRequest) -> Result<Vec<&str>, TranslateError> {
    let mut texts = Vec::with_capacity(request.input.len());
    for input in &request.input {
        let EmbeddingInput::Text(text) = input else {
            return Err(TranslateError::invalid_param(
                "input",
                "Token ids cannot be embedded by a Bedrock model; send text.",
            ));
        };
        texts.push(text.as_str());
    }
    Ok(texts)
}

/// The body with the client's extras; those in `over` win over what stands there.
fn with_extra(
    body: &impl Serialize,
    request: &EmbeddingRequest,
    over: &[&str],
) -> Result<Bytes, TranslateError> {
    let invalid = |error: String| TranslateError::invalid(error);
    let bytes = serde_json::to_vec(body).map_err(|error| invalid(error.to_string()))?;
    let mut object =
        JsonObject::parse(bytes.into(), usize::MAX).map_err(|error| invalid(error.to_string()))?;
    for (name, value) in &request.extra {
        if !object.contains(name) || over.contains(&name.as_str()) {
            object.set(name, value.get().to_owned());
        }
    }
    Ok(object.to_bytes())
}

/// Reads an upstream's vectors.
pub(super) fn decode_response(body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
    let response: WireResponse = serde_json::from_slice(body)
        .map_err(|error| TranslateError::invalid(format!("no embedding: {error}")))?;
    let vectors = match (response.embedding, response.embeddings) {
        (Some(vector), _) => Some(vec![vector]),
        (None, Some(raw)) => vectors(raw.get()),
        (None, None) => None,
    };
    let told = response.message;
    let vectors = vectors.ok_or_else(|| {
        TranslateError::invalid(told.unwrap_or_else(|| "no embedding in the answer".to_owned()))
    })?;
    Ok(EmbeddingResponse {
        model: None,
        vectors,
        // Cohere's counts stand in a header only.
        usage: response.input_text_token_count.map(|tokens| Usage {
            input_tokens: tokens,
            ..Usage::default()
        }),
    })
}

/// Cohere's vectors: a list, or lists by their type.
fn vectors(raw: &str) -> Option<Vec<Vec<f32>>> {
    let list = serde_json::from_str(raw).ok();
    list.or_else(|| serde_json::from_str::<ByType>(raw).ok()?.float)
}

/// Writes vectors for a client, the way of the model that it believes to speak to.
pub(super) fn encode_response(
    request: &EmbeddingRequest,
    response: &EmbeddingResponse,
    reply: &ReplyContext,
) -> Result<Bytes, TranslateError> {
    // Cohere's requests say what the vectors are for, which Titan's cannot.
    let cohere = request.task_type.is_some() || reply.model.contains("cohere");
    let bytes = match &response.vectors[..] {
        [vector] if !cohere => serde_json::to_vec(&TitanReply {
            embedding: vector,
            input_text_token_count: response.usage.map_or(0, |usage| usage.input_tokens),
            embeddings_by_type: Floats { float: vector },
        }),
        vectors => serde_json::to_vec(&CohereReply {
            id: &reply.id,
            texts: texts(request).unwrap_or_default(),
            embeddings: vectors,
            response_type: "embeddings_floats",
        }),
    };
    bytes
        .map(Bytes::from)
        .map_err(|error| TranslateError::invalid(error.to_string()))
}
