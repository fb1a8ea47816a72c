//! The fields of a team and of its members, and how they are shown.

use lockgate_core::entity::{Entity, EntityKind};
use serde_json::{Map, Value, json};

use crate::access::Owner;
use crate::ask::{Ask, text};
use crate::facts::Facts;
use crate::fields::{Empty, Field, LIMITS, Type, field, filled};
use crate::refusal::Refusal;
use crate::row::{Column, Row};

/// What is stored of a team besides its limits.
pub(super) const FIELDS: &[Field] = &[
    field("team_alias", Type::Text),
    filled("models", Type::Texts, Empty::List),
    filled("metadata", Type::Object, Empty::Object),
    filled("blocked", Type::Flag, Empty::No),
    field("budget_id", Type::Text),
    field("budget_limits", Type::List),
    field("team_member_permissions", Type::Texts),
    field("default_team_member_models", Type::Texts),
    field("model_aliases", Type::Object),
    field("model_rpm_limit", Type::Counts),
    field("model_tpm_limit", Type::Counts),
    field("mcp_rpm_limit", Type::Counts),
    field("rpm_limit_type", LIMIT_TYPE),
    field("tpm_limit_type", LIMIT_TYPE),
    field("tags", Type::Texts),
    field("guardrails", Type::Texts),
    field("policies", Type::Texts),
    field("prompts", Type::Texts),
    field("disable_global_guardrails", Type::Flag),
    field("allowed_passthrough_routes", Type::Texts),
    field("allowed_vector_store_indexes", Type::List),
    field("object_permission", Type::Object),
    field("access_group_ids", Type::Texts),
    field("router_settings", Type::Object),
    field("default_estimated_output_tokens", Type::Whole),
    field("default_estimated_output_tokens_per_model", Type::Counts),
    field("team_member_budget", Type::Amount),
    field("team_member_budget_duration", Type::Duration),
    field("team_member_rpm_limit", Type::Whole),
    field("team_member_tpm_limit", Type::Whole),
    field("team_member_key_duration", Type::Duration),
];

const LIMIT_TYPE: Type = Type::Choice(&["guaranteed_throughput", "best_effort_throughput"]);

/// What a request may say of a team and is kept elsewhere.
pub(super) const ASKED: &[Field] = &[
    field("team_id", Type::Text),
    field("organization_id", Type::Text),
    field("members_with_roles", Type::List),
    field("admins", Type::Texts),
    field("members", Type::Texts),
    field("secret_manager_settings", Type::Object),
];

/// What is stored of a user in a team.
pub(super) const MEMBER: &[Field] = &[
    field("max_budget", Type::Amount),
    field("budget_duration", Type::Duration),
    field("tpm_limit", Type::Whole),
    field("rpm_limit", Type::Whole),
    field("allowed_models", Type::Texts),
    field("temp_budget_increase", Type::Amount),
    field("temp_budget_expiry", Type::Moment),
];

const ROW: Row = Row {
    id: "team_id",
    name: None,
    columns: &[Column::Organization],
    fields: &[FIELDS, LIMITS],
    budget: None,
};

const MEMBERSHIP: Row = Row {
    id: "membership_id",
    name: None,
    columns: &[Column::User, Column::Team],
    fields: &[&[field("budget_id", Type::Text)]],
    budget: Some("litellm_budget_table"),
};

/// A user who is to be in a team.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) user_id: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) is_admin: bool,
}

/// The team of this id.
pub(crate) async fn need(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    let found = ask.find(EntityKind::Team, id).await?;
    found.ok_or_else(|| Refusal::missing(format!("Team not found, passed team_id={id}")))
}

/// The same, for a caller who manages it.
pub(super) async fn managed(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    let team = need(ask, id).await?;
    if Owner::of(&team, None).is_managed_by(ask.caller()) {
        return Ok(team);
    }
    let route = ask
        .request
        .route
        .paths()
        .first()
        .map_or("", |(_, path)| path);
    Err(Refusal::forbidden(format!(
        "Call not allowed. User not proxy admin OR team admin. route={route}, team_id={id}"
    )))
}

/// A team as it is shown.
pub(crate) fn shown(team: &Entity, members: &[Entity], facts: &Facts) -> Map<String, Value> {
    let mut row = ROW.of(team, facts);
    let of_team = || {
        members
            .iter()
            .filter(|member| member.team_id.as_ref() == Some(&team.id))
    };
    let ids = |admins: bool| -> Vec<&str> {
        of_team()
            .filter(|member| is_admin(member) == admins)
            .filter_map(|member| member.user_id.as_deref())
            .collect()
    };
    let roles: Vec<Value> = of_team().map(role).collect();
    let aliases = row
        .shift_remove("model_aliases")
        .filter(|aliases| !aliases.is_null());
    let more = json!({
        "admins": ids(true),
        "members": ids(false),
        "members_with_roles": roles,
        "model_id": null,
        "model_spend": {},
        "object_permission_id": null,
        "litellm_model_table": aliases.map(|aliases| json!({"model_aliases": aliases})),
    });
    if let Value::Object(more) = more {
        row.extend(more);
    }
    row
}

pub(super) fn is_admin(member: &Entity) -> bool {
    text(&member.settings, "role") == Some("admin")
}

/// A member as `members_with_roles` has it.
fn role(member: &Entity) -> Value {
    json!({
        "user_id": member.user_id,
        "user_email": text(&member.settings, "user_email"),
        "role": if is_admin(member) { "admin" } else { "user" },
    })
}

/// A member as `team_memberships` has it.
pub(super) fn membership(member: &Entity, facts: &Facts) -> Value {
    let mut row = MEMBERSHIP.of(member, facts);
    row.shift_remove("membership_id");
    row.insert("total_spend".to_owned(), facts.spent(member).ever.into());
    row.into()
}
