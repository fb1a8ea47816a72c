//! `/team/permissions_...`: what plain members may do with the keys of their team.

use lockgate_core::entity::{Entity, EntityKind};
use serde_json::{Value, json};

use super::form::{managed, need};
use crate::access::Owner;
use crate::ask::{Answer, Ask, texts};
use crate::fields::{Field, Type, field};
use crate::refusal::Refusal;

/// What can be allowed.
const AVAILABLE: [&str; 14] = [
    "/key/generate",
    "/key/update",
    "/key/delete",
    "/key/info",
    "/key/health",
    "/key/regenerate",
    "/key/{key}/regenerate",
    "/key/service-account/generate",
    "/key/list",
    "/key/block",
    "/key/unblock",
    "/key/aliases",
    "/spend/logs",
    "/team/daily/activity",
];
/// What is allowed when a team does not say.
const USUAL: [&str; 2] = ["/key/info", "/key/health"];

const NAME: &str = "team_member_permissions";

const FIELDS: &[Field] = &[
    field("team_id", Type::Text),
    field("team_member_permissions", Type::Texts),
    field("permissions", Type::Texts),
    field("team_ids", Type::Texts),
    field("apply_to_all_teams", Type::Flag),
];

/// What plain members of a team may do with its keys.
pub(crate) fn allowed(team: &Entity) -> Vec<String> {
    if team.settings.contains_key(NAME) {
        texts(&team.settings, NAME)
    } else {
        USUAL.map(str::to_owned).to_vec()
    }
}

fn check(permissions: &[String]) -> Result<(), Refusal> {
    let unknown = permissions
        .iter()
        .find(|name| !AVAILABLE.contains(&name.as_str()));
    match unknown {
        None => Ok(()),
        Some(name) => Err(Refusal::bad(format!(
            "`{name}` is no permission of team members; there are {}",
            AVAILABLE.join(", ")
        ))),
    }
}

pub(super) async fn list(ask: &Ask<'_>) -> Answer {
    let team = need(ask, ask.query.need("team_id")?).await?;
    if !Owner::of(&team, None).is_seen_by(ask.caller()) {
        return Err(Refusal::forbidden(format!(
            "Call not allowed. User not proxy admin OR member of team_id={}",
            team.id
        )));
    }
    Ok(json!({
        "team_id": team.id,
        NAME: allowed(&team),
        "all_available_permissions": AVAILABLE,
    }))
}

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &["team_id", NAME])?;
    let before = managed(ask, sent.text("team_id").unwrap_or_default()).await?;
    let permissions = sent.texts(NAME);
    check(&permissions)?;
    let mut after = before.clone();
    after
        .settings
        .insert(NAME.to_owned(), Value::from(permissions));
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    Ok(json!({
        "team_id": after.id,
        NAME: allowed(&after),
        "all_available_permissions": AVAILABLE,
    }))
}

/// Adds permissions to those of many teams.
pub(super) async fn bulk(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &["permissions"])?;
    let added = sent.texts("permissions");
    check(&added)?;
    let teams = if sent.flag("apply_to_all_teams") == Some(true) {
        ask.every(EntityKind::Team).await?
    } else {
        let ids = sent.texts("team_ids");
        if ids.is_empty() {
            return Err(Refusal::bad(
                "Must provide team_ids or set apply_to_all_teams=true",
            ));
        }
        let mut teams = Vec::new();
        for id in ids {
            teams.push(need(ask, &id).await?);
        }
        teams
    };
    let mut edit = ask.edit();
    for before in &teams {
        let mut permissions = allowed(before);
        permissions.extend(added.iter().cloned());
        permissions.sort_unstable();
        permissions.dedup();
        let mut after = before.clone();
        after
            .settings
            .insert(NAME.to_owned(), Value::from(permissions));
        edit.update("updated", before, after);
    }
    edit.save().await?;
    Ok(json!({
        "message": "Permissions were added",
        "teams_updated": teams.len(),
        "permissions_appended": added,
    }))
}
