//! From bytes to a call: the body indexed, the gateway's own members taken out, the model named.

use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use lockgate_core::config::Config;
use lockgate_core::error::GatewayError;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::json::{JsonError, JsonObject};

use crate::call::{Call, Decoded};
use crate::contract;
use crate::options::Options;
use crate::pipeline::Endpoint;
use crate::upload::Upload;

/// How deep a body may nest when the configuration does not say.
const JSON_DEPTH: usize = 96;

/// The call that `body` makes at `endpoint`.
pub(crate) fn receive(
    endpoint: &Endpoint,
    headers: &HeaderMap,
    body: Bytes,
    config: &Config,
    call_id: String,
    started: Instant,
) -> Result<Call, GatewayError> {
    let depth = config.lockgate.max_json_depth.unwrap_or(JSON_DEPTH);
    let mut body = JsonObject::parse(body, depth).map_err(|e| not_json(&e))?;
    let options = Options::take(endpoint.dialect, headers, &mut body)?;
    let model = model(endpoint, &body, config)?;
    Ok(Call {
        dialect: endpoint.dialect,
        operation: endpoint.operation,
        model,
        path_stream: endpoint.stream,
        query: String::new(),
        forwarded: contract::forwarded(endpoint.dialect, &config.general, headers),
        body,
        continues: false,
        owner: None,
        upload: None,
        options,
        call_id,
        started,
        decoded: Decoded::default(),
    })
}

/// The call that the form `upload` makes at `endpoint`.
pub(crate) fn receive_upload(
    endpoint: &Endpoint,
    headers: &HeaderMap,
    upload: Upload,
    config: &Config,
    call_id: String,
    started: Instant,
) -> Result<Call, GatewayError> {
    let nothing = Bytes::from_static(b"{}");
    let named = endpoint.model.clone().or_else(|| Some(upload.model()));
    let endpoint = Endpoint {
        model: named.filter(|model| !model.is_empty()),
        ..endpoint.clone()
    };
    let mut call = receive(&endpoint, headers, nothing, config, call_id, started)?;
    call.upload = Some(upload);
    Ok(call)
}

/// The operator's choice for all requests, or the path's, or the body's.
fn model(endpoint: &Endpoint, body: &JsonObject, config: &Config) -> Result<String, GatewayError> {
    let forced = if endpoint.operation.is_embeddings() {
        &config.general.embedding_model
    } else if endpoint.operation.has_canonical_form() {
        &config.general.completion_model
    } else {
        &None
    };
    if let Some(model) = forced.as_ref().or(endpoint.model.as_ref()) {
        return Ok(model.clone());
    }
    match body.get_str("model") {
        Some(model) if !model.is_empty() => Ok(model.into_owned()),
        _ => Err(GatewayError::client(
            ErrorKind::InvalidRequest,
            "`model` is missing: name one of the models that GET /v1/models lists",
        )
        .with_param("model")),
    }
}

fn not_json(error: &JsonError) -> GatewayError {
    let message = match error {
        JsonError::Syntax(_) => format!("the request body is not a JSON object: {error}"),
        JsonError::Duplicate(_) | JsonError::TooDeep(_) => {
            format!("the request body is refused: {error}")
        }
    };
    GatewayError::client(ErrorKind::InvalidRequest, message).with_param("request_body")
}

/// The error for a model that no group serves, with the status the client's own API would give.
pub(crate) fn unknown_model(dialect: DialectId, model: &str) -> GatewayError {
    let kind = match dialect {
        // LiteLLM answers 400 here, and its users' clients know it so.
        DialectId::OpenAiChat | DialectId::OpenAiResponses => ErrorKind::InvalidRequest,
        _ => ErrorKind::NotFound,
    };
    GatewayError::client(
        kind,
        format!("there is no model `{model}` here; GET /v1/models lists those there are"),
    )
    .with_param("model")
}
