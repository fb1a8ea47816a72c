//! What `general_settings` and `litellm_settings` say about budgets, users and tags.

use jiff::tz::TimeZone;

use crate::money::Nanodollars;
use crate::period::Period;

/// Budgets of all requests together, and how users and tags are told.
#[derive(Clone, Debug)]
pub struct GovernanceSettings {
    /// `litellm_settings.max_budget`: what all requests together may cost.
    pub max_budget: Option<Nanodollars>,
    /// `litellm_settings.budget_duration`: when that begins anew.
    pub budget_duration: Option<Period>,
    /// `litellm_settings.budget_exceeded_status_code`: the status of a refusal for money.
    pub budget_exceeded_status: u16,
    /// `litellm_settings.timezone`: whose midnights budgets begin at.
    pub timezone: TimeZone,
    /// `litellm_settings.extra_spend_tag_headers`: request headers whose values are tags, in lower
    /// case.
    pub tag_headers: Vec<String>,
    /// `general_settings.apply_user_budget_to_team_keys`: a user's budget also holds for requests
    /// with keys of a team.
    pub apply_user_budget_to_team_keys: bool,
    /// Request headers that name the customer, in lower case: `general_settings.user_header_name`,
    /// and those of `user_header_mappings` whose role is `customer`.
    pub customer_headers: Vec<String>,
    /// `general_settings.enforce_user_param`: requests must name a customer.
    pub enforce_user_param: bool,
}

/// The status of LiteLLM 1.105 (reference section 3.3).
const BUDGET_EXCEEDED: u16 = 422;

// === impl GovernanceSettings ===

impl Default for GovernanceSettings {
    fn default() -> Self {
        Self {
            max_budget: None,
            budget_duration: None,
            budget_exceeded_status: BUDGET_EXCEEDED,
            timezone: TimeZone::UTC,
            tag_headers: Vec::new(),
            apply_user_budget_to_team_keys: false,
            customer_headers: Vec::new(),
            enforce_user_param: false,
        }
    }
}
