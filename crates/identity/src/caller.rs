//! Whom a token names, and what it opens.

use lockgate_core::access::Role;
use lockgate_core::config::{CallerRole, UnregisteredClient};

use crate::error::IdentityError;
use crate::teams::{TeamChoice, Teams};

/// Whom a token names. Making one checks the token; [`Caller::admit`] checks what the operator says
/// about such callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// How it was found out.
    pub kind: TokenKind,
    /// Who vouches: the name of an entry in `issuers`, or `JWT_ISSUER`.
    pub issuer: Option<String>,
    /// What it makes of the bearer.
    pub role: CallerRole,
    /// The role of the user, where the token and not the gateway says it.
    pub user_role: Option<Role>,
    /// The user; an address if the token has no id.
    pub user_id: Option<String>,
    /// The user's address.
    pub user_email: Option<String>,
    /// All teams that the token names. [`Caller::admit`] says which one counts.
    pub team_ids: Vec<String>,
    /// The organization.
    pub organization_id: Option<String>,
    /// The organization by its alias; the id wins.
    pub organization_alias: Option<String>,
    /// The customer (end user).
    pub customer_id: Option<String>,
    /// Each of these must have the model that is asked for; see [`Caller::check_model`].
    pub models: Vec<Limit>,
    /// Each of these must have the route: its path, a pattern, or a group of routes.
    pub routes: Vec<Limit>,
    /// What is to be changed in the gateway, after [`Caller::admit`].
    pub wishes: Wishes,
    /// The virtual key that stands for this caller is looked for under this, before anything else.
    pub virtual_key: Option<VirtualKeyClaim>,
    pub(crate) teams: Teams,
    /// What the operator's rules say, if they say no.
    pub(crate) refused: Option<IdentityError>,
}

/// What kind of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A JWT, checked here.
    Jwt,
    /// One that the OAuth 2.0 endpoint was asked about.
    OAuth2,
}

/// A setting and what it lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The setting's name, for messages.
    pub setting: &'static str,
    /// What it lets through; `*` in a name stands for anything.
    pub names: Vec<String>,
}

/// What a token wants changed in the gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Make the user if it is not there: `user_id_upsert`.
    pub create_user: bool,
    /// Give the user this role and these teams: `sync_user_role_and_teams`.
    pub sync: Option<UserSync>,
}

/// What a user is to be and to be a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSync {
    /// The role; `None`: as it is.
    pub role: Option<Role>,
    /// Exactly these teams; `None`: as they are.
    pub teams: Option<Vec<String>>,
}

/// What virtual keys of clients are filed under (`/jwt/key/mapping/*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualKeyClaim {
    /// `jwt_issuer`: an entry in `issuers`; `None`: any issuer. With one, a mapping for any issuer
    /// counts when there is none for this one.
    pub issuer: Option<String>,
    /// `jwt_claim_name`
    pub claim: String,
    /// `jwt_claim_value`
    pub value: String,
    /// What to do when no key is filed under it.
    pub unregistered: UnregisteredClient,
}

// === impl Caller ===

impl Caller {
    /// Lets the caller in, or says why not, and says which team the request counts for. `team` is
    /// the header `x-litellm-team-id`.
    ///
    /// A caller whose [`virtual_key`](Self::virtual_key) is found is that key and is not asked this.
    ///
    /// # Errors
    ///
    /// When a rule of the operator's refuses this caller, or the header names a team that is not
    /// the caller's.
    pub fn admit(&self, team: Option<&str>) -> Result<TeamChoice, IdentityError> {
        match &self.refused {
            Some(why) => Err(why.clone()),
            None => self.teams.choose(team),
        }
    }

    /// Whether the token opens `model`, by the name the client gave it.
    ///
    /// # Errors
    ///
    /// Names the setting that does not let it through.
    pub fn check_model(&self, model: &str) -> Result<(), IdentityError> {
        match self.models.iter().find(|limit| !limit.lets(model)) {
            Some(Limit { setting, .. }) => Err(IdentityError::Model { setting }),
            None => Ok(()),
        }
    }
}

// === impl Limit ===

impl Limit {
    /// Whether it lets `name` through.
    #[must_use]
    pub fn lets(&self, name: &str) -> bool {
        self.names
            .iter()
            .any(|pattern| crate::glob::fits(pattern, name))
    }
}

// === impl VirtualKeyClaim ===

impl VirtualKeyClaim {
    /// What to answer when no key is filed under it and `unregistered` is
    /// [`UnregisteredClient::Reject`].
    #[must_use]
    pub fn refusal(&self) -> IdentityError {
        let why = format!(
            "no virtual key belongs to the claim `{}` of this token",
            self.claim
        );
        IdentityError::forbidden("unregistered_jwt_client_behavior", why)
    }
}
