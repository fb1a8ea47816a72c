//! Whom claims name, and what the operator says about them.

use std::sync::Arc;

use lockgate_core::access::Role;
use lockgate_core::config::{
    CallerRole, JwtAuth, RoleMapping, RolePermission, ScopeMapping, UnregisteredClient,
    UserRoleMapping,
};
use lockgate_core::error::GatewayError;
use lockgate_identity::{Caller, Identity, IdentityError, TeamChoice, UserSync, VirtualKeyClaim};
use serde_json::{Value, json};

use crate::support::{Gateway, ISSUER, Kind, Outcome, Signer, claims, settings};

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

pub(crate) async fn outcome(settings: JwtAuth, more: Value) -> Outcome {
    let signer = Signer::new(Kind::Ed25519, "k");
    Gateway::new(settings, &[&signer])
        .show(&signer.token(&claims(more)))
        .await
}

pub(crate) async fn caller(settings: JwtAuth, more: Value) -> Arc<Caller> {
    outcome(settings, more).await.unwrap()
}

fn by(refused: Result<TeamChoice, IdentityError>) -> &'static str {
    match refused {
        Err(IdentityError::Forbidden { setting, .. }) => setting,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_with_all_that_a_token_can_say() {
    let mut settings = settings();
    settings.claims.user_email = Some("email".to_owned());
    settings.claims.organization_id = Some("org.id".to_owned());
    settings.claims.organization_alias = Some("org.name".to_owned());
    settings.claims.customer_id = Some("https://example\\.com/customer".to_owned());
    settings.user_id_upsert = true;
    let caller = caller(
        settings,
        json!({
            "email": "ada@example.com", "org": {"id": 7, "name": "engines"},
            "https://example.com/customer": "c", "scope": "openid",
        }),
    )
    .await;
    assert_eq!(caller.role, CallerRole::InternalUser);
    assert_eq!(caller.user_id.as_deref(), Some("ada"));
    assert_eq!(caller.user_email.as_deref(), Some("ada@example.com"));
    assert_eq!(caller.organization_id.as_deref(), Some("7"));
    assert_eq!(caller.organization_alias.as_deref(), Some("engines"));
    assert_eq!(caller.customer_id.as_deref(), Some("c"));
    assert_eq!(
        (caller.user_role, caller.issuer.as_deref()),
        (None, Some(ISSUER))
    );
    assert!(caller.wishes.create_user && caller.wishes.sync.is_none());
    assert!(caller.models.is_empty() && caller.routes.is_empty());
    assert_eq!(caller.admit(None), Ok(TeamChoice::OnlyMembership));
}

#[tokio::test(start_paused = true)]
async fn an_administrator_is_who_has_the_scope() {
    for scope in [
        json!("openid litellm_proxy_admin"),
        json!(["litellm_proxy_admin"]),
    ] {
        let caller = caller(settings(), json!({"scope": scope})).await;
        assert_eq!(caller.role, CallerRole::ProxyAdmin);
        assert_eq!(caller.user_role, Some(Role::ProxyAdmin));
        assert_eq!(caller.routes[0].setting, "admin_allowed_routes");
        assert!(!caller.routes[0].names.contains(&"openai_routes".to_owned()));
        assert_eq!(caller.admit(None), Ok(TeamChoice::None));
    }
    let nearly = [
        "litellm_proxy_admins",
        "LITELLM_PROXY_ADMIN",
        "litellm_proxy_admin,x",
        "x:litellm_proxy_admin",
    ];
    for scope in nearly {
        let caller = caller(
            settings(),
            json!({"scope": scope, "scp": "litellm_proxy_admin"}),
        )
        .await;
        assert_eq!(caller.role, CallerRole::InternalUser, "{scope}");
    }
    assert!(
        outcome(settings(), json!({"scope": {"litellm_proxy_admin": true}}))
            .await
            .is_err()
    );
    assert!(
        outcome(settings(), json!({"scope": [["litellm_proxy_admin"]]}))
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_names_nobody_lets_nobody_in() {
    let mut settings = settings();
    settings.claims.user_id = None;
    let nobody = caller(settings.clone(), json!({})).await;
    assert_eq!(
        by(nobody.admit(None)),
        "user_id_jwt_field, team_id_jwt_field"
    );
    settings.claims.user_email = Some("email".to_owned());
    let by_mail = caller(settings, json!({"email": "ada@example.com"})).await;
    assert_eq!(by_mail.user_id.as_deref(), Some("ada@example.com"));
    assert!(by_mail.admit(None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn ids_are_texts() {
    for sub in [
        json!({"a": 1}),
        json!(["ada"]),
        json!(true),
        json!(1.5),
        json!("a\nb"),
        json!("a".repeat(513)),
    ] {
        let refused = outcome(settings(), json!({"sub": sub})).await;
        assert!(
            matches!(refused, Err(IdentityError::Claim { ref claim, .. }) if claim == "sub"),
            "{refused:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_of_the_domain() {
    let mut settings = settings();
    settings.claims.user_email = Some("email".to_owned());
    settings.user_allowed_email_domain = Some("example.com".to_owned());
    for said in [
        json!({"email": "ada@example.com"}),
        json!({"email": "ada@EXAMPLE.com", "email_verified": true}),
    ] {
        assert!(caller(settings.clone(), said).await.admit(None).is_ok());
    }
    for said in [
        json!({}),
        json!({"email": "ada@evil-example.com"}),
        json!({"email": "ada@example.com.evil.com"}),
        json!({"email": "ada@sub.example.com"}),
        json!({"email": "example.com"}),
        json!({"email": "@example.com"}),
        json!({"email": "ada@example.com", "email_verified": false}),
        json!({"email": "ada@example.com", "email_verified": "no"}),
    ] {
        let refused = caller(settings.clone(), said.clone())
            .await
            .admit(None)
            .unwrap_err();
        assert_eq!(
            (refused.status(), refused.param()),
            (403, Some("user_email")),
            "{said}"
        );
        assert!(!refused.to_string().contains("ada@"), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_users_with_a_role() {
    let mut settings = settings();
    settings.claims.user_roles = Some("resource_access.gateway.roles".to_owned());
    settings.user_allowed_roles = owned(&["basic"]);
    let roles = |roles: Value| json!({"resource_access": {"gateway": {"roles": roles}}});
    for good in [json!(["x", "basic"]), json!("basic")] {
        assert!(
            caller(settings.clone(), roles(good))
                .await
                .admit(None)
                .is_ok()
        );
    }
    for bad in [json!(["x"]), json!([]), json!("basically")] {
        let refused = caller(settings.clone(), roles(bad)).await.admit(None);
        assert_eq!(by(refused), "user_allowed_roles");
    }
    assert_eq!(
        by(caller(settings, json!({})).await.admit(None)),
        "user_allowed_roles"
    );
}

#[tokio::test(start_paused = true)]
async fn roles_are_mapped_and_enforced() {
    let mut settings = settings();
    settings.claims.user_id = None;
    settings.claims.roles = Some("roles".to_owned());
    settings.claims.object_id = Some("oid".to_owned());
    settings.enforce_rbac = true;
    let mapping = |role: &str, internal_role| RoleMapping {
        role: role.to_owned(),
        internal_role,
    };
    settings.role_mappings = vec![
        mapping("svc", CallerRole::Team),
        mapping("dev", CallerRole::InternalUser),
        mapping("root", CallerRole::ProxyAdmin),
    ];
    settings.role_permissions = vec![RolePermission {
        role: CallerRole::Team,
        models: Some(owned(&["small", "openai/*"])),
        routes: Some(owned(&["/v1/chat/completions"])),
    }];
    let team = caller(
        settings.clone(),
        json!({"roles": ["dev", "svc"], "oid": "x"}),
    )
    .await;
    assert_eq!(
        (team.role, &team.team_ids),
        (CallerRole::Team, &owned(&["x"]))
    );
    assert!(matches!(team.admit(None), Ok(TeamChoice::Id { id, .. }) if id == "x"));
    let settings_of: Vec<_> = team.routes.iter().map(|limit| limit.setting).collect();
    assert_eq!(settings_of, ["team_allowed_routes", "role_permissions"]);
    assert!(team.check_model("small").is_ok() && team.check_model("openai/gpt").is_ok());
    let setting = "role_permissions";
    assert_eq!(
        team.check_model("large"),
        Err(IdentityError::Model { setting })
    );

    let user = caller(settings.clone(), json!({"roles": "dev", "oid": "u"})).await;
    assert_eq!(
        (user.role, user.user_id.as_deref()),
        (CallerRole::InternalUser, Some("u"))
    );
    assert!(user.admit(None).is_ok() && user.models.is_empty());

    let none = caller(settings.clone(), json!({"roles": ["x"], "oid": "u"})).await;
    assert_eq!(by(none.admit(None)), "enforce_rbac");
    // As in LiteLLM: only the scope makes an administrator.
    let root = caller(settings, json!({"roles": "root", "oid": "u"})).await;
    assert_ne!(root.role, CallerRole::ProxyAdmin);
    assert!(root.admit(None).is_err());
}

#[tokio::test(start_paused = true)]
async fn scopes_open_models() {
    let mut settings = settings();
    let mapping = |scope: &str, models: &[&str], routes: &[&str]| ScopeMapping {
        scope: scope.to_owned(),
        models: owned(models),
        routes: owned(routes),
    };
    settings.scope_mappings = vec![
        mapping("a", &["m"], &[]),
        mapping("b", &["n"], &["/v1/models"]),
    ];
    let open = caller(settings.clone(), json!({"scope": "x"})).await;
    assert!(open.check_model("m").is_ok(), "not enforced");
    settings.enforce_scope_based_access = true;
    for (scope, models, routes) in [
        ("a", "m", 0),
        ("b", "n", 1),
        ("a b", "m n", 1),
        ("x", "", 0),
    ] {
        let caller = caller(settings.clone(), json!({"scope": scope})).await;
        for model in ["m", "n"] {
            let expected = models.contains(model);
            assert_eq!(
                caller.check_model(model).is_ok(),
                expected,
                "{scope} {model}"
            );
        }
        assert_eq!(caller.routes.len(), routes, "{scope}");
    }
    let refused = IdentityError::Model {
        setting: "scope_mappings",
    };
    assert_eq!((refused.status(), refused.param()), (403, Some("model")));
}

#[tokio::test(start_paused = true)]
async fn users_are_made_what_their_tokens_say() {
    let mut settings = settings();
    settings.claims.roles = Some("roles".to_owned());
    settings.claims.team_ids = Some("groups".to_owned());
    settings.sync_user_role_and_teams = true;
    settings.user_role_map = vec![UserRoleMapping {
        jwt_role: "ADMIN*".to_owned(),
        litellm_role: Role::ProxyAdminViewer,
    }];
    let said = json!({"roles": ["x", "ADMIN-EU"], "groups": ["a", "b"]});
    let sync = |role, teams| Some(UserSync { role, teams });
    let viewer = Some(Role::ProxyAdminViewer);
    let synced = caller(settings.clone(), said).await;
    assert_eq!(synced.wishes.sync, sync(viewer, Some(owned(&["a", "b"]))));
    assert_eq!(synced.user_role, None, "it counts once it is the user's");
    let without = caller(settings.clone(), json!({})).await;
    assert_eq!(without.wishes.sync, sync(None, Some(Vec::new())));
    settings.fallback_to_db_teams = true;
    let kept = caller(settings, json!({})).await;
    assert_eq!(kept.wishes.sync, sync(None, None));
}

#[tokio::test(start_paused = true)]
async fn clients_that_have_a_virtual_key() {
    let mut settings = settings();
    settings.claims.user_id = None;
    settings.claims.virtual_key = Some("azp".to_owned());
    let client = caller(settings.clone(), json!({"azp": "ci"})).await;
    let expected = VirtualKeyClaim {
        issuer: None,
        claim: "azp".to_owned(),
        value: "ci".to_owned(),
        unregistered: UnregisteredClient::TeamMapping,
    };
    assert_eq!(client.virtual_key.as_ref(), Some(&expected));
    assert_eq!(expected.refusal().status(), 403);
    assert!(client.admit(None).is_err(), "without a key it is nobody");
    assert_eq!(caller(settings.clone(), json!({})).await.virtual_key, None);
    for behaviour in [UnregisteredClient::Reject, UnregisteredClient::Register] {
        settings.unregistered_client = behaviour;
        let refused = outcome(settings.clone(), json!({})).await;
        assert_eq!(refused.unwrap_err().status(), 403);
    }
}

/// A core may run it, and so may any other thread.
#[test]
fn it_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<Identity>();
    shared::<Caller>();
    shared::<lockgate_identity::Keeper>();
}

/// What clients see (reference sections 2.4 and 3.7).
#[test]
fn errors_as_clients_see_them() {
    let forbidden = |setting| IdentityError::Forbidden {
        setting,
        why: "no".to_owned(),
    };
    let table = [
        (IdentityError::Malformed("x"), 401, "auth_error", None),
        (IdentityError::Signature, 401, "auth_error", None),
        (IdentityError::Expired, 401, "expired_key", None),
        (IdentityError::Inactive, 401, "auth_error", None),
        (forbidden("enforce_rbac"), 403, "auth_error", None),
        (
            forbidden("user_allowed_email_domain"),
            403,
            "auth_error",
            Some("user_email"),
        ),
        (
            IdentityError::Model {
                setting: "scope_mappings",
            },
            403,
            "auth_error",
            Some("model"),
        ),
        (
            IdentityError::Unavailable("x"),
            503,
            "auth_provider_unavailable",
            None,
        ),
    ];
    for (error, status, error_type, param) in table {
        let seen = GatewayError::from(error).api;
        assert_eq!((seen.status, seen.param.as_deref()), (status, param));
        assert_eq!(seen.error_type.as_deref(), Some(error_type));
        assert!(seen.message.starts_with("Authentication failed: "));
    }
}
