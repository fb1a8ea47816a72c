//! Names in `model_info`.

use super::KeyTable;

pub(in crate::config) const MODEL_INFO: KeyTable = KeyTable {
    section: "model_info",
    effective: EFFECTIVE,
    known: KNOWN,
};

const EFFECTIVE: &[&str] = &[
    "allowed_fails",
    "allowed_fails_policy",
    "base_model",
    "cooldown_time",
    "id",
    "max_input_tokens",
    "max_output_tokens",
    "max_tokens",
    "mode",
    "team_id",
    "team_public_model_name",
];

const KNOWN: &[&str] = &[
    "access_groups",
    "access_windows",
    "allow_fail_open",
    "blocked",
    "cost_per_ptu_per_hour",
    "disable_background_health_check",
    "discoverable",
    "enable_tag_filtering",
    "health_check_max_tokens",
    "health_check_model",
    "health_check_timeout",
    "internal_router_model",
    "member_auto_router",
    "output_vector_size",
    "ptu_count",
    "ptu_effective_from",
    "ptu_effective_to",
    "supported_environments",
    "tier",
];

/// Shown by the management API as they are.
pub(in crate::config) const ECHOED: &[&str] = &[
    "created_at",
    "created_by",
    "db_model",
    "key",
    "litellm_provider",
    "pricing_overrides",
    "supported_openai_params",
    "updated_at",
    "updated_by",
    "version",
];
