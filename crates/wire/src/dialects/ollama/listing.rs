//! What Ollama clients ask about models: `/api/tags`, `/api/show`, `/api/ps` and `/api/version`.
//!
//! Clients expect local model files. What a gateway does not have (sizes, quantisation) is zero
//! or empty; every field that `api/types.go` writes always is there.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::tools::fingerprint;
use super::wire::{rfc3339, to_json};

/// What is known about a model that clients may use.
#[derive(Debug, Clone, Copy)]
pub struct ListedModel<'a> {
    /// The name that clients use: a model group.
    pub name: &'a str,
    /// What the model descends from (`llama`, `gpt-oss`), or its provider; shown to people, and
    /// the prefix of the numbers in `model_info`.
    pub family: &'a str,
    /// When it was last changed, seconds since 1970.
    pub modified: u64,
    /// The context window in tokens, when known.
    pub context_length: Option<u64>,
    /// The length of its vectors, when it embeds and that is known.
    pub embedding_length: Option<u64>,
    /// What it can do.
    pub capabilities: &'a [Capability],
}

/// What a model can do (Ollama's `types/model`, `Capability`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// Answers prompts and conversations.
    Completion,
    /// Calls tools.
    Tools,
    /// Fills in between a prompt and a suffix.
    Insert,
    /// Sees images.
    Vision,
    /// Makes vectors.
    Embedding,
    /// Reasons before it answers.
    Thinking,
}

/// How long a loaded model is said to stay so: Ollama's `keep_alive: -1` comes to about 292 years.
const FOREVER: u64 = 292 * 365 * 24 * 3600;

/// The answer to `GET /api/tags`: the models there are.
pub fn tags(models: &[ListedModel<'_>]) -> Bytes {
    to_json(&List {
        models: models.iter().map(Entry::listed).collect(),
    })
}

/// The answer to `GET /api/ps`: the models that are loaded, which behind a gateway is all of
/// them, for good. `now` is in seconds since 1970.
pub fn ps(models: &[ListedModel<'_>], now: u64) -> Bytes {
    to_json(&List {
        models: models
            .iter()
            .map(|model| Entry::running(model, now))
            .collect(),
    })
}

/// The answer to `POST /api/show`: everything about one model.
pub fn show(model: &ListedModel<'_>) -> Bytes {
    to_json(&Shown {
        license: "",
        modelfile: "",
        parameters: "",
        template: "",
        details: Details::of(model),
        model_info: model_info(model),
        capabilities: model.capabilities,
        modified_at: rfc3339(model.modified),
    })
}

/// The answer to `GET /api/version`. Clients compare it with versions of Ollama, so it should be
/// one of those.
pub fn version(version: &str) -> Bytes {
    to_json(&BTreeMap::from([("version", version)]))
}

#[derive(serde::Serialize)]
struct List<'a> {
    models: Vec<Entry<'a>>,
}

#[derive(serde::Serialize)]
struct Entry<'a> {
    name: &'a str,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_at: Option<String>,
    size: u64,
    digest: String,
    details: Details<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_vram: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u64>,
}

#[derive(serde::Serialize)]
struct Shown<'a> {
    license: &'a str,
    modelfile: &'a str,
    parameters: &'a str,
    template: &'a str,
    details: Details<'a>,
    model_info: Map<String, Value>,
    capabilities: &'a [Capability],
    modified_at: String,
}

#[derive(serde::Serialize)]
struct Details<'a> {
    parent_model: &'a str,
    format: &'a str,
    family: &'a str,
    families: [&'a str; 1],
    parameter_size: &'a str,
    quantization_level: &'a str,
}

// === impl Entry ===

impl<'a> Entry<'a> {
    fn listed(model: &ListedModel<'a>) -> Self {
        Self {
            modified_at: Some(rfc3339(model.modified)),
            ..Self::bare(model)
        }
    }

    fn running(model: &ListedModel<'a>, now: u64) -> Self {
        Self {
            expires_at: Some(rfc3339(now.saturating_add(FOREVER))),
            size_vram: Some(0),
            context_length: Some(model.context_length.unwrap_or(0)),
            ..Self::bare(model)
        }
    }

    fn bare(model: &ListedModel<'a>) -> Self {
        Self {
            name: model.name,
            model: model.name,
            modified_at: None,
            size: 0,
            digest: digest(model.name),
            details: Details::of(model),
            expires_at: None,
            size_vram: None,
            context_length: None,
        }
    }
}

// === impl Details ===

impl<'a> Details<'a> {
    fn of(model: &ListedModel<'a>) -> Self {
        Self {
            parent_model: "",
            format: "gguf",
            family: model.family,
            families: [model.family],
            parameter_size: "",
            quantization_level: "",
        }
    }
}

/// The numbers that editors look for: they read `general.architecture`, then
/// `<architecture>.context_length`.
fn model_info(model: &ListedModel<'_>) -> Map<String, Value> {
    let family = model.family;
    let mut info = Map::new();
    info.insert("general.architecture".to_owned(), family.into());
    info.insert("general.basename".to_owned(), model.name.into());
    if let Some(length) = model.context_length {
        info.insert(format!("{family}.context_length"), length.into());
    }
    if let Some(length) = model.embedding_length {
        info.insert(format!("{family}.embedding_length"), length.into());
    }
    info
}

/// Sixty-four hex digits that stand for the model, the form of the SHA-256 that Ollama gives.
/// Clients cut it short and compare it, so it must be long, and the same each time.
fn digest(name: &str) -> String {
    (0..4)
        .map(|seed| format!("{:016x}", fingerprint(&[name], seed)))
        .collect()
}
