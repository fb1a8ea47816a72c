//! The fields of a user, and how he is shown.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::EntityQuery;
use serde_json::{Map, Value, json};

use crate::access::Owner;
use crate::ask::{Ask, text};
use crate::edit::Edit;
use crate::facts::Facts;
use crate::fields::{Empty, Field, LIMITS, Type, field, filled};
use crate::refusal::Refusal;
use crate::row::Row;

/// What is stored of a user besides his limits.
pub(super) const FIELDS: &[Field] = &[
    field("user_alias", Type::Text),
    field("user_role", ROLE),
    field("sso_user_id", Type::Text),
    filled("models", Type::Texts, Empty::List),
    filled("metadata", Type::Object, Empty::Object),
    filled("allowed_cache_controls", Type::Texts, Empty::List),
    field("budget_id", Type::Text),
    field("budget_limits", Type::List),
    field("guardrails", Type::Texts),
    field("policies", Type::Texts),
    field("prompts", Type::Texts),
    field("tags", Type::Texts),
    field("model_rpm_limit", Type::Counts),
    field("model_tpm_limit", Type::Counts),
    field("mcp_rpm_limit", Type::Counts),
    field("object_permission", Type::Object),
];

const ROLE: Type = Type::Choice(&[
    "proxy_admin",
    "proxy_admin_viewer",
    "internal_user",
    "internal_user_viewer",
    "org_admin",
]);

/// What a request may say of a user and is kept elsewhere.
pub(super) const ASKED: &[Field] = &[
    field("user_id", Type::Text),
    field("user_email", Type::Text),
    field("password", Type::Text),
    field("spend", Type::Amount),
    field("teams", Type::List),
    field("organizations", Type::Texts),
    field("auto_create_key", Type::Flag),
    field("send_invite_email", Type::Flag),
];

const ROW: Row = Row {
    id: "user_id",
    name: Some("user_email"),
    columns: &[],
    fields: &[FIELDS, LIMITS],
    budget: None,
};

/// What a user is in, and how many keys he has.
#[derive(Debug, Default)]
pub(super) struct Belongings {
    pub(super) teams: Vec<Entity>,
    pub(super) organizations: Vec<Entity>,
    pub(super) keys: Vec<Entity>,
}

/// Refuses what cannot be done with passwords: people sign in nowhere yet.
pub(super) fn no_password(sent: &crate::body::Sent) -> Result<(), Refusal> {
    match sent.get("password") {
        None => Ok(()),
        Some(_) => {
            let message = "This gateway has no sign-in with a password; users have keys.";
            Err(Refusal::bad(message).at("password"))
        }
    }
}

pub(super) async fn belongings(ask: &Ask<'_>, user: &str) -> Result<Belongings, Refusal> {
    let of_user = |kind| {
        let query = EntityQuery {
            user_id: Some(user.to_owned()),
            ..EntityQuery::new(kind)
        };
        ask.all(query)
    };
    Ok(Belongings {
        teams: of_user(EntityKind::TeamMember).await?,
        organizations: of_user(EntityKind::OrganizationMember).await?,
        keys: of_user(EntityKind::Key).await?,
    })
}

/// A user as he is shown.
pub(super) fn shown(user: &Entity, of: &Belongings, facts: &Facts) -> Map<String, Value> {
    let mut row = ROW.of(user, facts);
    let teams: Vec<&str> = of
        .teams
        .iter()
        .filter_map(|one| one.team_id.as_deref())
        .collect();
    let organizations: Vec<Value> = of
        .organizations
        .iter()
        .map(|member| {
            json!({
                "user_id": member.user_id,
                "organization_id": member.organization_id,
                "user_role": text(&member.settings, "user_role"),
            })
        })
        .collect();
    let first = of.organizations.first();
    let more = json!({
        "teams": teams,
        "organization_id": first.and_then(|member| member.organization_id.as_deref()),
        "organization_memberships": organizations,
        "model_spend": {},
        "object_permission_id": null,
    });
    if let Value::Object(more) = more {
        row.extend(more);
    }
    row
}

/// Users as lists have them.
pub(crate) async fn rows(ask: &Ask<'_>, users: &[Entity]) -> Result<Vec<Value>, Refusal> {
    let facts = ask.facts(users).await?;
    let mut rows = Vec::new();
    for user in users {
        let of = belongings(ask, &user.id).await?;
        let mut row = shown(user, &of, &facts);
        row.insert("key_count".to_owned(), of.keys.len().into());
        rows.push(row.into());
    }
    Ok(rows)
}

/// Users and what they spent, without what they are in.
pub(crate) async fn bare_rows(ask: &Ask<'_>, users: &[Entity]) -> Result<Value, Refusal> {
    let facts = ask.facts(users).await?;
    let rows = users.iter().map(|user| Value::Object(ROW.of(user, &facts)));
    Ok(rows.collect())
}

pub(super) async fn need(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    let found = ask.find(EntityKind::User, id).await?;
    found.ok_or_else(|| {
        Refusal::missing(format!("User not found, passed user_id={id}")).at("user_id")
    })
}

/// Whether the caller may see somebody else: one who is in an organization that he administers.
pub(super) fn is_seen_by(ask: &Ask<'_>, user: &str, of: &Belongings) -> bool {
    let caller = ask.caller();
    caller.sees_all() || caller.is(Some(user)) || is_administered_by(ask, of)
}

fn is_administered_by(ask: &Ask<'_>, of: &Belongings) -> bool {
    let mut organizations = of.organizations.iter();
    organizations.any(|member| Owner::of(member, None).is_managed_by(ask.caller()))
}

/// Whether the caller manages a user: a plain one, who is in organizations of the caller's and in no other.
pub(crate) async fn is_managed(ask: &Ask<'_>, user: &Entity) -> Result<bool, Refusal> {
    let role = text(&user.settings, "user_role");
    let plain = matches!(role, None | Some("internal_user" | "internal_user_viewer"));
    let of = belongings(ask, &user.id).await?;
    let all_mine = of
        .organizations
        .iter()
        .all(|member| Owner::of(member, None).is_managed_by(ask.caller()));
    Ok(plain && all_mine && !of.organizations.is_empty())
}

/// The user of this id or e-mail address, who is made when he is not there.
pub(crate) async fn found_or_made(
    ask: &Ask<'_>,
    edit: &mut Edit<'_>,
    user_id: Option<String>,
    email: Option<String>,
) -> Result<Entity, Refusal> {
    if let Some(id) = &user_id {
        if !EntityId::is_choosable(id) {
            let message = "user_id may not be empty or have control characters";
            return Err(Refusal::bad(message));
        }
        if let Some(user) = ask.find(EntityKind::User, id).await? {
            return Ok(user);
        }
    }
    if let Some(email) = &email
        && let Some(user) = ask.named(EntityKind::User, email).await?
    {
        if user_id.as_ref().is_some_and(|id| *id != user.id) {
            return Err(Refusal::bad(format!(
                "the user with user_email={email} is user_id={}",
                user.id
            )));
        }
        return Ok(user);
    }
    let id = user_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let mut user = edit.draft(EntityId::new(EntityKind::User, id));
    user.unique_name = email;
    let role = crate::caller::Role::InternalUser.as_str();
    user.settings.insert("user_role".to_owned(), role.into());
    edit.insert(user.clone());
    Ok(user)
}
