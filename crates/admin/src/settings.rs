//! What the operator configured about the management API.

use jiff::tz::TimeZone;
use lockgate_core::Secret;
use lockgate_core::money::Nanodollars;
use serde_json::{Map, Value};

/// What the operator configured about the management API, under LiteLLM's names.
#[derive(Debug, Clone)]
pub struct AdminSettings {
    /// `litellm_settings.default_key_generate_params`: for what a request for a key leaves out.
    pub default_key_generate_params: Map<String, Value>,
    /// `litellm_settings.upperbound_key_generate_params`: what no key may exceed.
    pub upperbound_key_generate_params: Map<String, Value>,
    /// `litellm_settings.default_internal_user_params`: for what a request for a user leaves out.
    pub default_internal_user_params: Map<String, Value>,
    /// `litellm_settings.default_team_params`: for what a request for a team leaves out.
    pub default_team_params: Map<String, Value>,
    /// `general_settings.disable_custom_api_keys`: keys are made here and nowhere else.
    pub disable_custom_api_keys: bool,
    /// `LITELLM_KEY_ROTATION_GRACE_PERIOD`: how long a key that was regenerated still opens.
    pub rotation_grace_period: Option<String>,
    /// `litellm_settings.timezone`: where the days of budgets begin.
    pub zone: TimeZone,
    /// `litellm_settings.max_budget`: what all requests together may cost.
    pub max_budget: Option<Nanodollars>,
    /// What keys for encryption are derived from: `LITELLM_SALT_KEY`, or else the master key.
    pub salt: Secret,
}

// === impl AdminSettings ===

impl AdminSettings {
    /// Nothing configured.
    #[must_use]
    pub fn new(salt: Secret) -> Self {
        Self {
            default_key_generate_params: Map::new(),
            upperbound_key_generate_params: Map::new(),
            default_internal_user_params: Map::new(),
            default_team_params: Map::new(),
            disable_custom_api_keys: false,
            rotation_grace_period: None,
            zone: TimeZone::UTC,
            max_budget: None,
            salt,
        }
    }
}
