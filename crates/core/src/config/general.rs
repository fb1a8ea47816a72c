//! `general_settings`: the proxy itself.

use std::time::Duration;

use super::{PassThroughEndpoint, Retention};
use crate::Secret;
use crate::network::NetworkSettings;

/// What `general_settings` says, as far as it has an effect.
#[derive(Clone, Debug, Default)]
pub struct GeneralSettings {
    /// The master key as configured here; the environment may hold it too.
    pub master_key: Option<Secret>,
    /// Start although the master key is weak.
    pub dangerously_permit_weak_or_unset_master_key: bool,
    /// Where the database is.
    pub database_url: Option<Secret>,
    /// Chat model used whatever a request names.
    pub completion_model: Option<String>,
    /// Embedding model used whatever a request names.
    pub embedding_model: Option<String>,
    /// Largest request body, in MiB.
    pub max_request_size_mb: Option<f64>,
    /// Ask every provider for usage in streams, also when the client did not.
    pub always_include_stream_usage: bool,
    /// Put the call id into error bodies.
    pub include_call_id_in_error_body: bool,
    /// A further header the key is read from.
    pub litellm_key_header_name: Option<String>,
    /// Pass the client's `x-` headers on to the provider.
    pub forward_client_headers_to_llm_api: bool,
    /// Pass the client's `OpenAI-Organization` header on.
    pub forward_openai_org_id: bool,
    /// Also serve every model whose provider key is in the environment.
    pub infer_model_from_keys: bool,
    /// Paths of the operator's own that lead to another server.
    pub pass_through_endpoints: Vec<PassThroughEndpoint>,
    /// How long an answer of one of them may take when it does not say itself.
    pub pass_through_request_timeout: Option<Duration>,
    /// Whether deployments, credentials and settings of the database are served; `None`: not said.
    pub store_model_in_db: Option<bool>,
    /// Keys are made by the gateway; clients cannot choose them.
    pub disable_custom_api_keys: bool,
    /// From where requests may come.
    pub network: NetworkSettings,
    /// How long the ledger is kept.
    pub retention: Retention,
    /// Limits that replicas share are asked for by every request.
    pub strict_limits: bool,
}
