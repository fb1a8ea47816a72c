//! `/team/member_update`, `/team/member_delete`.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::EntityQuery;
use serde_json::{Value, json};

use super::form::{MEMBER, managed, shown};
use super::members::memberships;
use crate::ask::{Answer, Ask};
use crate::body::Sent;
use crate::fields::{Field, Type, field};
use crate::keys;
use crate::refusal::Refusal;

const WHO: &[Field] = &[
    field("team_id", Type::Text),
    field("user_id", Type::Text),
    field("user_email", Type::Text),
    field("role", Type::Choice(&["admin", "user"])),
    field("max_budget_in_team", Type::Amount),
];

/// The team, its members, and the one that is meant.
async fn meant(ask: &Ask<'_>, sent: &Sent) -> Result<(Entity, Vec<Entity>, Entity), Refusal> {
    let (id, email) = (sent.text("user_id"), sent.text("user_email"));
    if id.is_none() && email.is_none() {
        return Err(Refusal::bad(
            "Either user_id or user_email needs to be passed in",
        ));
    }
    let team = managed(ask, sent.text("team_id").unwrap_or_default()).await?;
    let members = memberships(ask, &team.id).await?;
    let is_meant = |member: &&Entity| match id {
        Some(id) => member.user_id.as_deref() == Some(id),
        None => member.settings.get("user_email").and_then(Value::as_str) == email,
    };
    let member = members.iter().find(is_meant).cloned();
    let member = member
        .ok_or_else(|| Refusal::bad(format!("User is not a member of team_id={}", team.id)))?;
    Ok((team, members, member))
}

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[WHO, MEMBER], &["team_id"])?;
    let (_, _, before) = meant(ask, &sent).await?;
    let mut after = before.clone();
    let mut changes = sent.only(MEMBER);
    if sent.has("max_budget_in_team") {
        let budget = sent.get("max_budget_in_team").cloned().unwrap_or_default();
        changes.set("max_budget", budget);
    }
    if let Some(role) = sent.get("role") {
        changes.set("role", role.clone());
    }
    changes.apply(&mut after.settings);
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    let setting = |name: &str| after.settings.get(name).cloned().unwrap_or_default();
    Ok(json!({
        "team_id": after.team_id,
        "user_id": after.user_id,
        "user_email": setting("user_email"),
        "role": setting("role"),
        "max_budget_in_team": setting("max_budget"),
        "budget_duration": setting("budget_duration"),
        "tpm_limit": setting("tpm_limit"),
        "rpm_limit": setting("rpm_limit"),
        "allowed_models": setting("allowed_models"),
        "temp_budget_increase": setting("temp_budget_increase"),
        "temp_budget_expiry": setting("temp_budget_expiry"),
    }))
}

/// Who leaves a team leaves his keys for it, too.
pub(super) async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[WHO], &["team_id"])?;
    let (team, mut members, gone) = meant(ask, &sent).await?;
    let query = EntityQuery {
        team_id: Some(team.id.clone()),
        user_id: gone.user_id.clone(),
        ..EntityQuery::new(EntityKind::Key)
    };
    let mut edit = ask.edit();
    for key in ask.all(query).await? {
        keys::remove(ask, &mut edit, &key);
    }
    edit.remove(&gone);
    edit.save().await?;
    members.retain(|member| member.id != gone.id);
    let facts = ask.facts(std::slice::from_ref(&team)).await?;
    Ok(shown(&team, &members, &facts).into())
}
