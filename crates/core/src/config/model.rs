//! One `model_list` entry: a deployment and the model group it serves.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::{AllowedFailsPolicy, BaseUrl, BodyParams, CloudParams};
use crate::Secret;

/// A deployment as configured. Entries with the same `model_name` form one model group.
#[derive(Clone, Debug)]
pub struct ModelEntry {
    /// The public name: what a client sends as `model`. May hold one or more `*`. That of a team's
    /// deployment is its `team_public_model_name`, if it has one.
    pub model_name: String,
    /// How and where to call it.
    pub litellm_params: LitellmParams,
    /// What is known about it.
    pub model_info: ModelInfo,
    /// Where it was written; `None` for an entry no file holds.
    pub origin: Option<Origin>,
}

/// A place in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was named when it was opened.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The way from the root of the document, for instance `model_list[3]`.
    pub path: String,
}

/// The `litellm_params` of a deployment. `None` means not configured: the router's value applies.
#[derive(Clone, Debug, Default)]
pub struct LitellmParams {
    /// `provider/model`, or a bare model name.
    pub model: String,
    /// Credential of the provider.
    pub api_key: Option<Secret>,
    /// Base URL of the provider; `base_url` is the same key.
    pub api_base: Option<BaseUrl>,
    /// API version, for the providers that want one.
    pub api_version: Option<String>,
    /// How to authenticate to a cloud.
    pub cloud: CloudParams,
    /// OpenAI organization id.
    pub organization: Option<String>,
    /// Provider id that wins over the prefix of `model`.
    pub custom_llm_provider: Option<String>,
    /// The credential whose values were filled in where the entry had none.
    pub litellm_credential_name: Option<String>,
    /// Limit for a whole request.
    pub timeout: Option<Duration>,
    /// Limit until the first byte of a streamed answer.
    pub stream_timeout: Option<Duration>,
    /// Attempts repeated inside one call of this deployment.
    pub max_retries: Option<u32>,
    /// Attempts the router repeats for this deployment.
    pub num_retries: Option<u32>,
    /// Capacity in tokens per minute: the third choice of a weight.
    pub tpm: Option<u64>,
    /// Capacity in requests per minute: the second choice of a weight.
    pub rpm: Option<u64>,
    /// Explicit weight: the first choice.
    pub weight: Option<f64>,
    /// Deployments with a lower order are tried first.
    pub order: Option<i64>,
    /// How long a failing deployment is left alone.
    pub cooldown_time: Option<Duration>,
    /// Requests in flight at the same time.
    pub max_parallel_requests: Option<u32>,
    /// What to try after this deployment, in order.
    pub fallbacks: Vec<Fallback>,
    /// Drop parameters the provider does not know instead of refusing the request.
    pub drop_params: Option<bool>,
    /// Parameters that are always dropped; nested ones as `tools[*].input_examples`.
    pub additional_drop_params: Vec<String>,
    /// Parameters that pass although the provider is not known to take them.
    pub allowed_openai_params: Vec<String>,
    /// Put reasoning into the content, inside `<think>` tags.
    pub merge_reasoning_content_in_choices: bool,
    /// Its credentials also serve requests that are passed through to its provider.
    pub use_in_pass_through: bool,
    /// A canned answer: no provider is called.
    pub mock_response: Option<Value>,
    /// Headers added to the upstream request: `headers` and `extra_headers` together, in order.
    pub headers: Vec<(String, Secret)>,
    /// Members merged into the upstream body last, over everything else.
    pub extra_body: BodyParams,
    /// Prices of its own, under LiteLLM's names.
    pub prices: BodyParams,
    /// Default body members: `temperature`, `max_tokens`, and whatever the provider understands.
    pub params: BodyParams,
}

/// Where a failed request goes next.
#[derive(Clone, Debug)]
pub enum Fallback {
    /// A model group, or else a `provider/model` string.
    Name(String),
    /// A target with parameters of its own. Its `model_name` repeats `litellm_params.model`, which
    /// may name a model group too.
    Inline(Box<ModelEntry>),
}

/// The `model_info` of a deployment.
#[derive(Clone, Debug, Default)]
pub struct ModelInfo {
    /// Deployment id: as configured, else 64 hex digits derived from the entry as it was written.
    pub id: String,
    /// The name to look up prices and abilities under.
    pub base_model: Option<String>,
    /// What the model does: `chat`, `embedding`, ...
    pub mode: Option<String>,
    /// Context window or output limit in tokens, whichever the operator meant.
    pub max_tokens: Option<u64>,
    /// Tokens it reads at most.
    pub max_input_tokens: Option<u64>,
    /// Tokens it writes at most.
    pub max_output_tokens: Option<u64>,
    /// The `supports_*` flags by their full name.
    pub supports: BTreeMap<String, bool>,
    /// Failures per minute before a cooldown; wins over the router's.
    pub allowed_fails: Option<u32>,
    /// The same by kind of failure.
    pub allowed_fails_policy: Option<AllowedFailsPolicy>,
    /// Wins over `litellm_params.cooldown_time`.
    pub cooldown_time: Option<Duration>,
    /// The team that it belongs to; nobody else sees it or may call it.
    pub team_id: Option<String>,
    /// Whether it is kept in the database.
    pub in_database: bool,
    /// Every member as it was written, the typed ones included, for `/model/info`.
    pub members: BodyParams,
}
