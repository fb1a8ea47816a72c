//! What the gateway does on its own: keys that are rotated, and what tokens name.

use lockgate_admin::{Registration, Role, Rotated};
use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{Change, EntityStore, Put};
use serde_json::json;

use crate::support::{Api, NOW};

/// The same API, some seconds later.
fn later(api: &Api, clock: fn() -> i64) -> Api {
    let mut api = api.copy();
    api.admin.clock = clock;
    api
}

#[tokio::test]
async fn keys_whose_time_has_come_are_replaced() {
    let api = Api::with(|settings| settings.rotation_grace_period = Some("1h".to_owned()));
    for (alias, settings) in [
        (
            "due",
            json!({"auto_rotate": true, "rotation_interval": "1m"}),
        ),
        (
            "later",
            json!({"auto_rotate": true, "rotation_interval": "1h"}),
        ),
        (
            "off",
            json!({"auto_rotate": false, "rotation_interval": "1m"}),
        ),
        (
            "blocked",
            json!({"auto_rotate": true, "rotation_interval": "1m", "blocked": true}),
        ),
    ] {
        let mut body = settings;
        body["key_alias"] = alias.into();
        api.must("POST", "/key/generate", body).await;
    }
    let count = async |api: &Api, alias: &str| {
        let path = format!("/key/list?key_alias={alias}&return_full_object=true");
        let found = api.must("GET", &path, None).await;
        found["keys"][0]["rotation_count"].as_i64()
    };
    // Nobody's time has come.
    assert_eq!(api.admin.rotate_keys().await, Ok(Some(Rotated::default())));
    let api = later(&api, || NOW + 120 * 1_000_000);
    let done = Rotated { done: 1, failed: 0 };
    assert_eq!(api.admin.rotate_keys().await, Ok(Some(done)));
    // Once: the next time is a minute away.
    assert_eq!(api.admin.rotate_keys().await, Ok(Some(Rotated::default())));
    let mut counts = Vec::new();
    for alias in ["due", "later", "off", "blocked"] {
        counts.push(count(&api, alias).await);
    }
    assert_eq!(counts, [Some(1), Some(0), Some(0), Some(0)]);
}

#[tokio::test]
async fn one_replica_rotates_at_a_time() {
    let api = Api::new();
    let body = json!({"auto_rotate": true, "rotation_interval": "1m"});
    api.must("POST", "/key/generate", body).await;
    let mut lease = Entity::new(EntityId::new(EntityKind::Lease, "key_rotation"), NOW);
    lease.expires_at = Some(NOW + 240 * 1_000_000);
    let change = Change {
        puts: vec![Put::Insert(lease)],
        ..Change::default()
    };
    api.store.change(&change).await.unwrap();
    let during = later(&api, || NOW + 120 * 1_000_000);
    assert_eq!(during.admin.rotate_keys().await, Ok(None));
    // Whoever held it has died.
    let after = later(&api, || NOW + 300 * 1_000_000);
    let done = Rotated { done: 1, failed: 0 };
    assert_eq!(after.admin.rotate_keys().await, Ok(Some(done)));
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a story is as long as it is")]
async fn what_tokens_name_is_made_once_and_told() {
    let api = Api::with(|settings| {
        let defaults = json!({"max_budget": 3.0}).as_object().cloned();
        settings.default_internal_user_params = defaults.unwrap_or_default();
    });
    let user = |id: &str| Registration::User {
        id: id.to_owned(),
        email: Some("a@example.com".to_owned()),
    };
    let team = Registration::Team {
        id: "red".to_owned(),
    };
    for wanted in [user("ann"), user("ann"), team.clone(), team] {
        api.admin.register(&wanted).await.unwrap();
    }
    // Somebody else has the address.
    api.admin.register(&user("bob")).await.unwrap();
    let place = |role, joins: &[&str], leaves: &[&str]| Registration::Place {
        user: "ann".to_owned(),
        role,
        joins: joins.iter().map(|&id| id.to_owned()).collect(),
        leaves: leaves.iter().map(|&id| id.to_owned()).collect(),
    };
    let viewer = Some(Role::ProxyAdminViewer);
    api.admin
        .register(&place(viewer, &["red"], &[]))
        .await
        .unwrap();
    api.admin
        .register(&place(viewer, &["red"], &[]))
        .await
        .unwrap();
    let ann = api.must("GET", "/user/info?user_id=ann", None).await;
    assert_eq!(ann["user_info"]["max_budget"], 3.0);
    assert_eq!(ann["user_info"]["user_role"], "proxy_admin_viewer");
    assert_eq!(ann["user_info"]["teams"], json!(["red"]));
    let bob = api.must("GET", "/user/info?user_id=bob", None).await;
    assert_eq!(bob["user_info"]["user_email"], json!(null));
    api.admin
        .register(&place(None, &[], &["red"]))
        .await
        .unwrap();
    let ann = api.must("GET", "/user/info?user_id=ann", None).await;
    assert_eq!(ann["user_info"]["teams"], json!([]));
    assert!(
        api.admin
            .register(&place(None, &["nowhere"], &[]))
            .await
            .is_err()
    );

    let client = Registration::Client {
        issuer: None,
        claim: "client_id".to_owned(),
        value: "build".to_owned(),
        user: Some("ann".to_owned()),
        team: None,
    };
    api.admin.register(&client).await.unwrap();
    api.admin.register(&client).await.unwrap();
    let keys = api.must("GET", "/key/list?user_id=ann", None).await;
    assert_eq!(keys["total_count"], 1);
    let audit = api.must("GET", "/audit?page_size=100", None).await;
    assert!(audit.to_string().contains("\"jwt\""), "{audit}");
    let told = api.told.puts.lock().unwrap();
    assert!(told.iter().any(|put| put.kind == EntityKind::JwtMapping));
}
