//! `/user/new`: a user, with a key of his own unless that is not wanted.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Map, Value, json};

use super::form::{ASKED, FIELDS, no_password};
use crate::ask::{Answer, Ask};
use crate::body::{Body, Sent};
use crate::config::overridden;
use crate::edit::Edit;
use crate::fields::LIMITS;
use crate::keys;
use crate::refusal::Refusal;
use crate::row::with;
use crate::teams;

pub(super) async fn new(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &[])?;
    let key_sent = body.fields(&[keys::FIELDS, keys::ASKED], &[])?;
    no_password(&sent)?;
    let defaults = &ask.admin.settings.default_internal_user_params;
    sent.fill(&overridden(ask, "default_internal_user_params", defaults).await?);
    check_role(ask, &sent)?;
    let organizations = organizations(ask, &sent).await?;
    let mut edit = ask.edit();
    let user = draft(ask, &edit, &mut sent).await?;
    edit.insert(user.clone());
    let joined = join(ask, &mut edit, &user, &sent).await?;
    for id in &organizations {
        let member = EntityId::pair(EntityKind::OrganizationMember, id, &user.id);
        let mut member = edit.draft(member);
        member.organization_id = Some(id.clone());
        member.user_id = Some(user.id.clone());
        let role = json!("internal_user");
        member.settings.insert("user_role".to_owned(), role);
        edit.insert(member);
    }
    let row = if sent.flag("auto_create_key") == Some(false) {
        edit.save().await?;
        Map::from_iter([("key".to_owned(), "".into())])
    } else {
        let made = key(ask, &mut edit, &user, &sent, key_sent).await?;
        edit.insert(made.entity.clone());
        edit.save().await?;
        let answer = made.answer(ask, sent.get("duration").cloned()).await?;
        answer.as_object().cloned().unwrap_or_default()
    };
    let of_user = super::rows(ask, std::slice::from_ref(&user)).await?;
    let of_user = of_user.into_iter().next().unwrap_or_default();
    Ok(with(
        row,
        json!({
            "user_id": user.id,
            "user_email": user.unique_name,
            "user_alias": of_user["user_alias"],
            "user_role": of_user["user_role"],
            "teams": joined,
            "organizations": organizations,
            "max_budget": of_user["max_budget"],
            "budget_duration": of_user["budget_duration"],
            "models": of_user["models"],
            "metadata": of_user["metadata"],
            "tpm_limit": of_user["tpm_limit"],
            "rpm_limit": of_user["rpm_limit"],
            "max_parallel_requests": of_user["max_parallel_requests"],
            "model_max_budget": of_user["model_max_budget"],
            "created_at": of_user["created_at"],
            "updated_at": of_user["updated_at"],
        }),
    ))
}

/// Only a proxy admin makes another one.
pub(super) fn check_role(ask: &Ask<'_>, sent: &Sent) -> Result<(), Refusal> {
    let role = sent.text("user_role");
    let plain = matches!(role, None | Some("internal_user" | "internal_user_viewer"));
    if plain || ask.caller().is_admin() {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "Only proxy admins can create administrative users. Attempted to create user with role: {}. \
         Your role: {}",
        role.unwrap_or_default(),
        ask.caller().role().as_str()
    )))
}

/// The organizations that the user is to be in: for who is no proxy admin, one of his own.
async fn organizations(ask: &Ask<'_>, sent: &Sent) -> Result<Vec<String>, Refusal> {
    let mut organizations = sent.texts("organizations");
    let caller = ask.caller();
    if !caller.is_admin() && organizations.is_empty() {
        organizations = caller.administered_organizations();
    }
    for id in &organizations {
        if !caller.is_admin() && !caller.administers(Some(id)) {
            return Err(Refusal::forbidden(format!(
                "User is not org_admin for Organization= {id}."
            )));
        }
        if ask.find(EntityKind::Organization, id).await?.is_none() {
            return Err(Refusal::missing(format!(
                "Organization not found for organization_id={id}"
            )));
        }
    }
    Ok(organizations)
}

async fn draft(ask: &Ask<'_>, edit: &Edit<'_>, sent: &mut Sent) -> Result<Entity, Refusal> {
    let id = match sent.take_text("user_id").flatten() {
        Some(id) if !EntityId::is_choosable(&id) => {
            let message = "user_id may not be empty or have control characters";
            return Err(Refusal::bad(message));
        }
        Some(id) => id,
        None => uuid::Uuid::new_v4().to_string(),
    };
    if ask.find(EntityKind::User, &id).await?.is_some() {
        return Err(Refusal::exists(format!("User with id {id} already exists")));
    }
    let mut user = edit.draft(EntityId::new(EntityKind::User, id));
    if let Some(email) = sent.take_text("user_email").flatten() {
        free_email(ask, &email).await?;
        user.unique_name = Some(email);
    }
    sent.only(FIELDS).apply(&mut user.settings);
    sent.only(LIMITS).apply(&mut user.settings);
    let role = user.settings.entry("user_role");
    role.or_insert_with(|| "internal_user".into());
    Ok(user)
}

/// Refuses an e-mail address that somebody else has.
pub(super) async fn free_email(ask: &Ask<'_>, email: &str) -> Result<(), Refusal> {
    if ask.named(EntityKind::User, email).await?.is_none() {
        return Ok(());
    }
    let message = format!("User with email {email} already exists");
    Err(Refusal::exists(message).at("user_email"))
}

/// Puts the user into the teams that the request names, as ids or as objects.
async fn join(
    ask: &Ask<'_>,
    edit: &mut Edit<'_>,
    user: &Entity,
    sent: &Sent,
) -> Result<Vec<String>, Refusal> {
    let mut joined = Vec::new();
    let wanted = sent.get("teams").and_then(Value::as_array);
    for item in wanted.into_iter().flatten() {
        let id = item.as_str().or_else(|| item["team_id"].as_str());
        let team = teams::need(ask, id.unwrap_or_default()).await?;
        if !crate::access::Owner::of(&team, None).is_managed_by(ask.caller()) {
            return Err(Refusal::forbidden(format!(
                "You do not manage team_id={}",
                team.id
            )));
        }
        let mut settings = Map::new();
        if let Some(budget) = item["max_budget_in_team"].as_f64() {
            settings.insert("max_budget".to_owned(), budget.into());
        }
        let is_admin = item["user_role"] == "admin";
        teams::join_as(edit, &team.id, user, is_admin, settings);
        joined.push(team.id);
    }
    Ok(joined)
}

/// The key that a new user gets: what the request says of a key.
async fn key(
    ask: &Ask<'_>,
    edit: &mut Edit<'_>,
    user: &Entity,
    sent: &Sent,
    mut wanted: Sent,
) -> Result<keys::Made, Refusal> {
    // These are the user's own, and would count twice.
    for name in [
        "team_id",
        "organization_id",
        "spend",
        "budget_id",
        "budget_limits",
        "metadata",
    ] {
        wanted.take(name);
    }
    wanted.set("user_id", user.id.as_str().into());
    if let Some(models) = sent.get("models") {
        wanted.set("models", models.clone());
    }
    keys::draft(ask, edit, wanted).await
}

/// A body with a user's id in it, for requests about many.
pub(super) fn for_user(mut changes: Map<String, Value>, id: &str) -> Body {
    changes.insert("user_id".to_owned(), id.into());
    Body::of(changes)
}
