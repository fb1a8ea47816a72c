//! Who vouches for callers besides the gateway's own keys: issuers of JWTs, and an OAuth 2.0 endpoint.

use std::time::Duration;

use crate::Secret;
use crate::access::Role;

/// What the configuration says about callers that show somebody else's token.
#[derive(Clone, Debug, Default)]
pub struct IdentitySettings {
    /// JWTs, with `enable_jwt_auth`.
    pub jwt: Option<JwtAuth>,
    /// Opaque tokens, with `enable_oauth2_auth`.
    pub oauth2: Option<OAuth2Auth>,
}

/// `general_settings.litellm_jwtauth`, and what `general_settings` and the environment say about it.
#[derive(Clone, Debug)]
pub struct JwtAuth {
    /// Issuers with keys, audience and claims of their own: `issuers`.
    pub issuers: Vec<JwtIssuer>,
    /// Where the keys of all other issuers are: `JWT_PUBLIC_KEY_URL`, a comma list.
    pub public_key_urls: Vec<String>,
    /// The audience a token of theirs must be for: `JWT_AUDIENCE`.
    pub audience: Option<String>,
    /// The issuer a token of theirs must be of: `JWT_ISSUER`.
    pub issuer: Option<String>,
    /// How long fetched keys are fresh (600 s).
    pub public_key_ttl: Duration,
    /// How much longer they serve while their issuer cannot be asked (3600 s).
    pub public_key_stale_ttl: Duration,
    /// Where in a token is what.
    pub claims: ClaimPaths,
    /// The scope that makes an administrator (`litellm_proxy_admin`).
    pub admin_jwt_scope: String,
    /// What such an administrator may call: routes, patterns, groups.
    pub admin_allowed_routes: Vec<String>,
    /// What a caller that is only a team may call.
    pub team_allowed_routes: Vec<String>,
    /// The team of tokens that name none.
    pub team_id_default: Option<String>,
    /// Make a team that a token names and that is not there.
    pub team_id_upsert: bool,
    /// Make a user that a token names and that is not there.
    pub user_id_upsert: bool,
    /// Only users with an address of this domain are let in.
    pub user_allowed_email_domain: Option<String>,
    /// Only users with one of these roles, found at `user_roles_jwt_field`, count as such.
    pub user_allowed_roles: Vec<String>,
    /// What the roles at `roles_jwt_field` make of a caller; the first that fits counts.
    pub role_mappings: Vec<RoleMapping>,
    /// What role the roles at `roles_jwt_field` make a user have; the first that fits counts.
    pub user_role_map: Vec<UserRoleMapping>,
    /// What a scope opens, with `enforce_scope_based_access`.
    pub scope_mappings: Vec<ScopeMapping>,
    /// `general_settings.role_permissions`: what a role opens, with `enforce_rbac`.
    pub role_permissions: Vec<RolePermission>,
    /// Refuse callers without a role.
    pub enforce_rbac: bool,
    /// Refuse models that no scope of the token opens.
    pub enforce_scope_based_access: bool,
    /// Refuse callers without a team.
    pub enforce_team_based_model_access: bool,
    /// Give users the role and the teams that their tokens name.
    pub sync_user_role_and_teams: bool,
    /// A token whose team is not known counts as one that names none.
    pub team_claim_fallback: bool,
    /// Users whose tokens name no team use those they are a member of here.
    pub fallback_to_db_teams: bool,
    /// What happens to a client that `virtual_key_claim_field` names and no virtual key belongs to.
    pub unregistered_client: UnregisteredClient,
    /// JWTs that are shown to the OAuth 2.0 endpoint instead.
    pub routing_overrides: Vec<RoutingOverride>,
}

/// One of `issuers`.
#[derive(Clone, Debug)]
pub struct JwtIssuer {
    /// The exact value of `iss`.
    pub issuer: String,
    /// Where its keys are; without it, its discovery document says so.
    pub jwks_url: Option<String>,
    /// The audiences a token may be for. Empty: any, which had to be asked for.
    pub audience: Vec<String>,
    /// Paths that win over the general ones.
    pub claims: ClaimPaths,
    /// Wins over the general one.
    pub unregistered_client: Option<UnregisteredClient>,
}

/// Paths into the claims of a token: names joined by dots, a dot in a name written `\.`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimPaths {
    /// `user_id_jwt_field`
    pub user_id: Option<String>,
    /// `user_email_jwt_field`
    pub user_email: Option<String>,
    /// `user_roles_jwt_field`
    pub user_roles: Option<String>,
    /// `team_id_jwt_field`
    pub team_id: Option<String>,
    /// `team_ids_jwt_field`
    pub team_ids: Option<String>,
    /// `team_alias_jwt_field`
    pub team_alias: Option<String>,
    /// `org_id_jwt_field`
    pub organization_id: Option<String>,
    /// `org_alias_jwt_field`
    pub organization_alias: Option<String>,
    /// `end_user_id_jwt_field`
    pub customer_id: Option<String>,
    /// `roles_jwt_field`
    pub roles: Option<String>,
    /// `object_id_jwt_field`: the id of a user or of a team, as the role says.
    pub object_id: Option<String>,
    /// `virtual_key_claim_field`
    pub virtual_key: Option<String>,
}

/// What a token makes of its bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerRole {
    /// `proxy_admin`
    ProxyAdmin,
    /// `team`
    Team,
    /// `internal_user`
    InternalUser,
}

/// One of `role_mappings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleMapping {
    /// A role as the token names it.
    pub role: String,
    /// What it makes of the bearer.
    pub internal_role: CallerRole,
}

/// One of `jwt_litellm_role_map`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRoleMapping {
    /// A role as the token names it; `*` stands for anything, `?` for one character.
    pub jwt_role: String,
    /// The role of the user.
    pub litellm_role: Role,
}

/// One of `scope_mappings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeMapping {
    /// The scope.
    pub scope: String,
    /// Models it opens.
    pub models: Vec<String>,
    /// Routes it opens; empty: it says nothing about routes.
    pub routes: Vec<String>,
}

/// One of `role_permissions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePermission {
    /// Whose.
    pub role: CallerRole,
    /// The models; `None`: all.
    pub models: Option<Vec<String>>,
    /// The routes; `None`: all.
    pub routes: Option<Vec<String>>,
}

/// One of `routing_overrides`. In a value `*` stands for anything, `?` for one character; an empty
/// list says nothing, but for `iss`, which fits no token then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutingOverride {
    /// Values of `iss`.
    pub iss: Vec<String>,
    /// Values of `client_id`.
    pub client_id: Vec<String>,
    /// Scopes.
    pub scope: Vec<String>,
    /// Values of `aud`.
    pub aud: Vec<String>,
}

/// `unregistered_jwt_client_behavior`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnregisteredClient {
    /// It is taken for what the other claims say.
    #[default]
    TeamMapping,
    /// It is refused.
    Reject,
    /// It gets a virtual key.
    Register,
}

/// `general_settings.enable_oauth2_auth`, all the rest of which is in the environment.
#[derive(Clone, Debug)]
pub struct OAuth2Auth {
    /// `OAUTH_TOKEN_INFO_ENDPOINT`
    pub endpoint: String,
    /// `OAUTH_CLIENT_ID` and `OAUTH_CLIENT_SECRET`, which an introspection endpoint wants.
    pub client: Option<(String, Secret)>,
    /// `OAUTH_USER_ID_FIELD_NAME` (`sub`)
    pub user_id_field: String,
    /// `OAUTH_USER_ROLE_FIELD_NAME` (`role`)
    pub user_role_field: String,
    /// `OAUTH_USER_TEAM_ID_FIELD_NAME` (`team_id`)
    pub team_id_field: String,
}

// === impl JwtAuth ===

impl Default for JwtAuth {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            issuers: Vec::new(),
            public_key_urls: Vec::new(),
            audience: None,
            issuer: None,
            public_key_ttl: Duration::from_secs(600),
            public_key_stale_ttl: Duration::from_secs(3600),
            claims: ClaimPaths::default(),
            admin_jwt_scope: "litellm_proxy_admin".to_owned(),
            admin_allowed_routes: owned(&[
                "management_routes",
                "spend_tracking_routes",
                "global_spend_tracking_routes",
                "info_routes",
            ]),
            team_allowed_routes: owned(&[
                "openai_routes",
                "info_routes",
                "mcp_routes",
                "/v1/messages",
                "/v1/messages/count_tokens",
            ]),
            team_id_default: None,
            team_id_upsert: false,
            user_id_upsert: false,
            user_allowed_email_domain: None,
            user_allowed_roles: Vec::new(),
            role_mappings: Vec::new(),
            user_role_map: Vec::new(),
            scope_mappings: Vec::new(),
            role_permissions: Vec::new(),
            enforce_rbac: false,
            enforce_scope_based_access: false,
            enforce_team_based_model_access: false,
            sync_user_role_and_teams: false,
            team_claim_fallback: false,
            fallback_to_db_teams: false,
            unregistered_client: UnregisteredClient::default(),
            routing_overrides: Vec::new(),
        }
    }
}

// === impl ClaimPaths ===

impl ClaimPaths {
    /// These paths, and those of `general` where there is none here.
    #[must_use]
    pub fn or(&self, general: &Self) -> Self {
        let either =
            |own: &Option<String>, other: &Option<String>| own.as_ref().or(other.as_ref()).cloned();
        Self {
            user_id: either(&self.user_id, &general.user_id),
            user_email: either(&self.user_email, &general.user_email),
            user_roles: either(&self.user_roles, &general.user_roles),
            team_id: either(&self.team_id, &general.team_id),
            team_ids: either(&self.team_ids, &general.team_ids),
            team_alias: either(&self.team_alias, &general.team_alias),
            organization_id: either(&self.organization_id, &general.organization_id),
            organization_alias: either(&self.organization_alias, &general.organization_alias),
            customer_id: either(&self.customer_id, &general.customer_id),
            roles: either(&self.roles, &general.roles),
            object_id: either(&self.object_id, &general.object_id),
            virtual_key: either(&self.virtual_key, &general.virtual_key),
        }
    }
}

// === impl CallerRole ===

impl CallerRole {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProxyAdmin => "proxy_admin",
            Self::Team => "team",
            Self::InternalUser => "internal_user",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::ProxyAdmin, Self::Team, Self::InternalUser]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}
