//! Who vouches for callers besides the gateway's own keys.

use std::time::Duration;

use lockgate_core::Environment;
use lockgate_core::access::Role;
use lockgate_core::config::{CallerRole, JwtAuth, RoutingOverride, Severity, UnregisteredClient};

use crate::{environment, load, load_in, report};

fn variables() -> Environment {
    environment([
        (
            "JWT_PUBLIC_KEY_URL",
            " https://a.example.com/keys, ,https://b.example.com/keys",
        ),
        ("JWT_AUDIENCE", "lockgate"),
        ("JWT_ISSUER", "https://a.example.com"),
        (
            "OAUTH_TOKEN_INFO_ENDPOINT",
            "https://a.example.com/introspect",
        ),
        ("OAUTH_CLIENT_ID", "gateway"),
        ("OAUTH_CLIENT_SECRET", "hush"),
        ("OAUTH_USER_ID_FIELD_NAME", "uid"),
    ])
}

#[test]
fn nothing_is_accepted_unless_asked_for() {
    let identity = load_in("general_settings: {}\n", &variables())
        .config
        .identity;
    assert!(identity.jwt.is_none() && identity.oauth2.is_none());
}

#[test]
fn litellms_defaults_and_the_environment() {
    let text = "general_settings: {enable_jwt_auth: true, enable_oauth2_auth: true}\n";
    let loaded = load_in(text, &variables());
    assert_eq!(report(&loaded), "");
    let jwt = loaded.config.identity.jwt.expect("JWTs");
    assert_eq!(
        jwt.public_key_urls,
        ["https://a.example.com/keys", "https://b.example.com/keys"]
    );
    assert_eq!(jwt.audience.as_deref(), Some("lockgate"));
    assert_eq!(jwt.issuer.as_deref(), Some("https://a.example.com"));
    assert_eq!(jwt.admin_jwt_scope, "litellm_proxy_admin");
    let times = (jwt.public_key_ttl, jwt.public_key_stale_ttl);
    assert_eq!(times, (Duration::from_secs(600), Duration::from_secs(3600)));
    assert!(
        jwt.team_allowed_routes
            .contains(&"openai_routes".to_owned())
    );
    let oauth2 = loaded.config.identity.oauth2.expect("OAuth 2.0");
    assert_eq!(oauth2.endpoint, "https://a.example.com/introspect");
    assert_eq!(oauth2.client.expect("a client").0, "gateway");
    let fields = [
        &oauth2.user_id_field,
        &oauth2.user_role_field,
        &oauth2.team_id_field,
    ];
    assert_eq!(fields, ["uid", "role", "team_id"]);
}

#[test]
fn all_of_it() {
    let text = "\
general_settings:
  enable_jwt_auth: true
  enable_oauth2_auth: true
  role_permissions: [{role: team, models: [m], routes: [/v1/models]}, {role: proxy_admin}]
  litellm_jwtauth:
    admin_jwt_scope: root
    admin_allowed_routes: [management_routes]
    public_key_ttl: 60
    public_key_stale_ttl: 0
    user_id_jwt_field: sub
    user_email_jwt_field: email
    user_roles_jwt_field: a.b
    user_allowed_roles: basic
    user_allowed_email_domain: example.com
    team_ids_jwt_field: groups
    jwt_client_id_field: azp
    unregistered_jwt_client_behavior: auto_register
    roles_jwt_field: roles
    role_mappings: [{role: dev, internal_role: internal_user}]
    jwt_litellm_role_map: [{jwt_role: 'ADMIN*', litellm_role: proxy_admin_viewer}]
    sync_user_role_and_teams: true
    scope_mappings: [{scope: s, models: [m]}]
    enforce_scope_based_access: true
    routing_overrides: [{iss: 'https://*', client_id: [svc], path: oauth2}]
    issuers:
      - {issuer: 'https://c.example.com', audience: x, team_id_jwt_field: sub, unregistered_jwt_client_behavior: reject}
      - {issuer: 'https://d.example.com', disable_audience_validation: true, jwks_url: 'https://d.example.com/k'}
";
    let loaded = load_in(text, &variables());
    assert_eq!(report(&loaded), "");
    let jwt = loaded.config.identity.jwt.expect("JWTs");
    assert_eq!(
        (jwt.admin_jwt_scope.as_str(), jwt.public_key_stale_ttl),
        ("root", Duration::ZERO)
    );
    assert_eq!(jwt.claims.virtual_key.as_deref(), Some("azp"));
    assert_eq!(jwt.user_allowed_roles, ["basic"]);
    assert_eq!(jwt.role_mappings[0].internal_role, CallerRole::InternalUser);
    assert_eq!(jwt.user_role_map[0].litellm_role, Role::ProxyAdminViewer);
    let models: Vec<_> = jwt
        .role_permissions
        .iter()
        .map(|own| own.models.clone())
        .collect();
    assert_eq!(models, [Some(vec!["m".to_owned()]), None]);
    assert_eq!(jwt.unregistered_client, UnregisteredClient::Register);
    let rule = RoutingOverride {
        iss: vec!["https://*".to_owned()],
        client_id: vec!["svc".to_owned()],
        ..RoutingOverride::default()
    };
    assert_eq!(jwt.routing_overrides, [rule]);
    let [own, other] = &jwt.issuers[..] else {
        panic!("two issuers");
    };
    assert_eq!(own.unregistered_client, Some(UnregisteredClient::Reject));
    let claims = own.claims.or(&jwt.claims);
    assert_eq!(
        (claims.team_id.as_deref(), claims.user_id.as_deref()),
        (Some("sub"), Some("sub"))
    );
    assert!(other.audience.is_empty() && other.jwks_url.is_some());
}

#[test]
fn what_is_wrong_is_said() {
    let text = "\
general_settings:
  enable_jwt_auth: true
  enable_oauth2_auth: true
  role_permissions: [{role: emperor}, {models: [m]}]
  litellm_jwtauth:
    user_id_jwt_feild: sub
    custom_validate: module.function
    public_key_ttl: soon
    user_allowed_roles: [basic]
    role_mappings: [{role: dev, internal_role: customer}, text]
    scope_mappings: [{scope: s, model: m}]
    unregistered_jwt_client_behavior: ask
    routing_overrides: [{path: oauth2}, {iss: x, path: jwt}]
    issuers:
      - {issuer: 'https://c.example.com'}
      - {issuer: 'https://d.example.com', audience: x, disable_audience_validation: true}
      - {issuer: 'https://e.example.com', audience: x}
      - {issuer: 'https://e.example.com', audience: y}
      - {audience: x}
";
    insta::assert_snapshot!(report(&load(text)));
    let forgotten = "general_settings: {litellm_jwtauth: {user_id_jwt_field: sub}}\n";
    assert!(report(&load(forgotten)).contains("without `enable_jwt_auth: true`"));
    let unscoped = environment([("JWT_PUBLIC_KEY_URL", "https://a.example.com/keys")]);
    let unscoped = load_in("general_settings: {enable_jwt_auth: true}\n", &unscoped);
    assert!(report(&unscoped).contains("warning: general_settings.enable_jwt_auth: JWT_AUDIENCE"));
}

#[test]
fn every_effective_name_is_read() {
    let names = "admin_allowed_routes admin_jwt_scope custom_validate end_user_id_jwt_field enforce_rbac \
        enforce_scope_based_access enforce_team_based_model_access fallback_to_db_teams issuers \
        jwt_client_id_field jwt_litellm_role_map object_id_jwt_field org_alias_jwt_field \
        org_id_jwt_field public_key_stale_ttl public_key_ttl role_mappings roles_jwt_field \
        routing_overrides scope_mappings sync_user_role_and_teams team_alias_jwt_field \
        team_allowed_routes team_claim_fallback team_id_default team_id_jwt_field team_id_upsert \
        team_ids_jwt_field unregistered_jwt_client_behavior user_allowed_email_domain \
        user_allowed_roles user_email_jwt_field user_id_jwt_field user_id_upsert \
        user_roles_jwt_field virtual_key_claim_field";
    for name in names.split_whitespace() {
        let text = format!("general_settings: {{litellm_jwtauth: {{{name}: [[[]]]}}}}\n");
        let loaded = load(&text);
        let read = |found: &lockgate_core::Diagnostic| found.severity == Severity::Error;
        assert!(
            loaded.diagnostics.iter().any(read),
            "{name} is not read: {}",
            report(&loaded)
        );
        assert!(!report(&loaded).contains("unknown"), "{name}");
    }
}

/// A setting that restricts and cannot be read must not leave the gateway open.
#[test]
fn what_cannot_be_read_lets_nobody_in() {
    for wrong in [
        "litellm_jwtauth: text",
        "litellm_jwtauth: {user_allowed_email_domain: []}",
        "litellm_jwtauth: {user_allowed_roles: {a: b}}",
        "litellm_jwtauth: {enforce_rbac: perhaps}",
        "litellm_jwtauth: {custom_validate: module.function}",
        "enforce_rbac: perhaps",
        "role_permissions: [{role: emperor}]",
        "role_permissions: [{role: team, models: {a: b}}]",
        "role_permissions: text",
    ] {
        let text = format!("general_settings: {{enable_jwt_auth: true, {wrong}}}\n");
        let loaded = load_in(&text, &variables());
        assert!(loaded.config.identity.jwt.is_none(), "{wrong}");
        assert!(
            report(&loaded).contains("no JWT is accepted"),
            "{wrong}: {}",
            report(&loaded)
        );
    }
}

/// As in LiteLLM: such a token is for managing.
#[test]
fn administrators_do_not_call_models_by_default() {
    let routes = JwtAuth::default().admin_allowed_routes;
    let groups = [
        "management_routes",
        "spend_tracking_routes",
        "global_spend_tracking_routes",
        "info_routes",
    ];
    assert_eq!(routes, groups);
}
