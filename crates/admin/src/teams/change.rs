//! `/team/update`, `/team/delete` and the like.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::EntityQuery;
use serde_json::{Value, json};

use super::form::{ASKED, FIELDS, managed, need, shown};
use super::members::memberships;
use super::new::organization;
use crate::ask::{Answer, Ask, texts};
use crate::fields::{Field, LIMITS, Type, field};
use crate::keys;
use crate::models;
use crate::refusal::Refusal;

/// What an admin of a team may change of it: nothing that gives the team more.
const OWN: [&str; 9] = [
    "team_alias",
    "metadata",
    "team_member_permissions",
    "default_team_member_models",
    "team_member_budget",
    "team_member_budget_duration",
    "team_member_rpm_limit",
    "team_member_tpm_limit",
    "team_member_key_duration",
];

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let in_path = ask.request.params.first();
    let needed: &[&str] = if in_path.is_some() { &[] } else { &["team_id"] };
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], needed)?;
    let in_body = sent.take_text("team_id").flatten();
    if let (Some(path), Some(body)) = (in_path, &in_body)
        && path != body
    {
        return Err(Refusal::bad(format!(
            "team_id in body ({body}) does not match team_id in path ({path})"
        )));
    }
    let id = in_path.or(in_body.as_ref()).map_or("", String::as_str);
    let before = managed(ask, id).await?;
    let above =
        ask.caller().is_admin() || ask.caller().administers(before.organization_id.as_deref());
    let mut named = sent.members().keys();
    let foreign = named.find(|name| !OWN.contains(&name.as_str()));
    if !above && let Some(name) = foreign {
        return Err(Refusal::forbidden(format!(
            "Team admins cannot change `{name}` of their own team."
        )));
    }
    let mut after = before.clone();
    if sent.has("organization_id") {
        after.organization_id = organization(ask, &sent, before.organization_id.as_deref()).await?;
    }
    sent.only(FIELDS).apply(&mut after.settings);
    sent.only(LIMITS).apply(&mut after.settings);
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    Ok(json!({"team_id": after.id, "data": row(ask, &after).await?}))
}

async fn row(ask: &Ask<'_>, team: &Entity) -> Answer {
    let members = memberships(ask, &team.id).await?;
    let facts = ask.facts(std::slice::from_ref(team)).await?;
    Ok(shown(team, &members, &facts).into())
}

/// Deletes teams with their keys and memberships.
pub(super) async fn delete(ask: &Ask<'_>) -> Answer {
    const IDS: &[Field] = &[field("team_ids", Type::Texts)];
    let sent = ask.body()?.fields(&[IDS], &["team_ids"])?;
    let ids = sent.texts("team_ids");
    let mut edit = ask.edit();
    let mut deleted = Vec::new();
    for id in &ids {
        let team = need(ask, id).await?;
        may_end(ask, &team)?;
        for kind in [EntityKind::Key, EntityKind::TeamMember, EntityKind::Project] {
            let query = EntityQuery {
                team_id: Some(team.id.clone()),
                ..EntityQuery::new(kind)
            };
            for entity in ask.all(query).await? {
                if kind == EntityKind::Key {
                    keys::remove(ask, &mut edit, &entity);
                } else {
                    edit.remove(&entity);
                }
            }
        }
        for model in models::of_team(ask, &team.id).await? {
            edit.remove(&model);
        }
        edit.remove(&team);
        deleted.push(team.id);
    }
    edit.save().await?;
    Ok(json!({"deleted_teams": deleted, "deleted_count": ids.len()}))
}

/// Only who stands above a team ends or stops it.
fn may_end(ask: &Ask<'_>, team: &Entity) -> Result<(), Refusal> {
    let caller = ask.caller();
    if caller.is_admin() || caller.administers(team.organization_id.as_deref()) {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "Call not allowed. User not proxy admin OR admin of the organization of team_id={}",
        team.id
    )))
}

pub(super) async fn block(ask: &Ask<'_>, blocked: bool) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["team_id"])?;
    let before = need(ask, sent.text("team_id").unwrap_or_default()).await?;
    may_end(ask, &before)?;
    let mut after = before.clone();
    after.settings.insert("blocked".to_owned(), blocked.into());
    let mut edit = ask.edit();
    let action = if blocked { "blocked" } else { "unblocked" };
    let after = edit.update(action, &before, after);
    edit.save().await?;
    row(ask, &after).await
}

/// Adds models to those a team may use, or takes them away.
pub(super) async fn models(ask: &Ask<'_>, add: bool) -> Answer {
    const MODELS: &[Field] = &[field("team_id", Type::Text), field("models", Type::Texts)];
    let sent = ask.body()?.fields(&[MODELS], &["team_id", "models"])?;
    let before = managed(ask, sent.text("team_id").unwrap_or_default()).await?;
    may_end(ask, &before)?;
    let named = sent.texts("models");
    let mut models = texts(&before.settings, "models");
    models.retain(|model| !named.contains(model));
    if add {
        models.extend(named);
    } else if models.is_empty() {
        // An empty list means all models: taking the last one away would open everything.
        models.push("no-default-models".to_owned());
    }
    let mut after = before.clone();
    after
        .settings
        .insert("models".to_owned(), Value::from(models));
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    row(ask, &after).await
}
