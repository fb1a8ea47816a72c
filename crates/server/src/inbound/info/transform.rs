//! `POST /utils/transform_request`: what a request would become, without sending it.

use bytes::Bytes;
use http::{HeaderMap, Response, Uri};
use lockgate_core::error::GatewayError;
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::{AnswerBody, Endpoint, Engine, Outgoing};
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};
use serde_json::{Map, Value, json};

use super::super::reply;
use super::masked::{self, MASK};
use super::refused;

/// Members of a query that say nothing secret.
const SHOWN_IN_QUERY: [&str; 2] = ["alt", "api-version"];

/// Prepares the `request_body` for the first deployment of its model, as a client of `call_type`
/// would have it. What is wrong with the request is told in `error`, as LiteLLM tells it.
pub(super) async fn transform(
    engine: &Engine,
    snapshot: &Snapshot,
    body: &JsonObject,
) -> Result<Response<AnswerBody>, GatewayError> {
    let call_type = body
        .get_str("call_type")
        .ok_or_else(|| refused("`call_type` is missing", "call_type"))?;
    let mut endpoint = endpoint(&call_type).ok_or_else(|| {
        let message = format!("`call_type` `{call_type}` is none that is served");
        refused(&message, "call_type")
    })?;
    let request = body
        .get("request_body")
        .filter(|raw| raw.starts_with(b"{"))
        .ok_or_else(|| refused("`request_body` is missing or no object", "request_body"))?;
    let request = Bytes::copy_from_slice(request);
    if endpoint.dialect == DialectId::Gemini {
        // Gemini's clients name the model in the path.
        endpoint.model = model_in(&request);
    }
    let outgoing = Box::pin(engine.rehearse(snapshot, &endpoint, request)).await;
    Ok(reply::value(&match outgoing {
        Ok(outgoing) => describe(&outgoing),
        Err(error) => json!({
            "raw_request_api_base": Value::Null,
            "raw_request_body": Value::Null,
            "raw_request_headers": Value::Null,
            "error": error.to_string(),
        }),
    }))
}

/// The endpoint behind LiteLLM's name of a call.
fn endpoint(call_type: &str) -> Option<Endpoint> {
    let openai = DialectId::OpenAiChat;
    let (dialect, operation, stream) = match call_type {
        "completion" | "acompletion" => (openai, Operation::Chat, None),
        "text_completion" | "atext_completion" => (openai, Operation::Completions, None),
        "responses" | "aresponses" => (DialectId::OpenAiResponses, Operation::Chat, None),
        "rerank" | "arerank" => (openai, Operation::Rerank, None),
        "embedding" | "aembedding" => (openai, Operation::Embeddings, None),
        "moderation" | "amoderation" => (openai, Operation::Moderations, None),
        "image_generation" | "aimage_generation" => (openai, Operation::ImageGeneration, None),
        "speech" | "aspeech" => (openai, Operation::Speech, None),
        "ocr" | "aocr" => (openai, Operation::Ocr, None),
        "anthropic_messages" | "aanthropic_messages" => {
            (DialectId::Anthropic, Operation::Chat, None)
        }
        "generate_content" | "agenerate_content" => {
            (DialectId::Gemini, Operation::Chat, Some(false))
        }
        "generate_content_stream" | "agenerate_content_stream" => {
            (DialectId::Gemini, Operation::Chat, Some(true))
        }
        _ => return None,
    };
    Some(Endpoint {
        dialect,
        operation,
        model: None,
        stream,
        json_array: false,
        key: None,
    })
}

fn model_in(request: &Bytes) -> Option<String> {
    let request = JsonObject::parse(request.clone(), super::DEPTH).ok()?;
    request.get_str("model").map(|model| model.into_owned())
}

fn describe(outgoing: &Outgoing) -> Value {
    json!({
        "raw_request_api_base": address(&outgoing.uri),
        "raw_request_body": body(outgoing),
        "raw_request_headers": headers(&outgoing.headers),
        "error": Value::Null,
    })
}

/// The URL; an operator may have put a key into the query of `api_base`.
fn address(uri: &Uri) -> String {
    let text = uri.to_string();
    let Some((base, query)) = text.split_once('?') else {
        return text;
    };
    let shown = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        SHOWN_IN_QUERY.contains(&name)
    });
    let shown: Vec<&str> = shown.collect();
    if shown.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", shown.join("&"))
    }
}

/// The body; members that the operator adds may hold credentials, those of the client are its own.
fn body(outgoing: &Outgoing) -> Value {
    let mut body: Value = serde_json::from_slice(&outgoing.body).unwrap_or_default();
    let params = &outgoing.deployment.entry.litellm_params;
    if let Value::Object(members) = &mut body {
        for name in params.params.keys().chain(params.extra_body.keys()) {
            if let Some(value) = members.get_mut(name) {
                *value = masked::shown(name, value);
            }
        }
    }
    body
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let shown = headers.iter().map(|(name, value)| {
        let text = match value.to_str() {
            Ok(text) if !value.is_sensitive() => masked::shown(name.as_str(), &text.into()),
            _ => MASK.into(),
        };
        (name.as_str().to_owned(), text)
    });
    shown.collect()
}
