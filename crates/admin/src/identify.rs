//! Who the holder of a virtual key is, by what the store says now.

use std::collections::BTreeMap;

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{EntityQuery, EntityStore, Paging, StoreError};
use serde_json::Value;

use crate::caller::{KeyCaller, OrganizationRole, Role, TeamRole};

/// More memberships than anybody has.
const MOST: u32 = 10_000;

/// The holder of the key with this id. A key that is gone belongs to nobody and leads nowhere.
pub async fn identify(store: &dyn EntityStore, key_id: &str) -> Result<KeyCaller, StoreError> {
    let key = store
        .entity(&EntityId::new(EntityKind::Key, key_id))
        .await?;
    let user_id = key.as_ref().and_then(|key| key.user_id.clone());
    let caller = KeyCaller {
        key_id: Some(key_id.to_owned()),
        role: Role::InternalUser,
        team_id: key.as_ref().and_then(|key| key.team_id.clone()),
        organization_id: key.as_ref().and_then(|key| key.organization_id.clone()),
        teams: BTreeMap::new(),
        organizations: BTreeMap::new(),
        allowed_routes: key.as_ref().map(allowed_routes).unwrap_or_default(),
        limits: Vec::new(),
        user_id,
    };
    with_user(store, caller, None).await
}

/// Whoever shows a token that names `user_id`, or else `team_id`. `role`: what the token itself says;
/// each of `limits` must name a route.
///
/// A token with a user speaks for that user, whichever team its requests count for.
pub async fn identify_bearer(
    store: &dyn EntityStore,
    user_id: Option<String>,
    team_id: Option<String>,
    role: Option<Role>,
    limits: Vec<Vec<String>>,
) -> Result<KeyCaller, StoreError> {
    let caller = KeyCaller {
        key_id: None,
        role: Role::InternalUser,
        team_id: team_id.filter(|_| user_id.is_none() && role != Some(Role::ProxyAdmin)),
        organization_id: None,
        teams: BTreeMap::new(),
        organizations: BTreeMap::new(),
        allowed_routes: Vec::new(),
        limits,
        user_id,
    };
    with_user(store, caller, role).await
}

/// Adds what the store says of the caller's user.
async fn with_user(
    store: &dyn EntityStore,
    mut caller: KeyCaller,
    role: Option<Role>,
) -> Result<KeyCaller, StoreError> {
    caller.role = role.unwrap_or(caller.role);
    let Some(user_id) = caller.user_id.clone() else {
        return Ok(caller);
    };
    let user = EntityId::new(EntityKind::User, &*user_id);
    let user = store.entity(&user).await?;
    if role.is_none()
        && let Some(role) = user.as_ref().and_then(|user| said(user, "user_role"))
    {
        // A role that nobody knows must not open more than the lowest.
        caller.role = Role::named(role).unwrap_or(Role::Customer);
    }
    for member in memberships(store, EntityKind::TeamMember, &user_id).await? {
        let role = match said(&member, "role") {
            Some("admin") => TeamRole::Admin,
            _ => TeamRole::User,
        };
        caller.teams.extend(member.team_id.map(|team| (team, role)));
    }
    for member in memberships(store, EntityKind::OrganizationMember, &user_id).await? {
        let role = match said(&member, "user_role").or_else(|| said(&member, "role")) {
            Some("org_admin") => OrganizationRole::Admin,
            _ => OrganizationRole::Member,
        };
        let organization = member.organization_id.map(|id| (id, role));
        caller.organizations.extend(organization);
    }
    Ok(caller)
}

async fn memberships(
    store: &dyn EntityStore,
    kind: EntityKind,
    user_id: &str,
) -> Result<Vec<Entity>, StoreError> {
    let mut query = EntityQuery::new(kind);
    query.user_id = Some(user_id.to_owned());
    query.paging = Paging {
        offset: 0,
        size: MOST,
    };
    Ok(store.entities(&query).await?.rows)
}

fn said<'e>(entity: &'e Entity, name: &str) -> Option<&'e str> {
    entity.settings.get(name).and_then(Value::as_str)
}

fn allowed_routes(key: &Entity) -> Vec<String> {
    let routes = key.settings.get("allowed_routes").and_then(Value::as_array);
    let names = routes.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}
