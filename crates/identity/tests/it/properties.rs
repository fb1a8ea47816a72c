//! What must hold of any bytes.

use lockgate_core::config::{CallerRole, JwtAuth, RoleMapping, ScopeMapping, UnregisteredClient};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Gateway, Kind, Signer, claims, now, settings};

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test)
}

/// Names that settings of [`everything`] look for, and some that nobody does.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "iss",
            "aud",
            "exp",
            "nbf",
            "iat",
            "sub",
            "email",
            "email_verified",
            "scope",
            "groups",
            "team",
            "org",
            "roles",
            "a",
            "b",
            "client_id",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::from("litellm_proxy_admin openid")),
        Just(Value::from("ada@example.com")),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Every setting that looks at a claim.
fn everything(paths: &[String]) -> JwtAuth {
    let mut settings = settings();
    let path = |at: usize| paths.get(at).cloned();
    settings.claims.user_id = path(0);
    settings.claims.user_email = path(1);
    settings.claims.user_roles = path(2);
    settings.claims.team_id = path(3);
    settings.claims.team_ids = path(4);
    settings.claims.team_alias = path(5);
    settings.claims.organization_id = path(6);
    settings.claims.customer_id = path(7);
    settings.claims.roles = path(8);
    settings.claims.object_id = path(9);
    settings.claims.virtual_key = path(10);
    settings.user_allowed_roles = vec!["a".to_owned()];
    settings.user_allowed_email_domain = path(11).map(|_| "example.com".to_owned());
    settings.role_mappings = vec![RoleMapping {
        role: "a".to_owned(),
        internal_role: CallerRole::Team,
    }];
    settings.scope_mappings = vec![ScopeMapping {
        scope: "openid".to_owned(),
        models: vec!["m".to_owned()],
        routes: Vec::new(),
    }];
    settings.enforce_scope_based_access = true;
    settings.sync_user_role_and_teams = true;
    settings.unregistered_client = UnregisteredClient::Reject;
    settings
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_token_with_one_byte_changed_is_refused(
        kind in prop::sample::select(vec![Kind::Rsa, Kind::P256, Kind::Ed25519]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..128), 32),
    ) {
        run(async move {
            let signer = Signer::new(kind, "k");
            let gateway = Gateway::new(settings(), &[&signer]);
            let token = signer.token(&claims(json!({})));
            assert!(gateway.show(&token).await.is_ok());
            for (at, mask) in flips {
                let mut bytes = token.clone().into_bytes();
                let at = at.index(bytes.len());
                bytes[at] ^= mask;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(gateway.show(&changed).await.is_err(), "byte {at} by {mask}");
            }
        });
    }

    #[test]
    fn no_claims_make_it_panic_and_no_scope_is_made_up(
        more in prop::collection::btree_map(name(), value(), 0..8),
        paths in prop::collection::vec(prop_oneof![name(), "[a-z.\\\\]{0,10}"], 0..12),
        header in prop::option::of("\\PC{0,12}"),
    ) {
        run(async move {
            let signer = Signer::new(Kind::Ed25519, "k");
            let gateway = Gateway::new(everything(&paths), &[&signer]);
            let more: Value = more.into_iter().collect();
            let scopes = more.get("scope").cloned().unwrap_or_default();
            let token = signer.token(&claims(more));
            let Ok(caller) = gateway.show(&token).await else { return };
            if caller.role == CallerRole::ProxyAdmin {
                assert!(scopes.to_string().contains("litellm_proxy_admin"));
            }
            if caller.admit(header.as_deref()).is_ok() {
                assert!(
                    caller.role == CallerRole::ProxyAdmin || caller.user_id.is_some()
                        || !caller.team_ids.is_empty() || paths.len() > 5,
                    "nobody was let in: {caller:?}"
                );
            }
        });
    }

    #[test]
    fn no_bytes_make_it_panic(token in "[\\PC.]{0,200}") {
        run(async move {
            let gateway = Gateway::new(settings(), &[]);
            let _kind = gateway.identity.kind(&token);
            assert!(gateway.identity.authenticate(&token, now()).await.is_err());
        });
    }
}
