//! Deployments no file names: found from provider keys, or given on the command line.

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::id::deployment_id;
use crate::config::{BaseUrl, LitellmParams, ModelEntry, ModelInfo};
use crate::{Environment, Secret};

/// A provider that can be found by its key.
#[derive(Clone, Copy, Debug)]
pub struct KeyedProvider<'a> {
    /// Variables the key may be in.
    pub key_names: &'a [&'a str],
    /// The model group that stands for all its models: `openai/*`.
    pub wildcard: &'a str,
}

/// What the command line says about the one model it starts with.
#[derive(Clone, Debug, Default)]
pub struct CliModel {
    /// `--model`: `provider/model` or a bare name.
    pub model: String,
    /// `--alias`: the public name; without it, the model's own.
    pub alias: Option<String>,
    /// `--api_base`
    pub api_base: Option<String>,
    /// `--api_version`
    pub api_version: Option<String>,
    /// `--headers`, in order.
    pub headers: Vec<(String, Secret)>,
    /// `--temperature`
    pub temperature: Option<f64>,
    /// `--max_tokens`
    pub max_tokens: Option<u64>,
    /// `--request_timeout`
    pub request_timeout: Option<Duration>,
    /// `--drop_params`
    pub drop_params: bool,
}

/// One deployment for every provider whose key is set and not empty, in the order given.
#[must_use]
pub fn discover(environment: &Environment, providers: &[KeyedProvider<'_>]) -> Vec<ModelEntry> {
    providers
        .iter()
        .filter(|provider| environment.first_non_empty(provider.key_names).is_some())
        .map(|provider| {
            let params = LitellmParams {
                model: provider.wildcard.to_owned(),
                ..LitellmParams::default()
            };
            entry(
                provider.wildcard.to_owned(),
                params,
                &json!({ "model": provider.wildcard }),
            )
        })
        .collect()
}

/// The deployment the command line describes.
#[must_use]
pub fn cli_model_entry(cli: CliModel) -> ModelEntry {
    let written = json!({ "api_base": cli.api_base, "model": cli.model });
    let mut params = LitellmParams {
        model: cli.model.clone(),
        api_base: cli.api_base.map(BaseUrl::new),
        api_version: cli.api_version,
        headers: cli.headers,
        timeout: cli.request_timeout,
        drop_params: cli.drop_params.then_some(true),
        ..LitellmParams::default()
    };
    if let Some(temperature) = cli.temperature {
        params.params.insert("temperature", temperature);
    }
    if let Some(max_tokens) = cli.max_tokens {
        params.params.insert("max_tokens", max_tokens);
    }
    entry(cli.alias.unwrap_or(cli.model), params, &written)
}

fn entry(model_name: String, litellm_params: LitellmParams, written: &Value) -> ModelEntry {
    let id = deployment_id(&model_name, written);
    ModelEntry {
        model_name,
        litellm_params,
        model_info: ModelInfo {
            id,
            ..ModelInfo::default()
        },
        origin: None,
    }
}
