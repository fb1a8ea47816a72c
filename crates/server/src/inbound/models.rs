//! The model list, as the clients of each vendor expect it.

use http::Response;
use lockgate_core::error::GatewayError;
use lockgate_engine::deployment::Deployment;
use lockgate_engine::snapshot::Group;
use lockgate_engine::{AnswerBody, error_response};
use lockgate_providers::{KnownModel, Mode, known_models};
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use serde_json::{Value, json};

use super::reply;
use super::view::View;

/// OpenAI's list wants a creation time; LiteLLM always gives this one, and clients compare lists.
const CREATED: u64 = 1_677_610_602;
/// The same moment as Anthropic writes it.
const CREATED_AT: &str = "2023-02-28T18:56:42Z";

/// A model as it is listed.
struct Listed {
    name: String,
    mode: Option<String>,
    max_input: Option<u64>,
    max_output: Option<u64>,
}

/// `GET /v1/models` and its likes.
pub(super) fn list(dialect: DialectId, view: &View, query: Option<&str>) -> Response<AnswerBody> {
    let wildcards = query.is_some_and(|query| {
        query
            .split('&')
            .any(|pair| pair.eq_ignore_ascii_case("return_wildcard_routes=true"))
    });
    let models = listed(view, wildcards);
    match dialect {
        DialectId::Anthropic => reply::value(&json!({
            "data": models.iter().map(anthropic).collect::<Vec<_>>(),
            "has_more": false,
            "first_id": models.first().map(|model| &model.name),
            "last_id": models.last().map(|model| &model.name),
        })),
        DialectId::Gemini => {
            reply::value(&json!({ "models": models.iter().map(gemini).collect::<Vec<_>>() }))
        }
        _ => reply::value(&json!({
            "data": models.iter().map(openai).collect::<Vec<_>>(),
            "object": "list",
        })),
    }
}

/// `GET /v1/models/{id}` and its likes.
pub(super) fn one(dialect: DialectId, view: &View, id: &str) -> Response<AnswerBody> {
    let behind_wildcard = || {
        let route = view.route(id).filter(|_| view.shows(id))?;
        Some(describe(id, &route.group))
    };
    let found = listed(view, true)
        .into_iter()
        .find(|model| model.name == id)
        // A name that only a wildcard serves exists as much as one that is listed.
        .or_else(behind_wildcard);
    match found {
        None => {
            let message = format!("there is no model `{id}` here");
            error_response(dialect, &GatewayError::client(ErrorKind::NotFound, message))
        }
        Some(model) => reply::value(&match dialect {
            DialectId::Anthropic => anthropic(&model),
            DialectId::Gemini => gemini(&model),
            _ => openai(&model),
        }),
    }
}

/// The public names in the order of the file, provider wildcards expanded to the models known.
pub(super) fn names(view: &View) -> Vec<String> {
    listed(view, false)
        .into_iter()
        .map(|model| model.name)
        .collect()
}

fn listed(view: &View, wildcards: bool) -> Vec<Listed> {
    let mut models: Vec<Listed> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (name, group) in view.snapshot.listed_models() {
        if !view.sees(group.team.as_deref()) {
            continue;
        }
        let deployments = group.deployments.first().into_iter();
        let expanded = deployments.flat_map(|deployment| expand(name, deployment));
        let expanded: Vec<Listed> = expanded
            .map(|(name, known)| Listed {
                name,
                mode: Some(mode_name(known.mode).to_owned()),
                max_input: known.max_input_tokens,
                max_output: known.max_output_tokens,
            })
            .collect();
        if !name.contains('*') || wildcards {
            models.push(describe(name, group));
        }
        models.extend(expanded);
    }
    models.retain(|model| seen.insert(model.name.clone()) && view.shows(&model.name));
    models
}

/// The known models behind a wildcard such as `openai/*`, by the names that clients call them.
pub(super) fn expand(
    name: &str,
    deployment: &Deployment,
) -> impl Iterator<Item = (String, &'static KnownModel)> {
    let prefix = name.strip_suffix('*').filter(|_| {
        // Which models a local server has is not for a table to say.
        deployment.dialect() != DialectId::Ollama && deployment.model == "*"
    });
    let prefix = prefix.filter(|prefix| !prefix.contains('*'));
    let provider = &deployment.provider.id;
    let models = prefix.map_or(&[][..], |_| known_models(provider));
    let prefix = prefix.unwrap_or_default().to_owned();
    models
        .iter()
        // Models that only the responses API serves cannot be called here.
        .filter(|known| known.mode != Mode::Responses)
        .map(move |known| (format!("{prefix}{}", known.name), known))
}

fn describe(name: &str, group: &Group) -> Listed {
    let deployment = group.deployments.first();
    let info = deployment.map(|deployment| &deployment.entry.model_info);
    let known = deployment.and_then(|d| lockgate_providers::known_model(&d.provider.id, &d.model));
    Listed {
        name: name.to_owned(),
        mode: info
            .and_then(|info| info.mode.clone())
            .or_else(|| known.map(|known| mode_name(known.mode).to_owned())),
        max_input: info
            .and_then(|info| info.max_input_tokens)
            .or_else(|| known.and_then(|known| known.max_input_tokens)),
        max_output: deployment.and_then(|deployment| deployment.max_output_tokens),
    }
}

pub(super) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Chat => "chat",
        Mode::Embedding => "embedding",
        Mode::Responses => "responses",
    }
}

fn openai(model: &Listed) -> Value {
    let mut value = json!({
        "id": model.name,
        "object": "model",
        "created": CREATED,
        "owned_by": "openai",
    });
    if let Value::Object(members) = &mut value {
        let mode = model.mode.as_ref().map(|mode| mode.as_str().into());
        members.extend(mode.map(|mode: Value| ("mode".to_owned(), mode)));
        let number = |name: &str, number: Option<u64>| number.map(|n| (name.into(), n.into()));
        members.extend(number("max_input_tokens", model.max_input));
        members.extend(number("max_output_tokens", model.max_output));
    }
    value
}

fn anthropic(model: &Listed) -> Value {
    json!({
        "type": "model",
        "id": model.name,
        "display_name": model.name,
        "created_at": CREATED_AT,
        "max_input_tokens": model.max_input,
        "max_tokens": model.max_output,
        "capabilities": null,
        // Whatever the configuration serves is in use; `line` is null for models of no line of Claude's.
        "lifecycle": "active",
        "line": null,
        "deprecated_at": null,
        "retires_at": null,
    })
}

fn gemini(model: &Listed) -> Value {
    let methods: &[&str] = match model.mode.as_deref() {
        Some("embedding") => &["embedContent", "batchEmbedContents"],
        _ => &["generateContent", "streamGenerateContent", "countTokens"],
    };
    json!({
        "name": format!("models/{}", model.name),
        "baseModelId": model.name,
        "version": "001",
        "displayName": model.name,
        "description": "",
        "inputTokenLimit": model.max_input.unwrap_or(0),
        "outputTokenLimit": model.max_output.unwrap_or(0),
        "supportedGenerationMethods": methods,
    })
}
