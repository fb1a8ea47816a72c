//! `/user/info`: one user, with his keys and teams.

use lockgate_core::entity::{Entity, EntityKind};
use serde_json::{Value, json};

use super::form::{Belongings, belongings, is_seen_by, need, shown};
use crate::ask::{Answer, Ask};
use crate::keys;
use crate::refusal::Refusal;
use crate::teams;

/// Who is meant: whom the query names, or else the caller.
fn meant<'q>(ask: &'q Ask<'_>) -> Option<&'q str> {
    ask.query.get("user_id").or_else(|| {
        ask.caller().key_id()?;
        ask.caller().user_id()
    })
}

fn refuse(ask: &Ask<'_>, id: &str) -> Refusal {
    Refusal::forbidden(format!(
        "user not allowed to access this user's info. user_id={id}. Your role={}",
        ask.caller().role().as_str()
    ))
}

pub(super) async fn info(ask: &Ask<'_>) -> Answer {
    let Some(id) = meant(ask) else {
        return everything(ask).await;
    };
    let of = belongings(ask, id).await?;
    if !is_seen_by(ask, id, &of) {
        return Err(refuse(ask, id));
    }
    let user = need(ask, id).await?;
    let facts = ask.facts(std::slice::from_ref(&user)).await?;
    let key_facts = ask.facts(&of.keys).await?;
    let keys: Vec<_> = of
        .keys
        .iter()
        .map(|key| keys::shown_with_token(key, &key_facts))
        .collect();
    Ok(json!({
        "user_id": id,
        "user_info": shown(&user, &of, &facts),
        "keys": keys,
        "teams": team_rows(ask, &of).await?,
    }))
}

async fn team_rows(ask: &Ask<'_>, of: &Belongings) -> Result<Vec<Value>, Refusal> {
    let ids: Vec<String> = of
        .teams
        .iter()
        .filter_map(|one| one.team_id.clone())
        .collect();
    let found = ask.those(EntityKind::Team, &ids).await?;
    let facts = ask.facts(&found).await?;
    let mut rows = Vec::new();
    for team in &found {
        let members = teams::memberships(ask, &team.id).await?;
        rows.push(teams::shown(team, &members, &facts).into());
    }
    Ok(rows)
}

/// What the master key sees that names nobody: all keys and teams, in the first thousands.
async fn everything(ask: &Ask<'_>) -> Answer {
    let all_keys = ask.every(EntityKind::Key).await?;
    let all_teams: Vec<Entity> = ask.every(EntityKind::Team).await?;
    let members = ask.every(EntityKind::TeamMember).await?;
    let facts = ask
        .facts(&[all_keys.as_slice(), &all_teams].concat())
        .await?;
    let keys: Vec<_> = all_keys
        .iter()
        .map(|key| keys::shown_with_token(key, &facts))
        .collect();
    let teams: Vec<_> = all_teams
        .iter()
        .map(|team| teams::shown(team, &members, &facts))
        .collect();
    Ok(json!({"user_id": null, "user_info": null, "keys": keys, "teams": teams}))
}

pub(super) async fn info_v2(ask: &Ask<'_>) -> Answer {
    let id = meant(ask).ok_or_else(|| {
        Refusal::bad(
            "user_id is required. Either pass it as a query parameter or authenticate with a \
             user-bound key.",
        )
    })?;
    let of = belongings(ask, id).await?;
    if !is_seen_by(ask, id, &of) {
        return Err(refuse(ask, id));
    }
    let user = need(ask, id).await?;
    let facts = ask.facts(std::slice::from_ref(&user)).await?;
    let row = shown(&user, &of, &facts);
    const NAMES: [&str; 16] = [
        "user_id",
        "user_email",
        "user_alias",
        "user_role",
        "spend",
        "max_budget",
        "models",
        "budget_duration",
        "budget_reset_at",
        "metadata",
        "created_at",
        "updated_at",
        "sso_user_id",
        "teams",
        "object_permission",
        "model_max_budget",
    ];
    let members = NAMES
        .iter()
        .filter_map(|name| row.get_key_value(*name))
        .map(|(name, value)| (name.clone(), value.clone()));
    Ok(Value::Object(members.collect()))
}
