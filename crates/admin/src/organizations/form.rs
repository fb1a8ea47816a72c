//! The fields of an organization and of its members, and how they are shown.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::EntityQuery;
use serde_json::{Map, Value, json};

use crate::access::Owner;
use crate::ask::{Ask, text};
use crate::facts::Facts;
use crate::fields::{Empty, Field, Type, field, filled};
use crate::refusal::Refusal;
use crate::row::{Column, Row};
use crate::{teams, users};

/// What is stored of an organization besides its limits.
pub(super) const FIELDS: &[Field] = &[
    field("organization_alias", Type::Text),
    filled("models", Type::Texts, Empty::List),
    filled("metadata", Type::Object, Empty::Object),
    field("budget_id", Type::Text),
    field("model_rpm_limit", Type::Counts),
    field("model_tpm_limit", Type::Counts),
    field("object_permission", Type::Object),
];

pub(super) const ASKED: &[Field] = &[field("organization_id", Type::Text)];

/// The roles that a user can have in an organization.
pub(super) const ROLE: Type = Type::Choice(&["org_admin", "internal_user", "internal_user_viewer"]);

const ROW: Row = Row {
    id: "organization_id",
    name: None,
    columns: &[],
    fields: &[FIELDS],
    budget: Some("litellm_budget_table"),
};

const MEMBER: Row = Row {
    id: "membership_id",
    name: None,
    columns: &[Column::User, Column::Organization],
    fields: &[&[
        field("user_role", Type::Text),
        field("user_email", Type::Text),
        field("budget_id", Type::Text),
    ]],
    budget: Some("litellm_budget_table"),
};

pub(super) async fn need(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    let found = ask.find(EntityKind::Organization, id).await?;
    found
        .ok_or_else(|| Refusal::missing(format!("Organization not found for organization_id={id}")))
}

/// The same, for a caller who manages it.
pub(super) async fn managed(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    let organization = need(ask, id).await?;
    if Owner::of(&organization, None).is_managed_by(ask.caller()) {
        return Ok(organization);
    }
    Err(Refusal::forbidden(
        "You do not have access to this organization",
    ))
}

pub(super) async fn memberships(ask: &Ask<'_>, id: &str) -> Result<Vec<Entity>, Refusal> {
    of_organization(ask, EntityKind::OrganizationMember, id).await
}

/// Everything of a kind that is in an organization.
pub(super) async fn of_organization(
    ask: &Ask<'_>,
    kind: EntityKind,
    id: &str,
) -> Result<Vec<Entity>, Refusal> {
    let query = EntityQuery {
        organization_id: Some(id.to_owned()),
        ..EntityQuery::new(kind)
    };
    ask.all(query).await
}

pub(super) fn shown(organization: &Entity, facts: &Facts) -> Map<String, Value> {
    let mut row = ROW.of(organization, facts);
    row.insert("model_spend".to_owned(), json!({}));
    row.insert("object_permission_id".to_owned(), Value::Null);
    row
}

/// An organization with its members and teams.
pub(super) async fn full(
    ask: &Ask<'_>,
    organization: &Entity,
) -> Result<Map<String, Value>, Refusal> {
    let facts = ask.facts(std::slice::from_ref(organization)).await?;
    let members = memberships(ask, &organization.id).await?;
    let member_facts = ask.facts(&members).await?;
    let members: Vec<Value> = members
        .iter()
        .map(|one| member(one, &member_facts))
        .collect();
    let found = of_organization(ask, EntityKind::Team, &organization.id).await?;
    let team_facts = ask.facts(&found).await?;
    let mut rows = Vec::new();
    for team in &found {
        let joined = teams::memberships(ask, &team.id).await?;
        rows.push(teams::shown(team, &joined, &team_facts));
    }
    let mut row = shown(organization, &facts);
    row.insert("members".to_owned(), members.into());
    row.insert("teams".to_owned(), json!(rows));
    Ok(row)
}

pub(super) fn member(member: &Entity, facts: &Facts) -> Value {
    let mut row = MEMBER.of(member, facts);
    row.shift_remove("membership_id");
    row.into()
}

/// Members as `users` of an answer has them.
pub(super) async fn user_rows(ask: &Ask<'_>, members: &[Entity]) -> Result<Vec<Value>, Refusal> {
    let ids: Vec<String> = members
        .iter()
        .filter_map(|one| one.user_id.clone())
        .collect();
    let found = ask.those(EntityKind::User, &ids).await?;
    users::rows(ask, &found).await
}

pub(super) fn email(member: &Entity) -> Option<&str> {
    text(&member.settings, "user_email")
}
