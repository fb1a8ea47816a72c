//! What the gateway knows, for people and tools that ask: LiteLLM's endpoints about models, and
//! what a request would become (reference sections 2.2 and 2.3).

mod capabilities;
mod deployments;
mod groups;
mod masked;
mod token_counter;
mod transform;

use std::sync::OnceLock;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use lockgate_core::error::GatewayError;
use lockgate_engine::capabilities::supported_openai_params;
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::{AnswerBody, Engine, body_limit, error_response, off_core, read_body};
use lockgate_providers::catalog::Catalog;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::json::JsonObject;
use serde_json::{Value, json};

use super::reply;
use super::route::{Page, value_in};
use super::view::View;

/// How deep a body may nest.
const DEPTH: usize = 96;

/// Answers one of these pages. What asks the translation about every known model, or loads a
/// vocabulary, is done away from the core.
pub(super) async fn answer(
    page: &Page,
    engine: &Engine,
    view: View,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, GatewayError> {
    let query = request.uri().query().map(str::to_owned);
    let snapshot = &view.snapshot;
    match page {
        Page::ModelInfo => away(move || deployments::all(&view, query.as_deref())).await,
        Page::ModelInfoPages => away(move || deployments::page(&view, query.as_deref())).await,
        Page::ModelGroupInfo => away(move || Ok(groups::all(&view, query.as_deref()))).await,
        Page::SupportedParams => supported(&view, query.as_deref()),
        Page::TokenCounter => {
            let body = body(snapshot, request).await?;
            let asks = value_in(query.as_deref(), "call_endpoint");
            let engine = engine_if(engine, asks.as_deref());
            token_counter::count(engine, snapshot, &body).await
        }
        Page::TransformRequest => {
            let body = body(snapshot, request).await?;
            transform::transform(engine, snapshot, &body).await
        }
        _ => away(|| Ok(capabilities::all())).await,
    }
}

/// `GET /public/litellm_model_cost_map`: the shipped catalogue. It is open to anybody, so it is
/// written once, and says nothing of the operator's own prices.
pub(super) async fn price_map() -> Response<AnswerBody> {
    static MAP: OnceLock<Bytes> = OnceLock::new();
    let map = match MAP.get() {
        Some(map) => map.clone(),
        None => {
            let write = || Value::Object(Catalog::default().all()).to_string();
            match off_core(move || MAP.get_or_init(|| write().into()).clone()).await {
                Ok(map) => map,
                Err(error) => return error_response(DialectId::OpenAiChat, &error),
            }
        }
    };
    reply::json(map)
}

/// The engine, where a query says to ask the provider.
fn engine_if<'e>(engine: &'e Engine, asks: Option<&str>) -> Option<&'e Engine> {
    let yes = ["true", "1", "yes", "on"];
    let asks = asks.is_some_and(|asks| yes.iter().any(|yes| asks.eq_ignore_ascii_case(yes)));
    asks.then_some(engine)
}

/// Answers with what `work` gives, on a thread of its own.
async fn away(
    work: impl FnOnce() -> Result<Value, GatewayError> + Send + 'static,
) -> Result<Response<AnswerBody>, GatewayError> {
    let text = off_core(|| work().map(|value| value.to_string())).await??;
    Ok(reply::json(text))
}

/// `GET /utils/supported_openai_params?model=`: of a model group, or of any `provider/model`.
fn supported(view: &View, query: Option<&str>) -> Result<Response<AnswerBody>, GatewayError> {
    let snapshot = &view.snapshot;
    let name = value_in(query, "model").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| refused("`model` is missing in the query", "model"))?;
    let params = match view.route(&name).filter(|_| view.shows(&name)) {
        Some(route) => groups::supported(&route, &snapshot.catalog),
        None => {
            let resolved = snapshot
                .providers
                .resolve(&name, None, None)
                .map_err(|error| refused(&error.to_string(), "model"))?;
            supported_openai_params(&resolved.provider, &resolved.model)
        }
    };
    let params = params.ok_or_else(|| {
        let message = format!("nothing is known about the parameters of `{name}`");
        refused(&message, "model")
    })?;
    Ok(reply::value(&json!({ "supported_openai_params": params })))
}

async fn body(snapshot: &Snapshot, request: Request<Incoming>) -> Result<JsonObject, GatewayError> {
    let body = read_body(request.into_body(), body_limit(snapshot)).await?;
    let depth = snapshot.config.lockgate.max_json_depth.unwrap_or(DEPTH);
    JsonObject::parse(body, depth)
        .map_err(|error| refused(&format!("the request body is refused: {error}"), "body"))
}

fn refused(message: &str, param: &str) -> GatewayError {
    GatewayError::client(ErrorKind::InvalidRequest, message).with_param(param)
}
