//! What of everybody's spend a caller may see.

use std::collections::HashSet;

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::{ActivityQuery, EntityQuery, EntryQuery, Seer};

use crate::access::Owner;
use crate::ask::Ask;
use crate::caller::{Caller, KeyCaller};
use crate::refusal::Refusal;
use crate::teams;

/// The permission of members that opens the requests of their team.
const READ_LOGS: &str = "/spend/logs";

/// Limits `query` to what the caller spent himself, unless he sees everything.
pub(super) fn narrow(ask: &Ask<'_>, query: &mut ActivityQuery) {
    if ask.caller().sees_all() {
        return;
    }
    let Caller::Key(key) = ask.caller() else {
        return;
    };
    let (kind, id) = self_of(ask.caller(), key);
    query.of = Some(kind);
    query.ids = Some(vec![id.to_owned()]);
}

/// Who somebody is: his user, or else his key. A key that belongs to a team or an organization can
/// come into the hands of its admins, and so is only itself.
pub(super) fn self_of<'c>(caller: &Caller, key: &'c KeyCaller) -> (EntityKind, &'c str) {
    match &key.user_id {
        Some(user) if !is_key_of_others(caller, key) => (EntityKind::User, user),
        // Nobody has spent anything without a key.
        _ => (EntityKind::Key, key.key_id.as_deref().unwrap_or_default()),
    }
}

/// Whether somebody else may hold the key: the admins of the team or organization that it is of.
pub(super) fn is_key_of_others(caller: &Caller, key: &KeyCaller) -> bool {
    key.key_id.is_some() && caller.is_bound()
}

/// Limits `query` to the requests that the caller may see, which are his own and those of what he
/// administers; refuses what he asks of others.
pub(super) async fn narrow_entries(ask: &Ask<'_>, query: &mut EntryQuery) -> Result<(), Refusal> {
    let Caller::Key(key) = ask.caller() else {
        return Ok(());
    };
    if ask.caller().sees_all() {
        return Ok(());
    }
    let mut seer = Seer {
        user_id: key.user_id.clone(),
        key_id: key.key_id.clone(),
        teams: ask.caller().administered_teams(),
        organizations: ask.caller().administered_organizations(),
    };
    if let Some(team) = query.team_id.clone() {
        if !sees_team(ask, &team).await? {
            return Err(Refusal::forbidden(format!(
                "Not authorized to view team spend for team_id={team}"
            )));
        }
        seer.teams.push(team);
    }
    // What somebody else's key of a team could be used for ends at the team.
    let bounds = [
        (&key.team_id, &mut query.team_id),
        (&key.organization_id, &mut query.organization_id),
    ];
    for (bound, asked) in bounds {
        let bound = bound
            .as_ref()
            .filter(|_| is_key_of_others(ask.caller(), key));
        let Some(bound) = bound else { continue };
        if asked.as_ref().is_some_and(|asked| asked != bound) {
            return Err(Refusal::forbidden(
                "this key speaks for its team or organization only",
            ));
        }
        *asked = Some(bound.clone());
        break;
    }
    query.seen_by = Some(seer);
    Ok(())
}

/// Whether the caller may see each request of a team.
async fn sees_team(ask: &Ask<'_>, id: &str) -> Result<bool, Refusal> {
    let Some(team) = ask.find(EntityKind::Team, id).await? else {
        return Ok(false);
    };
    let is_member = ask.caller().is_in_team(id);
    let may_read = || {
        teams::member_permissions(&team)
            .iter()
            .any(|one| one == READ_LOGS)
    };
    Ok(manages(ask.caller(), &team) || is_member && may_read())
}

/// Whether the caller may see all that a team spent.
pub(super) fn manages(caller: &Caller, team: &Entity) -> bool {
    let owner = Owner::of(team, None);
    owner.is_managed_by(caller)
        || owner
            .organization
            .is_some_and(|id| caller.administers(Some(id)))
        || caller.team_role(&team.id) == Some(crate::caller::TeamRole::Admin)
}

/// The keys whose spend is the caller's own.
pub(super) async fn keys(ask: &Ask<'_>) -> Result<HashSet<String>, Refusal> {
    let Caller::Key(key) = ask.caller() else {
        return Ok(HashSet::new());
    };
    let mut own: HashSet<String> = key.key_id.iter().cloned().collect();
    if let (Some(user), false) = (&key.user_id, is_key_of_others(ask.caller(), key)) {
        for kind in [EntityKind::Key, EntityKind::DeletedKey] {
            let query = EntityQuery {
                user_id: Some(user.clone()),
                ..EntityQuery::new(kind)
            };
            own.extend(ask.all(query).await?.into_iter().map(|key| key.id));
        }
    }
    Ok(own)
}
