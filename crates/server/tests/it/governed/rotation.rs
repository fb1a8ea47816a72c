//! Keys that the gateway replaces by itself.

use serde_json::json;

use super::{Database, Site, holder, key, on_each_database, question};
use crate::support::{CHAT, MASTER, eventually};

on_each_database! {
    a_key_that_is_old_is_replaced_and_opens_for_a_while
}

async fn a_key_that_is_old_is_replaced_and_opens_for_a_while(database: Database) {
    let site = Site::new(database, 0.0).await;
    let builder = site.builder().env("LITELLM_KEY_ROTATION_ENABLED", "true");
    let builder = builder.env("LITELLM_KEY_ROTATION_CHECK_INTERVAL_SECONDS", "1");
    let builder = builder.env("LITELLM_KEY_ROTATION_GRACE_PERIOD", "1h");
    let gateway = builder.start().await.unwrap();
    let kept = key(
        &gateway,
        json!({ "key_alias": "kept", "rotation_interval": "1s" }),
    )
    .await;
    let settings = json!({
        "key_alias": "turning", "user_id": "ann", "auto_rotate": true, "rotation_interval": "3s", "max_budget": 7.0,
    });
    let old = key(&gateway, settings).await;
    let master = gateway.client().bearer(MASTER);
    eventually("the key is replaced", || async {
        let path = "/key/list?key_alias=turning&return_full_object=true";
        let found = master.get(path).await.unwrap().json();
        let found = &found["keys"][0];
        assert_eq!(found["max_budget"], 7.0, "{found}");
        found["rotation_count"].as_i64() > Some(0)
    })
    .await;
    for key in [&old, &kept] {
        let reply = holder(&gateway, key).post(CHAT, &question()).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    // Who holds the old one may have a new one that is shown.
    let reply = holder(&gateway, &old)
        .post("/key/regenerate", &json!({}))
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let fresh = reply.json()["key"].as_str().unwrap().to_owned();
    let reply = holder(&gateway, &fresh)
        .post(CHAT, &question())
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let told = master
        .get(&format!("/key/info?key={kept}"))
        .await
        .unwrap()
        .json();
    assert_eq!(
        told["info"]["rotation_count"], 0,
        "nobody asked for it: {told}"
    );
}
