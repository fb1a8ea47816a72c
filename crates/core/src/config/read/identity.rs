//! `enable_jwt_auth`, `litellm_jwtauth`, `role_permissions`, `enable_oauth2_auth` and their variables.

use super::super::findings::Findings;
use super::super::keys;
use super::super::yaml::{Mapping, Mark, Node};
use super::super::{
    CallerRole, ClaimPaths, IdentitySettings, JwtAuth, OAuth2Auth, RoleMapping, RolePermission,
    ScopeMapping, UnregisteredClient, UserRoleMapping,
};
use super::fields::Fields;
use super::issuers;
use super::model::required;
use crate::access::Role;
use crate::{Environment, Secret};

const GENERAL: &str = "general_settings";
/// What is misread must not open what it was to close.
const NO_JWT: &str = "no JWT is accepted";
const NO_TOKEN: &str = "no token is shown to it";
const SKIPPED: &str = "entry skipped";
const ROLES: &str = "proxy_admin, team or internal_user";

pub(super) fn settings(
    section: &Mapping,
    environment: &Environment,
    findings: &mut Findings,
) -> IdentitySettings {
    let jwt = jwt(
        &mut Fields::new(section, GENERAL, findings, NO_JWT),
        environment,
    );
    let mut fields = Fields::new(section, GENERAL, findings, NO_TOKEN);
    let oauth2 = oauth2(&mut fields, environment);
    if let Some(jwt) = &jwt
        && oauth2.is_none()
        && !jwt.routing_overrides.is_empty()
    {
        warn(
            &mut fields,
            "litellm_jwtauth",
            "`routing_overrides` leads to the OAuth 2.0 endpoint, and there is none: set \
             `enable_oauth2_auth` and OAUTH_TOKEN_INFO_ENDPOINT",
        );
    }
    IdentitySettings { jwt, oauth2 }
}

/// One finding, where `name` is written.
fn warn(fields: &mut Fields<'_, '_>, name: &str, message: &str) {
    if let Some(node) = fields.node(name) {
        let path = fields.path_of(name);
        fields.findings.warn(node.mark, &path, message);
    }
}

fn jwt(fields: &mut Fields<'_, '_>, environment: &Environment) -> Option<JwtAuth> {
    const NAME: &str = "litellm_jwtauth";
    let enabled = fields.is_on("enable_jwt_auth");
    let role_permissions = role_permissions(fields);
    let enforce_rbac = fields.is_on("enforce_rbac");
    let mut auth = JwtAuth::default();
    if let Some((mapping, path)) = fields.child(NAME) {
        keys::JWT_AUTH.check(mapping, &path, fields.findings);
        let mut inner = Fields::new(mapping, path, fields.findings, NO_JWT);
        auth = read(&mut inner);
        fields.errors += inner.errors;
    }
    if !enabled {
        warn(
            fields,
            NAME,
            "has no effect without `enable_jwt_auth: true`",
        );
        return None;
    }
    if fields.errors > 0 {
        return None;
    }
    auth.role_permissions = role_permissions;
    auth.enforce_rbac |= enforce_rbac;
    auth.public_key_urls = environment
        .get_non_empty("JWT_PUBLIC_KEY_URL")
        .into_iter()
        .flat_map(|list| list.split(','))
        .map(|url| url.trim().to_owned())
        .filter(|url| !url.is_empty())
        .collect();
    let variable = |name| environment.get_non_empty(name).map(str::to_owned);
    auth.audience = variable("JWT_AUDIENCE");
    auth.issuer = variable("JWT_ISSUER");
    say_what_is_missing(fields, &auth);
    Some(auth)
}

fn say_what_is_missing(fields: &mut Fields<'_, '_>, auth: &JwtAuth) {
    const NAME: &str = "enable_jwt_auth";
    let global = !auth.public_key_urls.is_empty();
    if !global && auth.issuers.is_empty() {
        if let Some(node) = fields.node(NAME) {
            let path = fields.path_of(NAME);
            let message = "no issuer is known: set JWT_PUBLIC_KEY_URL or `litellm_jwtauth.issuers`; \
                           every JWT is refused";
            fields.findings.error(node.mark, &path, message);
        }
    } else if global && auth.audience.is_none() {
        let message = "JWT_AUDIENCE is not set: tokens that the issuer made for any other \
                       application are accepted";
        warn(fields, NAME, message);
    }
}

fn read(fields: &mut Fields<'_, '_>) -> JwtAuth {
    let default = JwtAuth::default();
    let mut own = issuers::claims(fields);
    // The older name; the newer one wins.
    let older = fields.word("jwt_client_id_field");
    own.virtual_key = own.virtual_key.or(older);
    refuse_own_code(fields);
    let auth = JwtAuth {
        issuers: issuers::list(fields),
        public_key_ttl: fields
            .timeout("public_key_ttl")
            .unwrap_or(default.public_key_ttl),
        public_key_stale_ttl: fields
            .seconds("public_key_stale_ttl")
            .unwrap_or(default.public_key_stale_ttl),
        claims: ClaimPaths {
            user_roles: fields.word("user_roles_jwt_field"),
            team_alias: fields.word("team_alias_jwt_field"),
            organization_alias: fields.word("org_alias_jwt_field"),
            roles: fields.word("roles_jwt_field"),
            object_id: fields.word("object_id_jwt_field"),
            ..own
        },
        admin_jwt_scope: fields
            .word("admin_jwt_scope")
            .unwrap_or(default.admin_jwt_scope),
        admin_allowed_routes: list_or(fields, "admin_allowed_routes", default.admin_allowed_routes),
        team_allowed_routes: list_or(fields, "team_allowed_routes", default.team_allowed_routes),
        team_id_default: fields.word("team_id_default"),
        team_id_upsert: fields.is_on("team_id_upsert"),
        user_id_upsert: fields.is_on("user_id_upsert"),
        user_allowed_email_domain: fields.word("user_allowed_email_domain"),
        user_allowed_roles: fields.texts("user_allowed_roles"),
        role_mappings: role_mappings(fields),
        user_role_map: user_role_map(fields),
        scope_mappings: scope_mappings(fields),
        role_permissions: Vec::new(),
        enforce_rbac: fields.is_on("enforce_rbac"),
        enforce_scope_based_access: fields.is_on("enforce_scope_based_access"),
        enforce_team_based_model_access: fields.is_on("enforce_team_based_model_access"),
        sync_user_role_and_teams: fields.is_on("sync_user_role_and_teams"),
        team_claim_fallback: fields.is_on("team_claim_fallback"),
        fallback_to_db_teams: fields.is_on("fallback_to_db_teams"),
        unregistered_client: issuers::unregistered(fields).unwrap_or_default(),
        routing_overrides: issuers::routing_overrides(fields),
        ..default
    };
    say_what_does_not_fit(fields, &auth);
    auth
}

/// A check that is not made must not look as if it were.
fn refuse_own_code(fields: &mut Fields<'_, '_>) {
    const NAME: &str = "custom_validate";
    if let Some(node) = fields.node(NAME) {
        let path = fields.path_of(NAME);
        let message = "code of the operator's is not run here; remove it, or check at the issuer";
        fields.error(node.mark, &path, message);
    }
}

/// Settings that need each other.
fn say_what_does_not_fit(fields: &mut Fields<'_, '_>, auth: &JwtAuth) {
    let claims = &auth.claims;
    if claims.user_roles.is_some() && auth.user_allowed_roles.is_empty() {
        warn(
            fields,
            "user_roles_jwt_field",
            "has no effect without `user_allowed_roles`",
        );
    }
    if claims.user_roles.is_none() {
        warn(
            fields,
            "user_allowed_roles",
            "has no effect without `user_roles_jwt_field`",
        );
    }
    if claims.roles.is_none() {
        let message = "has no effect without `roles_jwt_field`";
        warn(fields, "role_mappings", message);
        warn(fields, "jwt_litellm_role_map", message);
    }
    if !auth.enforce_scope_based_access {
        let message = "has no effect without `enforce_scope_based_access: true`";
        warn(fields, "scope_mappings", message);
    }
    if !auth.sync_user_role_and_teams {
        let message = "has no effect without `sync_user_role_and_teams: true`";
        warn(fields, "jwt_litellm_role_map", message);
    }
    if auth.unregistered_client != UnregisteredClient::TeamMapping
        && claims.virtual_key.is_none()
        && auth
            .issuers
            .iter()
            .all(|issuer| issuer.claims.virtual_key.is_none())
    {
        let message = "has no effect without `virtual_key_claim_field`";
        warn(fields, "unregistered_jwt_client_behavior", message);
    }
}

/// The list as written; one that is not written, or empty, as `default` has it.
fn list_or(fields: &mut Fields<'_, '_>, name: &str, default: Vec<String>) -> Vec<String> {
    let written = fields.texts(name);
    if written.is_empty() { default } else { written }
}

/// The entries of a list, each read by `one`; what it has no value for is left out. That is for
/// lists whose entries let somebody in.
pub(super) fn entries<T>(
    fields: &mut Fields<'_, '_>,
    name: &str,
    table: keys::KeyTable,
    mut one: impl FnMut(&mut Fields<'_, '_>, Mark) -> Option<T>,
) -> Vec<T> {
    let Some((items, path)) = fields.items(name) else {
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(mapping) = Node::as_mapping(item) else {
            fields.wrong(item, &path, "a mapping");
            continue;
        };
        table.check(mapping, &path, fields.findings);
        let mut inner = Fields::new(mapping, path, fields.findings, SKIPPED);
        let entry = one(&mut inner, item.mark);
        entries.extend(entry.filter(|_| inner.errors == 0));
    }
    entries
}

/// A value out of a few, all of which `expected` tells.
pub(super) fn choice<T>(
    fields: &mut Fields<'_, '_>,
    name: &str,
    expected: &str,
    named: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let written = fields.word(name)?;
    let choice = named(&written);
    if choice.is_none()
        && let Some(node) = fields.node(name)
    {
        let path = fields.path_of(name);
        fields.error(node.mark, &path, &format!("expected {expected}"));
    }
    choice
}

fn role_mappings(fields: &mut Fields<'_, '_>) -> Vec<RoleMapping> {
    entries(
        fields,
        "role_mappings",
        keys::ROLE_MAPPING,
        |inner, mark| {
            let role = required(inner, "role", mark);
            required(inner, "internal_role", mark)?;
            Some(RoleMapping {
                role: role?,
                internal_role: choice(inner, "internal_role", ROLES, CallerRole::named)?,
            })
        },
    )
}

fn user_role_map(fields: &mut Fields<'_, '_>) -> Vec<UserRoleMapping> {
    const NAME: &str = "jwt_litellm_role_map";
    const EXPECTED: &str = "proxy_admin, proxy_admin_viewer, internal_user, internal_user_viewer \
                            or another role of a user";
    entries(fields, NAME, keys::USER_ROLE_MAPPING, |inner, mark| {
        let jwt_role = required(inner, "jwt_role", mark);
        required(inner, "litellm_role", mark)?;
        Some(UserRoleMapping {
            jwt_role: jwt_role?,
            litellm_role: choice(inner, "litellm_role", EXPECTED, Role::named)?,
        })
    })
}

fn scope_mappings(fields: &mut Fields<'_, '_>) -> Vec<ScopeMapping> {
    entries(
        fields,
        "scope_mappings",
        keys::SCOPE_MAPPING,
        |inner, mark| {
            Some(ScopeMapping {
                scope: required(inner, "scope", mark)?,
                models: inner.texts("models"),
                routes: inner.texts("routes"),
            })
        },
    )
}

/// An entry that cannot be read would have kept somebody out, so it is an error of the whole.
fn role_permissions(fields: &mut Fields<'_, '_>) -> Vec<RolePermission> {
    const NAME: &str = "role_permissions";
    let written = fields.items(NAME).map_or(0, |(items, _)| items.len());
    let permissions = entries(fields, NAME, keys::ROLE_PERMISSION, |inner, mark| {
        required(inner, "role", mark)?;
        let mut list = |name| inner.node(name).map(|_| inner.texts(name));
        let (models, routes) = (list("models"), list("routes"));
        Some(RolePermission {
            role: choice(inner, "role", ROLES, CallerRole::named)?,
            models,
            routes,
        })
    });
    if permissions.len() < written
        && let Some(node) = fields.node(NAME)
    {
        let path = fields.path_of(NAME);
        fields.error(node.mark, &path, "an entry cannot be read");
    }
    permissions
}

fn oauth2(fields: &mut Fields<'_, '_>, environment: &Environment) -> Option<OAuth2Auth> {
    const NAME: &str = "enable_oauth2_auth";
    if !fields.is_on(NAME) {
        return None;
    }
    let Some(endpoint) = environment.get_non_empty("OAUTH_TOKEN_INFO_ENDPOINT") else {
        if let Some(node) = fields.node(NAME) {
            let path = fields.path_of(NAME);
            fields.error(node.mark, &path, "OAUTH_TOKEN_INFO_ENDPOINT is not set");
        }
        return None;
    };
    let field = |name, default: &str| {
        environment
            .get_non_empty(name)
            .unwrap_or(default)
            .to_owned()
    };
    let client = environment
        .get_non_empty("OAUTH_CLIENT_ID")
        .zip(environment.get_non_empty("OAUTH_CLIENT_SECRET"));
    Some(OAuth2Auth {
        endpoint: endpoint.trim().to_owned(),
        client: client.map(|(id, secret)| (id.to_owned(), Secret::new(secret))),
        user_id_field: field("OAUTH_USER_ID_FIELD_NAME", "sub"),
        user_role_field: field("OAUTH_USER_ROLE_FIELD_NAME", "role"),
        team_id_field: field("OAUTH_USER_TEAM_ID_FIELD_NAME", "team_id"),
    })
}
