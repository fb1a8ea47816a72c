//! One deployment, ready to be called: what a `model_list` entry becomes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use lockgate_core::Environment;
use lockgate_core::config::{LitellmParams, ModelEntry, ModelInfo};
use lockgate_providers::catalog::{BadPrice, Catalog, InputBound, Pricing, Wanted, region_of};
use lockgate_providers::{
    ConnectError, Connection, ConnectionParams, Credentials, Provider, ProviderTable, Quirk,
    ResolveError, Resolved, max_output_tokens,
};
use lockgate_wire::canonical::Params;
use lockgate_wire::dialect::{RequestHead, TranslateError};
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};
use serde_json::{Map, Value};

use crate::metrics::DeploymentMetrics;
use crate::prices::{added, own_prices};
use crate::router::cooldown::Health;

/// A deployment: where it is, how it is called, how it has been doing.
#[derive(Debug)]
pub struct Deployment {
    /// As configured.
    pub entry: ModelEntry,
    /// Who serves it.
    pub provider: Arc<Provider>,
    /// The model as the provider names it; with wildcards while `entry.model_name` has some.
    pub model: String,
    /// URLs and headers.
    pub connection: Connection,
    /// Where the provider deviates from its dialect, as far as this model is concerned.
    pub quirks: Vec<Quirk>,
    /// Parameters the client may leave open.
    pub defaults: Params,
    /// How it has been doing.
    pub health: Arc<Health>,
    /// What is counted about it.
    pub metrics: Arc<DeploymentMetrics>,
    /// The values of the headers that name it in an answer.
    pub labels: Labels,
    /// The most output tokens the model can give, when known.
    pub max_output_tokens: Option<u64>,
    /// What its requests cost; a wildcard has a price only if it has one of its own.
    pub pricing: Pricing,
    /// What the operator's own members of its requests say about what they may cost.
    pub(crate) added: InputBound,
    /// Prices of its own, from `litellm_params` and `model_info`.
    own_prices: Map<String, Value>,
}

/// Header values that name a deployment in an answer.
#[derive(Debug, Clone)]
pub struct Labels {
    /// `x-litellm-model-id`
    pub id: HeaderValue,
    /// `x-litellm-model-group`
    pub group: HeaderValue,
    /// `x-litellm-model-api-base`, without credentials.
    pub api_base: Option<HeaderValue>,
    /// `x-litellm-model-name`: provider and model.
    pub name: HeaderValue,
}

/// A `model_list` entry that cannot become a deployment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeploymentError {
    /// The model names no provider that is served.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The provider cannot be called.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The default parameters are not what the OpenAI API takes.
    #[error("default parameters: {0}")]
    Params(TranslateError),
    /// What it is said to cost is no price.
    #[error("{0}")]
    Price(#[from] BadPrice),
}

/// What deployments are made from besides their entries.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// All providers.
    pub providers: &'a ProviderTable,
    /// Where keys and base URLs may come from.
    pub environment: &'a Environment,
    /// Where deployments share the credentials of clouds.
    pub credentials: &'a Credentials,
    /// Parameters that every deployment starts from.
    pub defaults: &'a LitellmParams,
    /// What models cost.
    pub catalog: &'a Catalog,
}

// === impl Labels ===

impl Labels {
    fn new(entry: &ModelEntry, resolved: &Resolved, api_base: &str) -> Self {
        let name = format!("{}/{}", resolved.provider.id, resolved.model);
        let api_base = Some(api_base).filter(|base| !base.is_empty());
        Self {
            id: header(&entry.model_info.id),
            group: header(&entry.model_name),
            api_base: api_base.map(header),
            name: header(&name),
        }
    }
}

// === impl Deployment ===

impl Deployment {
    /// Makes a deployment of `entry`; `health` and `metrics` are those of the deployment with the
    /// same id before a reload.
    pub fn new(
        mut entry: ModelEntry,
        around: Surroundings<'_>,
        known: Option<&Self>,
    ) -> Result<Self, DeploymentError> {
        inherit(&mut entry.litellm_params, around.defaults);
        let params = &entry.litellm_params;
        let api_base = params.api_base.as_ref().map(|base| base.as_str());
        let resolved = around.providers.resolve(
            &params.model,
            params.custom_llm_provider.as_deref(),
            api_base,
        )?;
        let connection = Connection::new(
            &resolved.provider,
            &ConnectionParams {
                model: Some(&resolved.model),
                credentials: Some(around.credentials),
                ..ConnectionParams::from(params)
            },
            around.environment,
        )?;
        let defaults = decode_defaults(params).map_err(DeploymentError::Params)?;
        let labels = Labels::new(&entry, &resolved, connection.api_base());
        let max_output_tokens = entry.model_info.max_output_tokens.or_else(|| {
            let model = entry
                .model_info
                .base_model
                .as_ref()
                .unwrap_or(&resolved.model);
            max_output_tokens(&resolved.provider.id, model)
        });
        let own_prices = own_prices(&entry);
        let pricing = around.catalog.pricing(&Wanted {
            base_model: entry.model_info.base_model.as_deref(),
            region: region_of(&resolved.provider.id, connection.api_base()),
            own: Some(&own_prices),
            ..Wanted::new(&resolved.provider.id, &resolved.model)
        })?;
        let metrics = known.map_or_else(
            || {
                Arc::new(DeploymentMetrics::new(
                    &entry,
                    &resolved.provider.id,
                    &resolved.model,
                ))
            },
            |known| known.metrics.clone(),
        );
        Ok(Self {
            quirks: quirks(&resolved, &entry.model_info, around.environment),
            provider: resolved.provider,
            model: resolved.model,
            connection,
            defaults,
            health: known.map(|known| known.health.clone()).unwrap_or_default(),
            metrics,
            labels,
            max_output_tokens,
            pricing,
            added: added(&entry.litellm_params),
            own_prices,
            entry,
        })
    }

    /// What its price is looked up by, as `model`, whose answer named `answered`.
    pub fn priced_as<'a>(&'a self, model: &'a str, answered: Option<&'a str>) -> Wanted<'a> {
        Wanted {
            base_model: self.entry.model_info.base_model.as_deref(),
            answered,
            region: region_of(&self.provider.id, self.connection.api_base()),
            own: Some(&self.own_prices),
            ..Wanted::new(&self.provider.id, model)
        }
    }

    /// What a request to `model` costs that was answered as `answered`. Only wildcards and
    /// deployments without a price have to look it up.
    pub fn pricing_as(&self, catalog: &Catalog, model: &str, answered: Option<&str>) -> Pricing {
        let settled = self.pricing.price().is_some() && model == self.model;
        if settled || answered.is_none() && model == self.model {
            return self.pricing.clone();
        }
        // Its own prices were readable when it was made.
        let pricing = catalog.pricing(&self.priced_as(model, answered));
        pricing.unwrap_or_else(|_| self.pricing.clone())
    }

    /// The id that `x-litellm-model-id` shows.
    pub fn id(&self) -> &str {
        &self.entry.model_info.id
    }

    /// Lower orders are tried first; without one a deployment comes with the first.
    pub fn order(&self) -> i64 {
        self.entry.litellm_params.order.unwrap_or(1)
    }

    /// Whether the model that fills its wildcards decides how it is called: any provider's may, or
    /// the provider has models of several kinds.
    pub fn depends_on_model(&self) -> bool {
        self.entry.litellm_params.model == "*"
            || self.model.contains('*') && self.provider.depends_on_model()
    }

    /// Whether it has as many requests in flight as it may.
    pub fn is_saturated(&self) -> bool {
        self.entry
            .litellm_params
            .max_parallel_requests
            .is_some_and(|most| self.health.in_flight() >= most)
    }

    /// The dialect it speaks.
    pub fn dialect(&self) -> DialectId {
        self.provider.dialect
    }

    /// The dialect that a client of `client` is served in: the provider's, or its Responses API for
    /// a client that speaks that.
    pub fn dialect_for(&self, client: DialectId, operation: Operation) -> DialectId {
        if client == DialectId::OpenAiChat && operation == Operation::Completions {
            return self.completion_dialect();
        }
        let both_respond = client == DialectId::OpenAiResponses
            && operation == Operation::Chat
            && self.provider.supports(Operation::Responses);
        if both_respond { client } else { self.dialect() }
    }

    /// Text completions are OpenAI's, and Ollama has them beside its own API; options of its own
    /// have a place in the latter only.
    fn completion_dialect(&self) -> DialectId {
        let plain = self.defaults.extra.is_empty() && self.defaults.keep_alive.is_none();
        if plain && self.provider.supports(Operation::Completions) {
            DialectId::OpenAiChat
        } else {
            self.dialect()
        }
    }

    /// What it is asked for when a client wants text from its model: to chat, unless all it can do
    /// is complete.
    pub fn text_operation(&self) -> Operation {
        let completes = self.provider.supports(Operation::Completions);
        if completes && !self.provider.supports(Operation::Chat) {
            Operation::Completions
        } else {
            Operation::Chat
        }
    }

    /// Whether a request of `dialect` for `operation` can go to it as it is.
    pub fn relays(&self, dialect: DialectId, operation: Operation) -> bool {
        // A completion that is passed on holds no reasoning apart.
        let merges = self.entry.litellm_params.merge_reasoning_content_in_choices
            && operation != Operation::Completions;
        self.dialect_for(dialect, operation) == dialect
            && self.provider.relays(operation)
            && !merges
    }

    /// How long a failure leaves it alone, when the entry says so itself.
    pub fn own_cooldown(&self) -> Option<Duration> {
        self.entry
            .model_info
            .cooldown_time
            .or(self.entry.litellm_params.cooldown_time)
    }
}

/// The quirks that concern `model`; a wildcard may become any model, so it keeps them all.
///
/// A deployment of Azure's has a name of the operator's choice: `base_model` tells what it is.
fn quirks(resolved: &Resolved, info: &ModelInfo, environment: &Environment) -> Vec<Quirk> {
    let Resolved { provider, model } = resolved;
    let open = model.contains('*');
    let told = info.base_model.as_deref().unwrap_or(model);
    let bare = told.rsplit('/').next().unwrap_or(told);
    let concerned = |quirk: &&Quirk| open || quirk.concerns(model) || quirk.concerns(bare);
    let quirks = provider.quirks.iter().filter(concerned);
    quirks
        .filter_map(|quirk| quirk.settled(environment))
        .map(|quirk| {
            if open {
                quirk
            } else {
                Quirk::new(quirk.action)
            }
        })
        .collect()
}

/// A value that is safe in a header; characters that are not become `?`.
fn header(text: &str) -> HeaderValue {
    let safe: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .collect();
    HeaderValue::from_str(&safe).unwrap_or_else(|_| HeaderValue::from_static("?"))
}

/// Reads the entry's default body parameters as if a client had sent them to the OpenAI API.
fn decode_defaults(params: &LitellmParams) -> Result<Params, TranslateError> {
    if params.params.is_empty() {
        return Ok(Params::default());
    }
    let mut members = params.params.as_map().clone();
    members.insert("model".into(), "defaults".into());
    members.insert("messages".into(), serde_json::Value::Array(Vec::new()));
    let body = serde_json::to_vec(&members).map_err(|e| TranslateError::invalid(e.to_string()))?;
    let body = JsonObject::parse(Bytes::from(body), 64)
        .map_err(|e| TranslateError::invalid(e.to_string()))?;
    let head = RequestHead {
        operation: Operation::Chat,
        model: None,
        stream: None,
    };
    let request = DialectId::OpenAiChat
        .dialect()
        .decode_request(&head, &body)?;
    Ok(request.params)
}

/// Fills what the entry leaves open from `router_settings.default_litellm_params`.
fn inherit(params: &mut LitellmParams, defaults: &LitellmParams) {
    fn fill<T: Clone>(slot: &mut Option<T>, default: &Option<T>) {
        if slot.is_none() {
            slot.clone_from(default);
        }
    }
    fill(&mut params.api_key, &defaults.api_key);
    fill(&mut params.api_base, &defaults.api_base);
    fill(&mut params.api_version, &defaults.api_version);
    fill(&mut params.organization, &defaults.organization);
    fill(&mut params.timeout, &defaults.timeout);
    fill(&mut params.stream_timeout, &defaults.stream_timeout);
    fill(&mut params.num_retries, &defaults.num_retries);
    fill(
        &mut params.max_parallel_requests,
        &defaults.max_parallel_requests,
    );
    fill(&mut params.cooldown_time, &defaults.cooldown_time);
    fill(&mut params.drop_params, &defaults.drop_params);
    for (name, value) in defaults.params.iter() {
        if !params.params.contains_key(name) {
            params.params.insert(name.clone(), value.clone());
        }
    }
}
