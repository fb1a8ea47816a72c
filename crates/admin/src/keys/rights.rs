//! Who may see or change a key, and to whom a key may be given.

use lockgate_core::entity::{Entity, EntityKind};

use crate::access::Owner;
use crate::ask::Ask;
use crate::body::Sent;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// What only a proxy admin gives a key.
const ADMIN_ONLY: [&str; 4] = [
    "permissions",
    "spend",
    "throttle_on_budget_exceeded",
    "allowed_passthrough_routes",
];

pub(super) async fn team(ask: &Ask<'_>, id: Option<&str>) -> Result<Option<Entity>, Refusal> {
    match id {
        None => Ok(None),
        Some(id) => ask.find(EntityKind::Team, id).await,
    }
}

/// Whether `path` is among what members of `team` may do with its keys.
fn permits(team: Option<&Entity>, path: &str) -> bool {
    team.is_some_and(|team| {
        let allowed = crate::teams::member_permissions(team);
        allowed.iter().any(|allowed| allowed == path)
    })
}

/// Refuses callers who may not see `key`.
pub(super) async fn see(ask: &Ask<'_>, key: &Entity) -> Result<(), Refusal> {
    let caller = ask.caller();
    let own = caller.is(key.user_id.as_deref()) || caller.key_id() == Some(&key.id);
    if caller.sees_all() || own {
        return Ok(());
    }
    let team = team(ask, key.team_id.as_deref()).await?;
    let owner = Owner::of(key, team.as_ref());
    let in_team = owner.team.is_some_and(|team| caller.is_in_team(team));
    if owner.is_managed_by(caller) || (in_team && permits(team.as_ref(), "/key/info")) {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "You are not allowed to access this key's info. Your role={}",
        caller.role().as_str()
    )))
}

/// Refuses callers who may not do with `key` what `path` does.
pub(super) async fn change(ask: &Ask<'_>, key: &Entity, path: &str) -> Result<(), Refusal> {
    let caller = ask.caller();
    if caller.is_admin() {
        return Ok(());
    }
    let team = team(ask, key.team_id.as_deref()).await?;
    let owner = Owner::of(key, team.as_ref());
    let reached = caller.reaches(key.team_id.as_deref(), key.organization_id.as_deref());
    let own = reached && caller.is(key.user_id.as_deref());
    let allowed = match key.team_id.as_deref() {
        None => own,
        // A team's key: its members may do what the team lets them, with keys that are nobody else's.
        Some(id) => {
            (own || key.user_id.is_none()) && caller.is_in_team(id) && permits(team.as_ref(), path)
        }
    };
    if owner.is_managed_by(caller) || (allowed && caller.may_change()) {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "You are not authorized to use {path} on this key. It is neither yours nor one of a team \
         that lets you."
    )))
}

/// Refuses what this caller may not give a key, and gives the key to the caller when it is to be
/// nobody's.
pub(super) async fn give(
    ask: &Ask<'_>,
    sent: &mut Sent,
    path: &str,
    for_service: bool,
) -> Result<(), Refusal> {
    let caller = ask.caller();
    let team_id = sent.text("team_id").map(str::to_owned);
    let team = team(ask, team_id.as_deref()).await?;
    if let (Some(id), None) = (&team_id, &team) {
        return Err(Refusal::bad(format!(
            "Unable to find team object in database. Team ID: {id}"
        )));
    }
    check_organization(ask, sent, team.as_ref()).await?;
    let Caller::Key(_) = caller else {
        return Ok(());
    };
    check_routes(caller, sent)?;
    if caller.is_admin() {
        return Ok(());
    }
    if let Some(name) = ADMIN_ONLY.iter().find(|name| sent.get(name).is_some()) {
        return Err(Refusal::forbidden(format!(
            "Only proxy admins can set `{name}`."
        )));
    }
    if !caller.reaches(team_id.as_deref(), sent.text("organization_id")) {
        return Err(Refusal::forbidden(
            "A key of a team or an organization makes keys for that team or organization only.",
        ));
    }
    let manages = match &team {
        Some(team) => {
            let manages = Owner::of(team, None).is_managed_by(caller);
            let lets = caller.is_in_team(&team.id) && permits(Some(team), path);
            if !manages && !lets {
                return Err(Refusal::forbidden(format!(
                    "You may not make or move keys of team_id={}. Ask an admin of the team to allow \
                     {path} to its members.",
                    team.id
                )));
            }
            manages
        }
        None => caller.administers(sent.text("organization_id")),
    };
    let named = sent.text("user_id").map(str::to_owned);
    if let Some(user) = named
        && manages
        && !caller.is(Some(&user))
    {
        is_there(ask, sent, &user).await?;
    }
    check_user(caller, sent, manages, for_service)
}

/// Who manages a team or an organization gives keys to those who are in it.
async fn is_there(ask: &Ask<'_>, sent: &Sent, user: &str) -> Result<(), Refusal> {
    let (kind, of) = match (sent.text("team_id"), sent.text("organization_id")) {
        (Some(team), _) => (EntityKind::TeamMember, team),
        (None, organization) => (
            EntityKind::OrganizationMember,
            organization.unwrap_or_default(),
        ),
    };
    match ask.find_pair(kind, of, user).await? {
        Some(_) => Ok(()),
        None => Err(Refusal::forbidden(format!(
            "User={user} is not a member of {of}"
        ))),
    }
}

async fn check_organization(
    ask: &Ask<'_>,
    sent: &Sent,
    team: Option<&Entity>,
) -> Result<(), Refusal> {
    let Some(id) = sent.text("organization_id") else {
        return Ok(());
    };
    if ask.find(EntityKind::Organization, id).await?.is_none() {
        return Err(Refusal::bad(format!(
            "Organization not found for organization_id={id}"
        )));
    }
    let of_team = team.and_then(|team| team.organization_id.as_deref());
    if of_team.is_some_and(|of_team| of_team != id) {
        return Err(Refusal::bad(format!(
            "the team is not in organization_id={id}"
        )));
    }
    let caller = ask.caller();
    if caller.is_admin() || of_team == Some(id) || caller.organizations().iter().any(|o| o == id) {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "Caller is not a member of organization_id={id}"
    )))
}

/// A key that may not call everything makes none that may.
fn check_routes(caller: &Caller, sent: &Sent) -> Result<(), Refusal> {
    let Caller::Key(key) = caller else {
        return Ok(());
    };
    if key.allowed_routes.is_empty() {
        return Ok(());
    }
    let wanted = sent.texts("allowed_routes");
    let within = wanted
        .iter()
        .all(|route| key.allowed_routes.contains(route));
    if within && !wanted.is_empty() {
        return Ok(());
    }
    Err(Refusal::forbidden(
        "This key has allowed_routes: keys that it makes need some of the same.",
    ))
}

fn check_user(
    caller: &Caller,
    sent: &mut Sent,
    manages: bool,
    for_service: bool,
) -> Result<(), Refusal> {
    match sent.text("user_id") {
        Some(user) if caller.is(Some(user)) || manages => Ok(()),
        Some(user) => Err(Refusal::forbidden(format!(
            "User can only create keys for themselves. Got user_id={user}"
        ))),
        None if for_service => Ok(()),
        None => {
            let user = caller.user_id().ok_or_else(|| {
                Refusal::forbidden("No 'user_id' is associated with your API key.")
            })?;
            sent.set("user_id", user.into());
            Ok(())
        }
    }
}
