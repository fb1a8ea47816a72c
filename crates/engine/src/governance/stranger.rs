//! Callers with somebody else's token: which accounts it names, and what it opens besides what
//! those say.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use http::HeaderMap;
use lockgate_core::access::{MatchedRoute, Role};
use lockgate_core::config::{CallerRole, UnregisteredClient};
use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::error::GatewayError;
use lockgate_core::sha256;
use lockgate_identity::{Caller as Token, TokenKind, VirtualKeyClaim};
use lockgate_wire::canonical::ErrorKind;

use super::access::usable;
use super::account::Account;
use super::caller::{Caller, Place};
use super::refusal::{forbidden, no_entry};
use super::registry::Newcomer;
use super::token_teams::{Found, none_of_them, not_yours};
use super::{Governance, now_micros};
use crate::call::Call;
use crate::snapshot::Snapshot;

/// The header that picks one of several teams (reference section 3.7).
const TEAM_HEADER: &str = "x-litellm-team-id";
/// An error's `type` where nothing more is to be said.
pub(super) const AUTH: &str = "auth_error";

/// What is known of a caller with somebody else's token.
#[derive(Debug, Clone)]
pub(super) struct Stranger {
    pub(super) token: Arc<Token>,
    /// The organization that the token names; that of the team counts without one.
    organization: Option<Arc<Account>>,
    /// The teams of which the model decides; none when there is nothing to decide.
    candidates: Vec<Arc<Account>>,
    /// Without one that may use the model the request is refused.
    needs_one: bool,
}

// === impl Stranger ===

impl Stranger {
    /// Refuses a route that the token does not open.
    pub(super) fn check_route(&self, route: MatchedRoute<'_>) -> Result<(), GatewayError> {
        let limits = self.token.routes.iter();
        let mut closed = limits.filter(|limit| !limit.names.iter().any(|r| route.is_named(r)));
        match closed.next() {
            None => Ok(()),
            Some(limit) => {
                let path = route.paths.first().copied().unwrap_or_default();
                let why = format!("This token does not open {path} ({}).", limit.setting);
                Err(forbidden(why, AUTH))
            }
        }
    }

    pub(super) fn role(&self, user: Option<Role>) -> Role {
        let by_token = match self.token.role {
            CallerRole::ProxyAdmin => Some(Role::ProxyAdmin),
            CallerRole::Team => Some(Role::Team),
            CallerRole::InternalUser => None,
        };
        let said = self.token.user_role.or(by_token);
        said.or(user).unwrap_or(Role::InternalUser)
    }

    /// Bytes that this bearer has whichever token it shows, and nobody else.
    fn fingerprint(&self) -> [u8; 32] {
        let token = &self.token;
        let issuer = token.issuer.as_deref().unwrap_or_default();
        let user = token.user_id.as_deref();
        let team = token.team_ids.first().map(String::as_str);
        let (kind, who) = match (user, team) {
            (Some(user), _) => ("user", user),
            (None, Some(team)) => ("team", team),
            (None, None) => ("role", token.role.as_str()),
        };
        sha256(format!(
            "{:?}\u{1f}{issuer}\u{1f}{kind}\u{1f}{who}",
            token.kind
        ))
    }
}

// === impl Governance ===

impl Governance {
    /// The caller that shows `text`, which is no virtual key.
    pub(super) async fn stranger(
        &self,
        headers: &HeaderMap,
        text: &str,
    ) -> Result<Caller, GatewayError> {
        let identity = self.identity.load_full();
        let identity = identity.filter(|identity| identity.kind(text).is_some());
        if self.is_waiting.load(Relaxed) {
            return Err(not_read_yet());
        }
        let Some(identity) = identity else {
            let why = "this API key is not known here";
            return Err(no_entry(why, "token_not_found_in_db"));
        };
        let token = identity.authenticate(text, SystemTime::now()).await?;
        if let Some(claim) = &token.virtual_key
            && let Some(caller) = self.client(claim, &token).await?
        {
            return Ok(caller);
        }
        let header = headers.get(TEAM_HEADER).map(|value| value.to_str());
        let header = header.transpose().map_err(|_| not_yours())?;
        let choice = token.admit(header)?;
        self.know_user(&token).await?;
        let found = self.teams(&token, choice).await?;
        self.welcome(token, found)
    }

    /// The virtual key that stands for the bearer; `None`: there is none, and none is needed.
    async fn client(
        &self,
        claim: &VirtualKeyClaim,
        token: &Token,
    ) -> Result<Option<Caller>, GatewayError> {
        if let Some(caller) = self.filed(claim)? {
            return Ok(Some(caller));
        }
        match claim.unregistered {
            UnregisteredClient::TeamMapping => Ok(None),
            UnregisteredClient::Reject => Err(claim.refusal().into()),
            UnregisteredClient::Register => {
                // What is made for it is nobody's who would not be let in.
                token.admit(None)?;
                self.know_user(token).await?;
                let (user, team) = (token.user_id.clone(), token.team_ids.first().cloned());
                let claim = claim.clone();
                self.register(Newcomer::Client {
                    claim: claim.clone(),
                    user,
                    team,
                })
                .await?;
                let caller = self.filed(&claim)?;
                caller.map(Some).ok_or_else(|| claim.refusal().into())
            }
        }
    }

    /// The virtual key that is filed under `claim`: for its issuer, or else for any.
    fn filed(&self, claim: &VirtualKeyClaim) -> Result<Option<Caller>, GatewayError> {
        let own = claim.issuer.as_deref().map(Some).into_iter();
        let mut found = own.chain([None]).filter_map(|issuer| {
            let id = EntityId::claim(issuer, &claim.claim, &claim.value);
            let mapping = self.directory.account(&id)?;
            (!mapping.terms().blocked).then_some(mapping)
        });
        let Some(mapping) = found.next() else {
            return Ok(None);
        };
        let key = mapping.rare().and_then(|rare| rare.successor.as_deref());
        let hash = key.and_then(super::directory::hash);
        let caller = match hash {
            Some(hash) => self.directory.caller(hash, now_micros())?,
            None => None,
        };
        let gone = || {
            no_entry(
                "the virtual key of this token is gone",
                "token_not_found_in_db",
            )
        };
        caller.map(Some).ok_or_else(gone)
    }

    /// Sees to it that the user of `token` is there, if it has one.
    async fn know_user(&self, token: &Token) -> Result<(), GatewayError> {
        let Some(id) = &token.user_id else {
            return Ok(());
        };
        let is_known = || self.directory.find(EntityKind::User, id).is_some();
        if !is_known() {
            if token.wishes.create_user {
                let (id, email) = (id.clone(), token.user_email.clone());
                self.register(Newcomer::User { id, email }).await?;
            } else if token.kind == TokenKind::Jwt && token.role == CallerRole::InternalUser {
                let why = "the user of this token is not known here; `user_id_upsert` would make \
                           it";
                return Err(no_entry(why, AUTH));
            }
        }
        if let Some(place) = self.misplaced(token, id)
            && is_known()
        {
            self.register(place).await?;
        }
        Ok(())
    }

    /// What of the user's role and teams is not as `token` wants it.
    fn misplaced(&self, token: &Token, user: &str) -> Option<Newcomer> {
        let sync = token.wishes.sync.as_ref()?;
        let account = self.directory.find(EntityKind::User, user);
        let is = account.as_deref().and_then(Account::rare);
        let is = is.and_then(|rare| rare.role.as_deref());
        let role = sync.role.filter(|role| is != Some(role.as_str()));
        let (mut joins, mut leaves) = (Vec::new(), Vec::new());
        if let Some(teams) = &sync.teams {
            let now = self.directory.relations.teams_of(user);
            let there = |id: &&String| self.directory.find(EntityKind::Team, id).is_some();
            let missing = teams
                .iter()
                .filter(|id| !now.iter().any(|own| **own == ***id));
            joins.extend(missing.filter(there).cloned());
            let extra = now
                .iter()
                .filter(|own| !teams.iter().any(|id| **id == ***own));
            leaves.extend(extra.map(|id| (**id).to_owned()));
        }
        if role.is_none() && joins.is_empty() && leaves.is_empty() {
            return None;
        }
        let user = user.to_owned();
        Some(Newcomer::Place {
            user,
            role,
            joins,
            leaves,
        })
    }

    /// The caller of a token that is let in.
    fn welcome(&self, token: Arc<Token>, found: Found) -> Result<Caller, GatewayError> {
        let directory = &self.directory;
        let organization = self.organization(&token)?;
        let user = token.user_id.as_deref();
        let user = user.and_then(|id| directory.find(EntityKind::User, id));
        let now = now_micros();
        let mut open = found.teams.iter().filter(|team| usable(team, now).is_ok());
        let first = open.next().or_else(|| found.teams.first()).cloned();
        let stranger = Stranger {
            token,
            organization,
            candidates: if found.teams.len() > 1 {
                found.teams
            } else {
                Vec::new()
            },
            needs_one: found.needs_one,
        };
        let is_decided = stranger.candidates.is_empty();
        let fingerprint = stranger.fingerprint();
        let mut caller = Caller::of_stranger(fingerprint, stranger, user);
        self.act_for(&mut caller, first);
        for place in [Place::User, Place::Team, Place::Organization] {
            if let Some(account) = caller.at(place) {
                usable(account, now)?;
            }
        }
        if let Some(member) = caller.at(Place::Member) {
            usable(member, now)?;
        }
        if is_decided {
            self.join(&caller);
        }
        Ok(caller)
    }

    /// The organization that the token names, which must be there.
    fn organization(&self, token: &Token) -> Result<Option<Arc<Account>>, GatewayError> {
        const KIND: EntityKind = EntityKind::Organization;
        let id = match (&token.organization_id, &token.organization_alias) {
            (Some(id), _) => Some(id.as_str().into()),
            (None, Some(alias)) => self.directory.relations.named(KIND, alias),
            (None, None) => return Ok(None),
        };
        let found = id.and_then(|id: Box<str>| self.directory.find(KIND, &id));
        let unknown = || no_entry("the organization of this token is not known here", AUTH);
        found.map(Some).ok_or_else(unknown)
    }

    /// Makes the requests of `caller` count for `team`.
    fn act_for(&self, caller: &mut Caller, team: Option<Arc<Account>>) {
        let by_token = caller.stranger().and_then(|own| own.organization.clone());
        let seat = team
            .as_ref()
            .and_then(|team| team.links.organization.clone());
        let organization = by_token.or_else(|| seat?.account());
        let pair = team.as_ref().zip(caller.at(Place::User));
        let member = pair.and_then(|(team, user)| {
            let id = EntityId::pair(EntityKind::TeamMember, team.id(), user.id());
            self.directory.account(&id)
        });
        caller.put(Place::Organization, organization);
        caller.put(Place::Member, member);
        caller.put(Place::Team, team);
    }

    /// Has the caller's user become a member of the team that its requests count for.
    fn join(&self, caller: &Caller) {
        let (Some(team), Some(user)) = (caller.at(Place::Team), caller.at(Place::User)) else {
            return;
        };
        if caller.at(Place::Member).is_some() || caller.is_admin_by_token() {
            return;
        }
        self.note(Newcomer::Place {
            user: user.id().to_owned(),
            role: None,
            joins: vec![team.id().to_owned()],
            leaves: Vec::new(),
        });
    }

    /// Decides for which of its teams a request of a caller with a token counts: the first that may
    /// use the model. Refuses models that the token does not open.
    pub(crate) fn choose_team(
        &self,
        snapshot: &Snapshot,
        caller: &mut Caller,
        call: &Call,
    ) -> Result<(), GatewayError> {
        let Some(stranger) = caller.stranger() else {
            return Ok(());
        };
        caller.check_token(&call.model)?;
        for fallback in &call.options.fallbacks {
            caller.check_token(&fallback.model)?;
        }
        if stranger.candidates.is_empty() {
            return Ok(());
        }
        let needs_one = stranger.needs_one;
        for team in stranger.candidates.clone() {
            self.act_for(caller, Some(team.clone()));
            let is_open = usable(&team, now_micros()).is_ok();
            if is_open && caller.may_call(&self.directory, snapshot, &call.model) {
                self.join(caller);
                return Ok(());
            }
        }
        if needs_one {
            return Err(none_of_them().with_param("model"));
        }
        self.act_for(caller, None);
        Ok(())
    }

    pub(super) async fn register(&self, newcomer: Newcomer) -> Result<(), GatewayError> {
        match self.registry.get() {
            Some(registry) => registry.register(newcomer).await,
            None => Err(no_registry()),
        }
    }

    fn note(&self, newcomer: Newcomer) {
        if let Some(registry) = self.registry.get() {
            registry.note(newcomer);
        }
    }
}

/// What somebody is told whose key or team may be in the database, which has not been read yet.
pub(super) fn not_read_yet() -> GatewayError {
    let why = "the keys are still being read from the database; try again in a moment";
    let mut error = GatewayError::gateway(ErrorKind::Unavailable, why);
    error.retry_after = Some(std::time::Duration::from_secs(2));
    error.with_type("no_db_connection")
}

fn no_registry() -> GatewayError {
    let why = "what this token names is not known here, and cannot be made now; try again shortly";
    GatewayError::gateway(ErrorKind::Unavailable, why).with_type("no_db_connection")
}
