//! `litellm_settings`: what LiteLLM keeps in module globals.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::PriceSettings;

/// What `litellm_settings` says, as far as it has an effect and is not about routing.
///
/// Retries, timeouts and fallbacks written here end up in [`super::RouterSettings`].
#[derive(Clone, Debug)]
pub struct LitellmSettings {
    /// Drop parameters a provider does not know instead of refusing the request.
    pub drop_params: bool,
    /// Other names of models, applied before `model_group_alias`.
    pub model_alias_map: BTreeMap<String, String>,
    /// Log lines are JSON; `None`: not said here.
    pub json_logs: Option<bool>,
    /// Log debug lines; `None`: not said here.
    pub set_verbose: Option<bool>,
    /// `/metrics` asks for a key (true).
    pub require_auth_for_metrics_endpoint: bool,
    /// How upstream certificates are checked.
    pub ssl_verify: SslVerify,
    /// What the operator says about prices.
    pub prices: PriceSettings,
    /// For what a request for a key leaves out.
    pub default_key_generate_params: Map<String, Value>,
    /// What no key may exceed.
    pub upperbound_key_generate_params: Map<String, Value>,
    /// For what a request for a user leaves out.
    pub default_internal_user_params: Map<String, Value>,
    /// For what a request for a team leaves out.
    pub default_team_params: Map<String, Value>,
}

/// How upstream certificates are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SslVerify {
    /// Against the built-in roots.
    #[default]
    System,
    /// Against the certificates in this PEM file; `SSL_CERT_FILE` names one, too.
    CaFile(PathBuf),
    /// Not at all.
    Off,
}

// === impl LitellmSettings ===

impl Default for LitellmSettings {
    fn default() -> Self {
        Self {
            drop_params: false,
            model_alias_map: BTreeMap::new(),
            json_logs: None,
            set_verbose: None,
            require_auth_for_metrics_endpoint: true,
            ssl_verify: SslVerify::default(),
            prices: PriceSettings::default(),
            default_key_generate_params: Map::new(),
            upperbound_key_generate_params: Map::new(),
            default_internal_user_params: Map::new(),
            default_team_params: Map::new(),
        }
    }
}
