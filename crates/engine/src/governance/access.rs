//! What callers may do: which key opens the gateway, which routes and which models it leads to.

use lockgate_core::access::{
    AskedModel, MatchedRoute, ModelList, Permission, Role, RouteClass, Verdict,
};
use lockgate_core::error::GatewayError;

use super::account::Account;
use super::caller::{Caller, Place};
use super::directory::{Directory, hash};
use super::refusal::{forbidden, no_entry, whose};
use crate::deployment::Deployment;
use crate::snapshot::{Group, Snapshot};

/// Where `model_info` says which access groups a deployment belongs to.
const ACCESS_GROUPS: &str = "access_groups";
/// The most times that a key is regenerated within its own grace.
const SUCCESSORS: usize = 32;

// === impl Directory ===

impl Directory {
    /// The caller whose key has this SHA-256, at `now` (microseconds since 1970), if there is such a
    /// key: it is not blocked and has not expired. One that was regenerated lately opens what its
    /// successor does.
    pub(crate) fn caller(&self, key: [u8; 32], now: i64) -> Result<Option<Caller>, GatewayError> {
        let found = self.key(&key).map(|account| (key, account));
        let Some((key, account)) = found.or_else(|| self.successor(&key, now)) else {
            return Ok(None);
        };
        usable(&account, now)?;
        let caller = Caller::of_key(key, account);
        for place in [
            Place::Team,
            Place::User,
            Place::Organization,
            Place::Project,
        ] {
            if let Some(account) = caller.at(place) {
                usable(account, now)?;
            }
        }
        if let Some(member) = caller.at(Place::Member) {
            readable(member)?;
        }
        Ok(Some(caller))
    }

    /// The key that stands for one that was regenerated, perhaps more than once.
    fn successor(&self, key: &[u8; 32], now: i64) -> Option<([u8; 32], std::sync::Arc<Account>)> {
        let mut key = *key;
        for _ in 0..SUCCESSORS {
            let retired = self.retired(&key)?;
            let in_grace = retired.expires_at()? > now;
            let id = retired.rare()?.successor.as_deref().filter(|_| in_grace)?;
            key = hash(id)?;
            if let Some(account) = self.key(&key) {
                return Some((key, account));
            }
        }
        None
    }

    /// Whether an access group of that id or name holds `asked`.
    fn group_holds(&self, id: &str, asked: AskedModel<'_>) -> bool {
        let group = self.find(lockgate_core::entity::EntityKind::AccessGroup, id);
        group.is_some_and(|group| group.terms().models.holds(asked))
    }
}

/// Refuses an account that is blocked, has expired, or whose terms cannot be read.
pub(super) fn usable(account: &Account, now: i64) -> Result<(), GatewayError> {
    if account.terms().blocked {
        let why = format!("{} is blocked", whose(account));
        return Err(no_entry(&why, "auth_error"));
    }
    if account.expires_at().is_some_and(|at| at <= now) {
        let why = format!("{} has expired", whose(account));
        return Err(no_entry(&why, "expired_key"));
    }
    readable(account)
}

fn readable(account: &Account) -> Result<(), GatewayError> {
    let Some(broken) = account.terms().broken() else {
        return Ok(());
    };
    let why = format!(
        "The setting `{}` of {} cannot be read, and is no permission: it must be {}. Whoever \
         administrates the gateway can repair it.",
        broken.field,
        whose(account),
        broken.expected
    );
    Err(forbidden(why, "auth_error"))
}

// === impl Caller ===

impl Caller {
    /// Refuses a route that the caller's key or role does not lead to. How far a role goes on it,
    /// [`lockgate_core::access::Role::permission`] says; whose a thing is, the handler knows.
    pub fn check_route(&self, route: MatchedRoute<'_>) -> Result<(), GatewayError> {
        if self.is_master() {
            return Ok(());
        }
        let path = route.paths.first().copied().unwrap_or_default();
        if let Some(stranger) = self.stranger() {
            stranger.check_route(route)?;
        }
        let rare = self.key().and_then(|key| key.rare());
        let routes = rare.map(|rare| &rare.routes);
        if routes.is_some_and(|routes| !routes.allows(route)) {
            let why =
                format!("This key may not call {path}: it is not among its `allowed_routes`.");
            return Err(forbidden(why, "auth_error"));
        }
        if route.class == RouteClass::PassThrough {
            self.check_pass_through(route)?;
        }
        if self.role().permission(route.class) == Permission::No {
            let why = format!(
                "The role {} may not call {path}; it is for administrators.",
                self.role().as_str()
            );
            return Err(forbidden(why, "auth_error"));
        }
        Ok(())
    }

    /// Nobody looks for a model in what is passed through. Who may not call all models must be
    /// allowed the route by name.
    fn check_pass_through(&self, route: MatchedRoute<'_>) -> Result<(), GatewayError> {
        let places = [Place::Key, Place::Team];
        let lists = places.iter().filter_map(|place| self.at(*place)?.rare());
        let listed = lists
            .map(|rare| &rare.pass_through_routes)
            .filter(|list| !list.is_empty());
        let mut listed = listed.peekable();
        let said = listed.peek().is_some();
        let is_restricted =
            || self.is_restricted() || self.stranger().is_some_and(|s| !s.token.models.is_empty());
        if said && listed.all(|list| list.names(route)) || !said && !is_restricted() {
            return Ok(());
        }
        let path = route.paths.first().copied().unwrap_or_default();
        let why = format!(
            "This key may not call {path}: it is not among its `allowed_passthrough_routes`, which \
             a key that may not call all models needs."
        );
        Err(forbidden(why, "auth_error"))
    }

    /// Whether there are models that it may not call.
    fn is_restricted(&self) -> bool {
        self.lists().any(|(_, list)| !list.is_open())
    }

    /// The lists of models that hold for it.
    fn lists(&self) -> impl Iterator<Item = (Place, &ModelList)> {
        let in_team = self.at(Place::Team).is_some();
        // A user's list is for keys of its own.
        let user = Some(Place::User).filter(|_| !in_team);
        let places = [
            Some(Place::Key),
            Some(Place::Team),
            Some(Place::Member),
            Some(Place::Project),
            Some(Place::Organization),
            user,
        ];
        let lists = places.into_iter().flatten();
        lists.filter_map(|place| Some((place, &self.at(place)?.terms().models)))
    }

    /// Refuses a model that the caller may not call: by its key, its team, its user, its project or
    /// its organization, whichever is narrowest.
    pub(crate) fn check_model(
        &self,
        directory: &Directory,
        model: &str,
        group: &Group,
    ) -> Result<(), GatewayError> {
        if !self.is_of(group.team.as_deref()) {
            return Err(denied(Place::Team, model));
        }
        if !self.is_restricted() {
            return Ok(());
        }
        let names = [model, &group.name];
        let with_provider = with_provider(model, group);
        let in_group = |name: &str| {
            let asked = AskedModel {
                names: &names,
                with_provider: with_provider.as_deref(),
                in_group: &|_| false,
            };
            is_in(group, name) || directory.group_holds(name, asked)
        };
        let asked = AskedModel {
            names: &names,
            with_provider: with_provider.as_deref(),
            in_group: &in_group,
        };
        for (place, list) in self.lists() {
            let allowed = match list.verdict(asked) {
                Verdict::Allowed => true,
                // The team has its own list, which is looked at anyway.
                Verdict::AskTeam => self.at(Place::Team).is_some(),
                // What is the team's own need not be on its list.
                Verdict::Denied if place == Place::Team && group.team.is_some() => true,
                Verdict::Denied => self.is_granted(place, &in_group),
            };
            if !allowed {
                return Err(denied(place, model));
            }
        }
        Ok(())
    }

    /// Refuses a model, by the name that the client gave it, that the caller's token does not open.
    pub(crate) fn check_token(&self, model: &str) -> Result<(), GatewayError> {
        match self.stranger() {
            Some(stranger) => Ok(stranger.token.check_model(model)?),
            None => Ok(()),
        }
    }

    /// Whether the caller belongs to the team whose own something is, if it is a team's. The holder of
    /// the master key belongs to all.
    fn is_of(&self, owner: Option<&str>) -> bool {
        owner.is_none_or(|owner| self.is_master() || self.team_id() == Some(owner))
    }

    /// Whether the caller may see a model of the team `owner`, whoever may call it.
    #[must_use]
    pub fn may_see(&self, owner: Option<&str>) -> bool {
        self.sees_all() || self.is_of(owner)
    }

    /// Whether the caller sees everything there is.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        matches!(self.role(), Role::ProxyAdmin | Role::ProxyAdminViewer)
    }

    /// Whether an access group that the account was given holds the model.
    fn is_granted(&self, place: Place, in_group: &dyn Fn(&str) -> bool) -> bool {
        let rare = self.at(place).and_then(|account| account.rare());
        rare.is_some_and(|rare| rare.access_groups.iter().any(|id| in_group(id)))
    }

    /// Whether it may call `model`, which `snapshot` serves or not.
    #[must_use]
    pub fn may_call(&self, directory: &Directory, snapshot: &Snapshot, model: &str) -> bool {
        if self.check_token(model).is_err() {
            return false;
        }
        if !self.is_restricted() {
            return true;
        }
        let meant = self.meant(model).unwrap_or(model);
        let team = self.team_id();
        let named = snapshot.group_for(team, meant).cloned();
        let routed = || snapshot.route_for(team, meant).map(|route| route.group);
        let group = named.or_else(routed);
        group.is_some_and(|group| self.check_model(directory, meant, &group).is_ok())
    }
}

/// `openai/gpt-5` for a model that only deployments of OpenAI serve.
fn with_provider(model: &str, group: &Group) -> Option<String> {
    let mut providers = group.deployments.iter().map(|d| d.provider.id.as_str());
    let provider = providers.next()?;
    let alone = providers.all(|other| other == provider);
    (alone && !model.contains('/')).then(|| format!("{provider}/{model}"))
}

/// Whether all deployments of `group` belong to the access group `name`.
fn is_in(group: &Group, name: &str) -> bool {
    let belongs = |deployment: &Deployment| {
        let groups = deployment.entry.model_info.members.get(ACCESS_GROUPS);
        let groups = groups.and_then(|groups| groups.as_array());
        groups.is_some_and(|groups| groups.iter().any(|group| group.as_str() == Some(name)))
    };
    !group.deployments.is_empty() && group.deployments.iter().all(|d| belongs(d))
}

fn denied(place: Place, model: &str) -> GatewayError {
    let (whose, error_type) = match place {
        Place::Team | Place::Member => ("team", "team_model_access_denied"),
        Place::User => ("user", "user_model_access_denied"),
        Place::Organization => ("organization", "org_model_access_denied"),
        Place::Project => ("project", "project_model_access_denied"),
        _ => ("key", "key_model_access_denied"),
    };
    let why = format!(
        "This {whose} may not call the model `{model}`; GET /v1/models lists those it may."
    );
    forbidden(why, error_type).with_param("model")
}
