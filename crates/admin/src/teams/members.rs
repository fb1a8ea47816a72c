//! `/team/member_add`, `/team/bulk_member_add`: users who come into a team.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::EntityQuery;
use serde_json::{Map, Value, json};

use super::form::{MEMBER, Member, managed, membership, shown};
use crate::ask::{Answer, Ask};
use crate::body::{Body, Sent};
use crate::edit::Edit;
use crate::fields::{Field, Type, field};
use crate::refusal::Refusal;
use crate::users;

const ADD: &[Field] = &[
    field("team_id", Type::Text),
    field("member", Type::Any),
    field("members", Type::List),
    field("all_users", Type::Flag),
    field("max_budget_in_team", Type::Amount),
    field("budget_duration", Type::Duration),
    field("allowed_models", Type::Texts),
];

/// How many members one request may add.
const MOST: usize = 500;

/// The members of a team.
pub(crate) async fn memberships(ask: &Ask<'_>, team: &str) -> Result<Vec<Entity>, Refusal> {
    let query = EntityQuery {
        team_id: Some(team.to_owned()),
        ..EntityQuery::new(EntityKind::TeamMember)
    };
    ask.all(query).await
}

/// The keys of a team.
pub(crate) async fn keys_of(ask: &Ask<'_>, team: &str) -> Result<Vec<Entity>, Refusal> {
    let query = EntityQuery {
        team_id: Some(team.to_owned()),
        ..EntityQuery::new(EntityKind::Key)
    };
    ask.all(query).await
}

/// A member as a client writes it: `{role, user_id or user_email}`.
pub(super) fn member(item: Map<String, Value>) -> Result<Member, Refusal> {
    const FIELDS: &[Field] = &[
        field("role", Type::Choice(&["admin", "user"])),
        field("user_id", Type::Text),
        field("user_email", Type::Text),
    ];
    let sent = Body::of(item).fields(&[FIELDS], &["role"])?;
    let member = Member {
        user_id: sent.text("user_id").map(str::to_owned),
        email: sent.text("user_email").map(str::to_owned),
        is_admin: sent.text("role") == Some("admin"),
    };
    if member.user_id.is_none() && member.email.is_none() {
        return Err(Refusal::bad(
            "Either user_id or user_email must be provided",
        ));
    }
    Ok(member)
}

/// Puts a user into a team, who is made when he is not there. Gives the membership and the user.
pub(crate) async fn join(
    ask: &Ask<'_>,
    edit: &mut Edit<'_>,
    team: &str,
    member: Member,
    settings: &Map<String, Value>,
) -> Result<(Entity, Entity), Refusal> {
    let user = users::found_or_made(ask, edit, member.user_id, member.email).await?;
    let joined = join_as(edit, team, &user, member.is_admin, settings.clone());
    Ok((joined, user))
}

/// Puts a user who is there, or about to be, into a team.
pub(crate) fn join_as(
    edit: &mut Edit<'_>,
    team: &str,
    user: &Entity,
    is_admin: bool,
    settings: Map<String, Value>,
) -> Entity {
    let id = EntityId::pair(EntityKind::TeamMember, team, &user.id);
    let mut joined = edit.draft(id);
    joined.team_id = Some(team.to_owned());
    joined.user_id = Some(user.id.clone());
    joined.settings = settings;
    let role = if is_admin { "admin" } else { "user" };
    joined.settings.insert("role".to_owned(), role.into());
    if let Some(email) = &user.unique_name {
        joined
            .settings
            .insert("user_email".to_owned(), email.as_str().into());
    }
    edit.insert(joined.clone());
    joined
}

/// What a new member may spend, as it is stored.
fn limits(sent: &Sent) -> Map<String, Value> {
    let mut settings = Map::new();
    let mut limits = sent.only(MEMBER);
    if let Some(budget) = sent.get("max_budget_in_team") {
        limits.set("max_budget", budget.clone());
    }
    limits.apply(&mut settings);
    settings
}

fn already_in(team: &[Entity], member: &Member) -> bool {
    team.iter().any(|other| {
        let email = other.settings.get("user_email").and_then(Value::as_str);
        let by_id = member.user_id.is_some() && member.user_id == other.user_id;
        let by_email = member.email.is_some() && member.email.as_deref() == email;
        by_id || (member.user_id.is_none() && by_email)
    })
}

pub(super) async fn add(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[ADD], &["team_id", "member"])?;
    let team = managed(ask, sent.text("team_id").unwrap_or_default()).await?;
    let mut wanted = Vec::new();
    for item in super::new::objects(sent.get("member")) {
        wanted.push(member(item)?);
    }
    let mut members = memberships(ask, &team.id).await?;
    wanted.retain(|member| !already_in(&members, member));
    if wanted.is_empty() {
        return Err(Refusal::bad("All users are already in team.")
            .of_type("team_member_already_in_team")
            .at("user_id"));
    }
    let limits = limits(&sent);
    let mut edit = ask.edit();
    let (mut joined, mut new_users) = (Vec::new(), Vec::new());
    for member in wanted {
        let (one, user) = join(ask, &mut edit, &team.id, member, &limits).await?;
        joined.push(one);
        new_users.push(user);
    }
    edit.save().await?;
    members.extend(joined.iter().cloned());
    let facts = ask.facts(std::slice::from_ref(&team)).await?;
    let member_facts = ask.facts(&joined).await?;
    let users = users::rows(ask, &new_users).await?;
    let joined: Vec<Value> = joined
        .iter()
        .map(|one| membership(one, &member_facts))
        .collect();
    Ok(crate::row::with(
        shown(&team, &members, &facts),
        json!({"updated_users": users, "updated_team_memberships": joined}),
    ))
}

pub(super) async fn bulk_add(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[ADD], &["team_id"])?;
    let team = managed(ask, sent.text("team_id").unwrap_or_default()).await?;
    let members = memberships(ask, &team.id).await?;
    let items = if sent.flag("all_users") == Some(true) {
        if !ask.caller().is_admin() {
            return Err(Refusal::forbidden("Only proxy admins can add all users"));
        }
        let users = ask.every(EntityKind::User).await?;
        let items = users
            .into_iter()
            .map(|user| json!({"user_id": user.id, "role": "user"}));
        items.filter_map(|item| item.as_object().cloned()).collect()
    } else {
        sent.objects("members")
    };
    if items.len() > MOST {
        return Err(Refusal::bad(format!(
            "Maximum {MOST} members can be added at once"
        )));
    }
    let limits = limits(&sent);
    let total = items.len();
    let mut results = Vec::new();
    for item in items {
        let named = (
            item.get("user_id").cloned(),
            item.get("user_email").cloned(),
        );
        let result = add_one(ask, &team, &members, item, &limits).await;
        results.push(json!({
            "user_id": named.0,
            "user_email": named.1,
            "success": result.is_ok(),
            "error": result.err().map(Refusal::into_message),
        }));
    }
    let done = results
        .iter()
        .filter(|result| result["success"] == true)
        .count();
    let members = memberships(ask, &team.id).await?;
    let facts = ask.facts(std::slice::from_ref(&team)).await?;
    Ok(json!({
        "team_id": team.id,
        "results": results,
        "total_requested": total,
        "successful_additions": done,
        "failed_additions": total - done,
        "updated_team": shown(&team, &members, &facts),
    }))
}

async fn add_one(
    ask: &Ask<'_>,
    team: &Entity,
    members: &[Entity],
    item: Map<String, Value>,
    limits: &Map<String, Value>,
) -> Result<(), Refusal> {
    let member = member(item)?;
    if already_in(members, &member) {
        return Err(Refusal::bad("User already in team."));
    }
    let mut edit = ask.edit();
    join(ask, &mut edit, &team.id, member, limits).await?;
    edit.save().await
}
