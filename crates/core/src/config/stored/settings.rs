//! The settings that can be changed while the gateway runs.

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTimeSetting {
    /// The section of the file that it belongs to.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What its value looks like.
    pub form: SettingForm,
    /// What it does.
    pub description: &'static str,
    /// Whether credentials may be in its value, which is therefore encrypted where it is stored.
    pub is_secret: bool,
}

/// What the value of a setting looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingForm {
    /// True or false.
    Flag,
    /// A whole number.
    Count,
    /// A number.
    Amount,
    /// A text.
    Text,
    /// A list.
    List,
    /// A mapping.
    Mapping,
}

const fn setting(
    section: &'static str,
    name: &'static str,
    form: SettingForm,
    description: &'static str,
) -> RunTimeSetting {
    RunTimeSetting {
        section,
        name,
        form,
        description,
        is_secret: false,
    }
}

const fn secret(setting: RunTimeSetting) -> RunTimeSetting {
    RunTimeSetting {
        is_secret: true,
        ..setting
    }
}

const fn general(
    name: &'static str,
    form: SettingForm,
    description: &'static str,
) -> RunTimeSetting {
    setting("general_settings", name, form, description)
}

const fn litellm(
    name: &'static str,
    form: SettingForm,
    description: &'static str,
) -> RunTimeSetting {
    setting("litellm_settings", name, form, description)
}

const fn router(
    name: &'static str,
    form: SettingForm,
    description: &'static str,
) -> RunTimeSetting {
    setting("router_settings", name, form, description)
}

use SettingForm::{Amount, Count, Flag, List, Mapping, Text};

/// All of them. Settings that name files, or are looked at when the process starts only, are not
/// among them.
pub const RUN_TIME_SETTINGS: &[RunTimeSetting] = &[
    general(
        "always_include_stream_usage",
        Flag,
        "Ask every provider for usage in streams",
    ),
    general(
        "apply_user_budget_to_team_keys",
        Flag,
        "A user's budget also holds for keys of a team",
    ),
    general(
        "completion_model",
        Text,
        "Chat model used whatever a request names",
    ),
    general(
        "embedding_model",
        Text,
        "Embedding model used whatever a request names",
    ),
    general("enforce_user_param", Flag, "Requests must name a customer"),
    general(
        "forward_client_headers_to_llm_api",
        Flag,
        "Pass the client's x- headers on",
    ),
    general(
        "forward_openai_org_id",
        Flag,
        "Pass the client's OpenAI-Organization header on",
    ),
    general(
        "include_call_id_in_error_body",
        Flag,
        "Put the call id into error bodies",
    ),
    general(
        "max_request_size_mb",
        Amount,
        "Largest request body, in MiB",
    ),
    secret(general(
        "pass_through_endpoints",
        List,
        "Paths that lead to other servers",
    )),
    general(
        "pass_through_request_timeout",
        Amount,
        "How long an answer of one of them may take, in seconds",
    ),
    general(
        "user_header_mappings",
        List,
        "Request headers that name users and customers",
    ),
    general(
        "user_header_name",
        Text,
        "Request header that names the customer",
    ),
    litellm(
        "allowed_fails",
        Count,
        "Failures per minute before a cooldown",
    ),
    litellm(
        "budget_duration",
        Text,
        "When the budget of all requests begins anew",
    ),
    litellm(
        "budget_exceeded_status_code",
        Count,
        "Status of a refusal for money",
    ),
    litellm(
        "content_policy_fallbacks",
        List,
        "Where to go when a provider refuses the content",
    ),
    litellm(
        "context_window_fallbacks",
        List,
        "Where to go when the prompt does not fit",
    ),
    litellm(
        "cost_discount_config",
        Mapping,
        "What is taken off costs, by provider",
    ),
    litellm(
        "cost_margin_config",
        Mapping,
        "What is put on costs, by provider",
    ),
    litellm(
        "default_fallbacks",
        List,
        "Where to go when no rule names the group",
    ),
    litellm(
        "default_internal_user_params",
        Mapping,
        "What a request for a user leaves out",
    ),
    litellm(
        "default_key_generate_params",
        Mapping,
        "What a request for a key leaves out",
    ),
    litellm(
        "default_team_params",
        Mapping,
        "What a request for a team leaves out",
    ),
    litellm(
        "drop_params",
        Flag,
        "Drop parameters that a provider does not know",
    ),
    litellm(
        "extra_spend_tag_headers",
        List,
        "Request headers whose values are tags",
    ),
    litellm("fallbacks", List, "Where to go when a model group fails"),
    litellm(
        "max_budget",
        Amount,
        "What all requests together may cost, in dollars",
    ),
    litellm("max_fallbacks", Count, "Fallbacks followed in one request"),
    litellm("model_alias_map", Mapping, "Other names of models"),
    litellm("num_retries", Count, "Attempts after the first one"),
    litellm(
        "request_timeout",
        Amount,
        "Limit for a whole request, in seconds",
    ),
    litellm("timezone", Text, "Whose midnights budgets begin at"),
    litellm(
        "upperbound_key_generate_params",
        Mapping,
        "What no key may exceed",
    ),
    router(
        "allowed_fails",
        Count,
        "Failures per minute before a cooldown",
    ),
    router(
        "allowed_fails_policy",
        Mapping,
        "The same by kind of failure",
    ),
    router(
        "content_policy_fallbacks",
        List,
        "Where to go when a provider refuses the content",
    ),
    router(
        "context_window_fallbacks",
        List,
        "Where to go when the prompt does not fit",
    ),
    router(
        "cooldown_time",
        Amount,
        "How long a failing deployment is left alone, in seconds",
    ),
    router(
        "default_fallbacks",
        List,
        "Where to go when no rule names the group",
    ),
    secret(router(
        "default_litellm_params",
        Mapping,
        "Parameters that every deployment starts from",
    )),
    router("disable_cooldowns", Flag, "Never leave a deployment alone"),
    router("fallbacks", List, "Where to go when a model group fails"),
    router("max_fallbacks", Count, "Fallbacks followed in one request"),
    router("model_group_alias", Mapping, "Other names of model groups"),
    router(
        "model_group_retry_policy",
        Mapping,
        "Attempts by model group and kind of failure",
    ),
    router("num_retries", Count, "Attempts after the first one"),
    router(
        "retry_after",
        Amount,
        "Least pause before an attempt is repeated, in seconds",
    ),
    router("retry_policy", Mapping, "Attempts by kind of failure"),
    router(
        "routing_strategy",
        Text,
        "How one deployment of a group is picked",
    ),
    router(
        "stream_timeout",
        Amount,
        "Limit until the first byte of a streamed answer, in seconds",
    ),
    router("timeout", Amount, "Limit for a whole request, in seconds"),
];

// === impl SettingForm ===

impl SettingForm {
    /// What LiteLLM calls it (`field_type` of `/config/list`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "Boolean",
            Self::Count => "Integer",
            Self::Amount => "Float",
            Self::Text => "String",
            Self::List => "List",
            Self::Mapping => "Dictionary",
        }
    }
}
