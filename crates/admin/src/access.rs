//! Who may call a route, and what of it is theirs. What is not allowed here is refused.

use lockgate_core::entity::{Entity, EntityKind};

use crate::caller::{Caller, Role, TeamRole};
use crate::refusal::Refusal;
use crate::route::AdminRoute;
use crate::table::Resource;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The holder of the master key.
    Master,
    /// Proxy admins.
    Admins,
    /// Proxy admins, and those who may see everything.
    Viewers,
    /// Proxy admins, and admins of an organization in that.
    OrganizationAdmins,
    /// Those, and those who may see everything.
    OrganizationViewers,
    /// Proxy admins, and admins of an organization or of a team in that.
    TeamAdmins,
    /// Everybody who may change what is his.
    Members,
    /// Everybody, about what is his.
    Everyone,
}

/// Whom something belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Owner<'a> {
    pub(crate) team: Option<&'a str>,
    pub(crate) organization: Option<&'a str>,
}

/// Whether a route is in a group.
type Holds = fn(AdminRoute) -> bool;

/// Groups of routes that `allowed_routes` of a key may name instead of a path.
const GROUPS: [(&str, Holds); 6] = [
    ("management_routes", |route| {
        route.resource() != Resource::Spend
    }),
    ("spend_tracking_routes", |route| {
        route.resource() == Resource::Spend && !is_global(route)
    }),
    ("global_spend_tracking_routes", |route| {
        route.resource() == Resource::Spend && is_global(route)
    }),
    ("key_management_routes", |route| {
        first_path(route).contains("/key/")
    }),
    ("info_routes", |route| {
        route.resource() != Resource::Spend && is_about_reading(route)
    }),
    ("self_managed_routes", |route| {
        matches!(route.who(), Who::Members | Who::Everyone | Who::TeamAdmins)
    }),
];

/// Whether a route tells what all spent.
fn is_global(route: AdminRoute) -> bool {
    first_path(route).starts_with("/global/spend")
}

fn first_path(route: AdminRoute) -> &'static str {
    route.paths().first().map_or("", |(_, path)| path)
}

fn is_about_reading(route: AdminRoute) -> bool {
    let read_by_post = [
        AdminRoute::KeyInfoMany,
        AdminRoute::KeyHealth,
        AdminRoute::OrganizationInfoMany,
        AdminRoute::BudgetInfo,
        AdminRoute::TagInfo,
    ];
    route.paths().iter().all(|(verb, _)| verb.as_str() == "GET") || read_by_post.contains(&route)
}

/// Whether `caller` may call `route` at all.
pub(crate) fn check(route: AdminRoute, caller: &Caller) -> Result<(), Refusal> {
    if let Caller::Key(key) = caller
        && !key.allowed_routes.is_empty()
        && !key
            .allowed_routes
            .iter()
            .any(|allowed| names(allowed, route))
    {
        let message = format!(
            "This key may not call {}: its allowed_routes do not name it.",
            first_path(route)
        );
        return Err(Refusal::no_route(message));
    }
    if let Caller::Key(key) = caller
        && !key
            .limits
            .iter()
            .all(|limit| limit.iter().any(|allowed| names(allowed, route)))
    {
        let message = format!("This token does not open {}.", first_path(route));
        return Err(Refusal::no_route(message));
    }
    if route.who().admits(caller) {
        return Ok(());
    }
    Err(Refusal::no_route(format!(
        "Only proxy admin can be used to generate, delete, update info for new keys/users/teams. \
         Route={}. Your role={}",
        first_path(route),
        caller.role().as_str()
    )))
}

/// Whether an entry of `allowed_routes` means `route`: a path, one with `*` at its end, or a group.
fn names(allowed: &str, route: AdminRoute) -> bool {
    if let Some((_, holds)) = GROUPS.iter().find(|(name, _)| *name == allowed) {
        return holds(route);
    }
    route
        .paths()
        .iter()
        .any(|(_, path)| match allowed.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => *path == allowed,
        })
}

// === impl Who ===

impl Who {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Master,
        Self::Admins,
        Self::Viewers,
        Self::OrganizationAdmins,
        Self::OrganizationViewers,
        Self::TeamAdmins,
        Self::Members,
        Self::Everyone,
    ];

    fn admits(self, caller: &Caller) -> bool {
        if self == Self::Master {
            return matches!(caller, Caller::Master);
        }
        if caller.is_admin() {
            return true;
        }
        let viewer = caller.role() == Role::ProxyAdminViewer;
        let organization = caller.may_change() && !caller.administered_organizations().is_empty();
        match self {
            Self::Master | Self::Admins => false,
            Self::Viewers => viewer,
            Self::OrganizationAdmins => organization,
            Self::OrganizationViewers => viewer || organization,
            Self::TeamAdmins => {
                organization || (caller.may_change() && !caller.administered_teams().is_empty())
            }
            Self::Members => caller.may_change(),
            Self::Everyone => true,
        }
    }
}

// === impl Owner ===

impl<'a> Owner<'a> {
    /// Whom `entity` belongs to, where `team` is its team if that has been looked up.
    pub(crate) fn of(entity: &'a Entity, team: Option<&'a Entity>) -> Self {
        let team_id = match entity.kind {
            EntityKind::Team => Some(entity.id.as_str()),
            _ => entity.team_id.as_deref(),
        };
        let organization = match entity.kind {
            EntityKind::Organization => Some(entity.id.as_str()),
            _ => entity.organization_id.as_deref(),
        };
        Self {
            team: team_id,
            organization: organization.or_else(|| team?.organization_id.as_deref()),
        }
    }

    /// Whether `caller` may change what belongs to the team as a whole.
    pub(crate) fn is_managed_by(&self, caller: &Caller) -> bool {
        if caller.is_admin() {
            return true;
        }
        let in_team = self
            .team
            .is_some_and(|team| caller.team_role(team) == Some(TeamRole::Admin));
        caller.may_change() && (in_team || caller.administers(self.organization))
    }

    /// Whether `caller` may see what belongs to the team or organization as a whole.
    pub(crate) fn is_seen_by(&self, caller: &Caller) -> bool {
        caller.sees_all()
            || self.team.is_some_and(|team| caller.is_in_team(team))
            || caller.administers(self.organization)
    }
}
