//! From files, environment and command line to a configuration and a snapshot of it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use lockgate_core::config::{Config, ConfigError, Diagnostic, Document, ModelEntry, Stored};
use lockgate_core::discover::{CliModel, cli_model_entry};
use lockgate_core::fingerprint::Fingerprint;
use lockgate_core::{Environment, Secret};
use lockgate_providers::ProviderTable;

use crate::cli::ModelArgs;
use crate::local_ollama;

/// A configuration with what is to be said about it.
pub(crate) struct Configured {
    /// What is to be served.
    pub config: Config,
    /// Findings, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
    /// The files it came from.
    pub files: Vec<PathBuf>,
    /// What they held.
    pub fingerprint: Fingerprint,
    /// The files as they are written.
    pub document: Document,
    /// What of it is not written.
    pub beside: Beside,
}

/// What is served besides what is written: found in the environment, named by the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    models: Vec<ModelEntry>,
    /// The model that answers every chat request.
    completion_model: Option<String>,
}

// === impl Beside ===

impl Beside {
    /// Adds it to what is written.
    pub(crate) fn add_to(&self, config: &mut Config) {
        config.models.extend(self.models.iter().cloned());
        if self.completion_model.is_some() {
            config
                .general
                .completion_model
                .clone_from(&self.completion_model);
        }
    }
}

/// Reads the file; without one, finds models in the environment.
pub(crate) fn read(
    file: Option<&PathBuf>,
    environment: &Environment,
) -> Result<Configured, ConfigError> {
    let document = file.map(Document::open).transpose()?.unwrap_or_default();
    let loaded = document.read(environment, &Stored::default());
    let mut config = loaded.config;
    let mut beside = Beside::default();
    if file.is_none() {
        beside.models = discovered(environment);
    } else if config.general.infer_model_from_keys {
        beside.models = keyed_models(environment);
    }
    beside.add_to(&mut config);
    Ok(Configured {
        config,
        diagnostics: loaded.diagnostics,
        files: loaded.files,
        fingerprint: loaded.fingerprint,
        document,
        beside,
    })
}

/// Adds the model of the command line. Without a file it takes the place of what was found.
pub(crate) fn add_model(
    configured: &mut Configured,
    args: &ModelArgs,
    has_file: bool,
) -> anyhow::Result<()> {
    let Some(model) = &args.model else {
        return Ok(());
    };
    let headers = match &args.headers {
        None => Vec::new(),
        Some(json) => serde_json::from_str::<std::collections::BTreeMap<String, String>>(json)
            .context("--headers is not a JSON object of strings")?
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
    };
    let entry = cli_model_entry(CliModel {
        model: model.clone(),
        alias: args.alias.clone(),
        api_base: args.api_base.clone(),
        api_version: args.api_version.clone(),
        headers,
        temperature: args.temperature,
        max_tokens: args.max_tokens,
        request_timeout: args.request_timeout.map(Duration::from_secs),
        drop_params: args.drop_params,
    });
    let Configured { config, beside, .. } = configured;
    if !has_file {
        config.models.clear();
        beside.models.clear();
    }
    // LiteLLM's `--model` answers every chat request, whatever it names.
    beside.completion_model = Some(entry.model_name.clone());
    config.general.completion_model = Some(entry.model_name.clone());
    beside.models.push(entry.clone());
    config.models.push(entry);
    Ok(())
}

/// What is served without a file: each provider whose key is set, a local Ollama, and the demo.
fn discovered(environment: &Environment) -> Vec<ModelEntry> {
    let mut models = vec![entry("demo", "demo/demo")];
    models.extend(keyed_models(environment));
    models.extend(local_ollama::models(environment).iter().map(|name| {
        let model = format!("ollama/{name}");
        entry(&model, &model)
    }));
    models
}

fn keyed_models(environment: &Environment) -> Vec<ModelEntry> {
    lockgate_providers::discover(&ProviderTable::built_in(), environment)
        .iter()
        .map(|found| {
            let wildcard = format!("{}/*", found.provider);
            entry(&wildcard, &wildcard)
        })
        .collect()
}

fn entry(name: &str, model: &str) -> ModelEntry {
    cli_model_entry(CliModel {
        model: model.to_owned(),
        alias: Some(name.to_owned()),
        ..CliModel::default()
    })
}
