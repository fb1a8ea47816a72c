//! `/team/info`, `/team/{team_id}/members/me`.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::EntityQuery;
use serde_json::{Value, json};

use super::form::{is_admin, membership, need, shown};
use super::members::memberships;
use crate::access::Owner;
use crate::ask::{Answer, Ask, text};
use crate::keys;
use crate::refusal::Refusal;
use crate::row::with;

pub(super) async fn info(ask: &Ask<'_>) -> Answer {
    let team = need(ask, ask.query.need("team_id")?).await?;
    let owner = Owner::of(&team, None);
    if !owner.is_seen_by(ask.caller()) {
        return Err(Refusal::forbidden(format!(
            "User={} not authorized to access this team={}",
            ask.caller().user_id().unwrap_or_default(),
            team.id
        )));
    }
    let members = memberships(ask, &team.id).await?;
    let mut query = EntityQuery {
        team_id: Some(team.id.clone()),
        ..EntityQuery::new(EntityKind::Key)
    };
    // Plain members see their own keys of the team, not those of others.
    if !owner.is_managed_by(ask.caller()) && !ask.caller().sees_all() {
        let own = ask.caller().user_id().unwrap_or_default();
        query.user_id = Some(own.to_owned());
    }
    let team_keys = ask.all(query).await?;
    let facts = ask
        .facts(&[std::slice::from_ref(&team), members.as_slice()].concat())
        .await?;
    let key_facts = ask.facts(&team_keys).await?;
    let keys: Vec<_> = team_keys
        .iter()
        .map(|key| keys::shown_with_token(key, &key_facts))
        .collect();
    let memberships: Vec<Value> = members.iter().map(|one| membership(one, &facts)).collect();
    Ok(json!({
        "team_id": team.id,
        "team_info": shown(&team, &members, &facts),
        "keys": keys,
        "team_memberships": memberships,
    }))
}

pub(super) async fn me(ask: &Ask<'_>) -> Answer {
    let team = need(ask, ask.param(0)).await?;
    let user = ask.caller().user_id().unwrap_or_default();
    let kind = EntityKind::TeamMember;
    let found = ask.find_pair(kind, &team.id, user).await?;
    let member: Entity = found.ok_or_else(|| {
        Refusal::forbidden(format!(
            "User user_id={user} is not a member of team_id={}.",
            team.id
        ))
    })?;
    let facts = ask.facts(std::slice::from_ref(&member)).await?;
    let row = membership(&member, &facts);
    let row = row.as_object().cloned().unwrap_or_default();
    Ok(with(
        row,
        json!({
            "role": if is_admin(&member) { "admin" } else { "user" },
            "user_email": text(&member.settings, "user_email"),
            "team_alias": text(&team.settings, "team_alias"),
        }),
    ))
}
