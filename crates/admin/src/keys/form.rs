//! The fields of a key, and how it is shown.

use lockgate_core::entity::Entity;
use serde_json::{Map, Value, json};

use crate::facts::Facts;
use crate::fields::{Empty, Field, LIMITS, Type, field, filled};
use crate::row::{Column, Row};
use crate::time::iso;

/// What is stored of a key besides its limits.
pub(crate) const FIELDS: &[Field] = &[
    filled("models", Type::Texts, Empty::List),
    filled("aliases", Type::Object, Empty::Object),
    filled("config", Type::Object, Empty::Object),
    filled("metadata", Type::Object, Empty::Object),
    filled("permissions", Type::Object, Empty::Object),
    filled("allowed_cache_controls", Type::Texts, Empty::List),
    filled("allowed_routes", Type::Texts, Empty::List),
    field("budget_id", Type::Text),
    field("budget_limits", Type::List),
    field("budget_fallbacks", Type::Object),
    field("agent_id", Type::Text),
    field("project_id", Type::Text),
    field("blocked", Type::Flag),
    field("model_rpm_limit", Type::Counts),
    field("model_tpm_limit", Type::Counts),
    field("mcp_rpm_limit", Type::Counts),
    field("tag_rpm_limit", Type::Counts),
    field("rpm_limit_type", LIMIT_TYPE),
    field("tpm_limit_type", LIMIT_TYPE),
    field("tags", Type::Texts),
    field("guardrails", Type::Texts),
    field("policies", Type::Texts),
    field("prompts", Type::Texts),
    field("enforced_params", Type::Texts),
    field("disable_global_guardrails", Type::Flag),
    field("enable_prompt_caching", Type::Flag),
    field("throttle_on_budget_exceeded", Type::Flag),
    field("allowed_passthrough_routes", Type::Texts),
    field("allowed_vector_store_indexes", Type::List),
    field("object_permission", Type::Object),
    field("access_group_ids", Type::Texts),
    field("end_user_budget_id", Type::Text),
    field("router_settings", Type::Object),
    field("default_estimated_output_tokens", Type::Whole),
    field("default_estimated_output_tokens_per_model", Type::Counts),
    filled("auto_rotate", Type::Flag, Empty::No),
    field("rotation_interval", Type::Duration),
    field("temp_budget_increase", Type::Amount),
    field("temp_budget_expiry", Type::Moment),
];

const LIMIT_TYPE: Type =
    Type::Choice(&["guaranteed_throughput", "best_effort_throughput", "dynamic"]);

/// What a request may say of a key and is not kept with the settings.
pub(crate) const ASKED: &[Field] = &[
    field("key", Type::Text),
    field("key_alias", Type::Text),
    field("user_id", Type::Text),
    field("team_id", Type::Text),
    field("organization_id", Type::Text),
    field("spend", Type::Amount),
    field("send_invite_email", Type::Flag),
    field("new_key", Type::Text),
    field("new_master_key", Type::Text),
    field(
        "key_type",
        Type::Choice(&["llm_api", "management", "read_only", "default"]),
    ),
    // Periods are longer than `-1`, which means for ever: read by hand.
    field("duration", Type::Text),
    field("grace_period", Type::Text),
];

const ROW: Row = Row {
    id: "token",
    name: Some("key_alias"),
    columns: &[Column::User, Column::Team, Column::Organization],
    fields: &[FIELDS, LIMITS],
    budget: Some("litellm_budget_table"),
};

/// A key as it is shown, without its id.
pub(crate) fn shown(key: &Entity, facts: &Facts) -> Map<String, Value> {
    let mut row = shown_with_token(key, facts);
    row.shift_remove("token");
    row
}

/// A key as it is shown in full.
pub(crate) fn shown_with_token(key: &Entity, facts: &Facts) -> Map<String, Value> {
    let mut row = ROW.of(key, facts);
    let setting = |name: &str| key.settings.get(name).cloned().unwrap_or_default();
    let ever = facts.spent(key).ever;
    let more = json!({
        "key_name": setting("key_name"),
        "key_type": setting("key_type"),
        "expires": iso(key.expires_at),
        "total_spend": ever,
        "org_id": key.organization_id,
        "model_spend": {},
        "last_active": null,
        "rotation_count": key.settings.get("rotation_count").cloned().unwrap_or_else(|| 0.into()),
        "last_rotation_at": setting("last_rotation_at"),
        "key_rotation_at": iso(super::rotation_at(key)),
    });
    if let Value::Object(more) = more {
        row.extend(more);
    }
    // Limits of the key itself are not a table of budgets.
    if !key.settings.contains_key("budget_id") {
        row.insert("litellm_budget_table".to_owned(), Value::Null);
    }
    row
}
