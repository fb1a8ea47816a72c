//! Virtual keys that stand for the tokens of a client.

use serde_json::{Value, json};

use super::jwt::{Trust, ask};
use super::{Database, holder, key, manage, question};
use crate::support::{CHAT, MASTER};

fn settings(unregistered: &str) -> Value {
    json!({
        "user_id_jwt_field": "sub",
        "user_id_upsert": true,
        "virtual_key_claim_field": "client_id",
        "unregistered_jwt_client_behavior": unregistered,
    })
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a story is as long as it is")]
async fn a_claim_is_a_key() {
    let trust = Trust::new(Database::Sqlite, 0.0).await;
    let gateway = trust.start(settings("reject")).await;
    let open = key(&gateway, json!({ "models": ["mock"] })).await;
    let closed = key(&gateway, json!({ "models": ["other"] })).await;
    let filed = json!({
        "jwt_claim_name": "client_id", "jwt_claim_value": "build", "key": open, "description": "CI",
    });
    let mapping = manage(&gateway, "/jwt/key/mapping/new", filed.clone()).await;
    assert_eq!(mapping["is_active"], true);
    assert!(!mapping.to_string().contains(&open[3..]), "{mapping}");
    let token = |client: &str| {
        trust
            .signer
            .token(json!({ "sub": "x", "client_id": client }))
    };
    let build = token("build");
    assert_eq!(ask(&gateway, &build).await.status, 200);
    assert_eq!(ask(&gateway, &token("stranger")).await.status, 403);
    assert_eq!(
        ask(&gateway, &trust.signer.token(json!({ "sub": "x" })))
            .await
            .status,
        403
    );

    // One claim, one key.
    let master = gateway.client().bearer(MASTER);
    let again = master.post("/jwt/key/mapping/new", &filed).await.unwrap();
    assert_eq!(again.status, 409, "{}", again.text());
    // What the key may not, its tokens may not.
    let id = &mapping["id"];
    manage(
        &gateway,
        "/jwt/key/mapping/update",
        json!({ "id": id, "key": closed }),
    )
    .await;
    let reply = ask(&gateway, &build).await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert_eq!(reply.json()["error"]["type"], "key_model_access_denied");
    let back = json!({ "id": id, "key": open, "jwt_claim_value": "release" });
    manage(&gateway, "/jwt/key/mapping/update", back).await;
    assert_eq!(ask(&gateway, &build).await.status, 403);
    assert_eq!(ask(&gateway, &token("release")).await.status, 200);
    // A regenerated key takes its tokens along; one that is gone leaves them outside.
    let made = manage(&gateway, "/key/regenerate", json!({ "key": open })).await;
    assert_eq!(ask(&gateway, &token("release")).await.status, 200);
    manage(
        &gateway,
        "/jwt/key/mapping/update",
        json!({ "id": id, "is_active": false }),
    )
    .await;
    assert_eq!(ask(&gateway, &token("release")).await.status, 403);
    manage(
        &gateway,
        "/jwt/key/mapping/update",
        json!({ "id": id, "is_active": true }),
    )
    .await;
    manage(&gateway, "/key/delete", json!({ "keys": [made["key"]] })).await;
    assert_eq!(ask(&gateway, &token("release")).await.status, 403);
    let listed = master.get("/jwt/key/mapping/list").await.unwrap().json();
    assert_eq!(listed["total_count"], 0);

    // The mappings are for administrators.
    let other = key(&gateway, json!({})).await;
    let reply = holder(&gateway, &other)
        .post("/jwt/key/mapping/new", &filed)
        .await
        .unwrap();
    assert_eq!(reply.status, 403, "{}", reply.text());
}

#[tokio::test]
async fn a_client_without_a_key_may_get_one() {
    let trust = Trust::new(Database::Sqlite, 0.0).await;
    let gateway = trust.start(settings("auto_register")).await;
    let token = trust
        .signer
        .token(json!({ "sub": "ann", "client_id": "build" }));
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let client = holder(&gateway, &token);
        asking.spawn(async move { client.post(CHAT, &question()).await.unwrap() });
    }
    for reply in asking.join_all().await {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let master = gateway.client().bearer(MASTER);
    let listed = master.get("/jwt/key/mapping/list").await.unwrap().json();
    assert_eq!(listed["total_count"], 1, "{listed}");
    let keys = master.get("/key/list?user_id=ann").await.unwrap().json();
    assert_eq!(keys["total_count"], 1, "{keys}");
}
