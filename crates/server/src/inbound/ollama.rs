//! The endpoints by which Ollama's clients look around.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use lockgate_core::error::GatewayError;
use lockgate_engine::deployment::Deployment;
use lockgate_engine::{AnswerBody, error_response};
use lockgate_providers::{Mode, context_window, known_model};
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::dialects::ollama::listing::{self, Capability, ListedModel};
use lockgate_wire::json::JsonObject;

use super::view::View;
use super::{models, reply};

/// The Ollama version whose API is served; clients look for features by it.
const VERSION: &str = "0.12.6";
/// The largest body that names a model.
const NAME_LIMIT: usize = 64 * 1024;

/// `GET /api/version`
pub(super) fn version() -> Response<AnswerBody> {
    reply::json(listing::version(VERSION))
}

/// `GET /api/tags`
pub(super) fn tags(view: &View) -> Response<AnswerBody> {
    reply::json(with_models(view, listing::tags))
}

/// `GET /api/ps`: behind a gateway every model counts as loaded.
pub(super) fn running(view: &View) -> Response<AnswerBody> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    reply::json(with_models(view, |models| {
        listing::ps(models, now.as_secs())
    }))
}

/// `POST /api/show`
pub(super) async fn show(view: &View, body: Incoming) -> Response<AnswerBody> {
    match shown(view, body).await {
        Ok(body) => reply::json(body),
        Err(error) => error_response(DialectId::Ollama, &error),
    }
}

async fn shown(view: &View, body: Incoming) -> Result<Bytes, GatewayError> {
    let refuse = |message: &str| GatewayError::client(ErrorKind::InvalidRequest, message);
    let body = Limited::new(body, NAME_LIMIT)
        .collect()
        .await
        .map_err(|_| refuse("the body is too large, or it broke off"))?
        .to_bytes();
    let body = JsonObject::parse(body, 16).map_err(|e| refuse(&e.to_string()))?;
    // Older clients say `name`.
    let name = body.get_str("model").or_else(|| body.get_str("name"));
    let name = name.ok_or_else(|| refuse("`model` is missing"))?;
    let shown = |name: &str| view.route(name).filter(|_| view.shows(name));
    let route = shown(&name)
        .or_else(|| shown(name.strip_suffix(":latest")?))
        .ok_or_else(|| {
            GatewayError::client(ErrorKind::NotFound, format!("model '{name}' not found"))
        })?;
    let facts = Facts::of(&name, route.group.deployments.first().map(AsRef::as_ref));
    Ok(listing::show(&facts.listed()))
}

fn with_models(view: &View, write: impl Fn(&[ListedModel<'_>]) -> Bytes) -> Bytes {
    let facts: Vec<Facts> = models::names(view)
        .into_iter()
        .map(|name| {
            let route = view.route(&name);
            let group = route.as_ref().map(|route| &route.group);
            Facts::of(
                &name,
                group.and_then(|g| g.deployments.first()).map(AsRef::as_ref),
            )
        })
        .collect();
    let listed: Vec<ListedModel<'_>> = facts.iter().map(Facts::listed).collect();
    write(&listed)
}

/// What is known about a model.
struct Facts {
    name: String,
    family: String,
    context_length: Option<u64>,
    capabilities: Vec<Capability>,
}

// === impl Facts ===

impl Facts {
    fn of(name: &str, deployment: Option<&Deployment>) -> Self {
        let info = deployment.map(|deployment| &deployment.entry.model_info);
        let embeds = info.and_then(|info| info.mode.as_deref()) == Some("embedding")
            || deployment
                .and_then(|d| known_model(&d.provider.id, &d.model))
                .is_some_and(|known| known.mode == Mode::Embedding);
        let supports = |flag: &str| info.and_then(|info| info.supports.get(flag)).copied();
        let capabilities = if embeds {
            vec![Capability::Embedding]
        } else {
            let mut all = vec![Capability::Completion];
            // Unless the operator knows better, a model is given the benefit of the doubt: a
            // client that is told "no tools" does not even try.
            if supports("supports_function_calling") != Some(false) {
                all.push(Capability::Tools);
            }
            if supports("supports_vision") != Some(false) {
                all.push(Capability::Vision);
            }
            if supports("supports_reasoning") == Some(true) {
                all.push(Capability::Thinking);
            }
            all
        };
        Self {
            name: name.to_owned(),
            family: deployment.map_or_else(String::new, |d| d.provider.id.clone()),
            context_length: info
                .and_then(|info| info.max_input_tokens)
                .or_else(|| deployment.and_then(|d| context_window(&d.provider.id, &d.model))),
            capabilities,
        }
    }

    fn listed(&self) -> ListedModel<'_> {
        ListedModel {
            name: &self.name,
            family: &self.family,
            // The same moment that the OpenAI list gives.
            modified: 1_677_610_602,
            context_length: self.context_length,
            embedding_length: None,
            capabilities: &self.capabilities,
        }
    }
}
