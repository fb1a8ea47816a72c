//! `/key/...`

use lockgate_admin::Role;
use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ports::EntityStore as _;
use serde_json::{Value, json};

use crate::support::{Api, Membership as _, NOW, pretty, user};

const KEY: &str = "sk-test-0123456789abcd";

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_its_hash() {
    let api = Api::new();
    let made = api.must("POST", "/key/generate", json!({})).await;
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("sk-") && key.len() == 25, "{key}");
    let id = made["token"].as_str().unwrap();
    assert_eq!((id.len(), &made["token_id"]), (64, &made["token"]));
    assert_eq!(made["key_name"], format!("sk-...{}", &key[21..]));
    let stored = api.store.entity(&EntityId::new(EntityKind::Key, id)).await;
    let stored = stored.unwrap().unwrap();
    assert!(!format!("{stored:?}").contains(key), "{stored:?}");
    let info = api.must("GET", &format!("/key/info?key={key}"), None).await;
    assert_eq!(info["key"], key);
    assert!(!info["info"].to_string().contains(&key[3..]), "{info}");
    assert!(!format!("{:?}", api.audit().await).contains(key));
    assert_eq!(api.told.puts.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_answers_have_every_field_of_litellm() {
    let api = Api::new();
    let body = json!({
        "key": KEY, "key_alias": "one", "duration": "30d", "models": ["gpt-5"], "max_budget": 2.5,
        "budget_duration": "7d", "metadata": {"mine": 1, "tags": ["a"]}, "tpm_limit": "100",
        "model_rpm_limit": {"gpt-5": 3}, "user_id": "somebody",
    });
    let generated = api.must("POST", "/key/generate", body).await;
    insta::assert_snapshot!("key_generate", pretty(&generated));
    let info = api.must("GET", &format!("/key/info?key={KEY}"), None).await;
    insta::assert_snapshot!("key_info", pretty(&info));
}

#[tokio::test]
async fn a_change_touches_what_was_sent_and_null_clears() {
    let api = Api::new();
    let body = json!({"key": KEY, "max_budget": 5, "models": ["a"], "key_alias": "mine", "duration": "1h"});
    api.must("POST", "/key/generate", body).await;
    let changed = api
        .must("POST", "/key/update", json!({"key": KEY, "rpm_limit": 7}))
        .await;
    assert_eq!(changed["key"], KEY);
    let shown = |reply: &Value| {
        ["max_budget", "models", "key_alias", "rpm_limit", "expires"]
            .map(|name| reply[name].clone())
    };
    let until = json!("2026-11-23T13:00:00Z");
    let expected = [json!(5.0), json!(["a"]), json!("mine"), json!(7), until];
    assert_eq!(shown(&changed), expected);
    let body = json!({"key_alias": "mine", "max_budget": null, "duration": "-1", "models": []});
    let changed = api.must("POST", "/key/update", body).await;
    let expected = [Value::Null, json!([]), json!("mine"), json!(7), Value::Null];
    assert_eq!(shown(&changed), expected);
}

#[tokio::test]
async fn metadata_that_was_read_can_be_sent_back() {
    let api = Api::new();
    let body = json!({"key": KEY, "tags": ["a"], "metadata": {"mine": true}});
    api.must("POST", "/key/generate", body).await;
    let info = api.must("GET", &format!("/key/info?key={KEY}"), None).await;
    let metadata = info["info"]["metadata"].clone();
    assert_eq!(metadata, json!({"mine": true, "tags": ["a"]}));
    api.must(
        "POST",
        "/key/update",
        json!({"key": KEY, "metadata": metadata}),
    )
    .await;
    let again = api.must("GET", &format!("/key/info?key={KEY}"), None).await;
    assert_eq!(
        (&again["info"]["metadata"], &again["info"]["tags"]),
        (&metadata, &json!(["a"]))
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_as_litellm_does() {
    let api = Api::new();
    api.must(
        "POST",
        "/key/generate",
        json!({"key": KEY, "key_alias": "taken"}),
    )
    .await;
    let mut said = Vec::new();
    for body in [
        json!({"key_alias": "taken"}),
        json!({"key": KEY}),
        json!({"key": "no-prefix-0123456789"}),
        json!({"duration": "1y"}),
        json!({"max_budget": -1}),
        json!({"team_id": "nobody"}),
        json!({"budget_id": "none"}),
        json!({"max_budget": "much", "models": [1], "blocked": "perhaps", "tpm_limit": 1.5}),
        json!({"rpm_limit_type": "wild"}),
        json!([]),
        json!({"temp_budget_increase": 1}),
    ] {
        let reply = api.ask("POST", "/key/generate", body.clone()).await;
        said.push(json!({"sent": body, "status": reply.status, "answer": reply.body}));
    }
    for (method, path, body) in [
        ("POST", "/key/update", json!({})),
        ("POST", "/key/update", json!({"key": "sk-unknown-unknown"})),
        ("GET", "/key/info?key=unknown", Value::Null),
        ("POST", "/key/delete", json!({})),
        ("POST", "/key/delete", json!({"keys": ["unknown"]})),
        ("POST", "/key/block", json!({"key": "unknown"})),
        ("GET", "/key/list?size=101", Value::Null),
        ("GET", "/key/list?sort_by=colour", Value::Null),
    ] {
        let reply = api.ask(method, path, body.clone()).await;
        said.push(json!({
            "route": format!("{method} {path}"),
            "sent": body,
            "status": reply.status,
            "answer": reply.body,
        }));
    }
    insta::assert_snapshot!("keys_refused", pretty(&said.into()));
}

#[tokio::test]
async fn a_deleted_key_is_gone_and_remembered() {
    let api = Api::new();
    api.must(
        "POST",
        "/key/generate",
        json!({"key": KEY, "key_alias": "x"}),
    )
    .await;
    let deleted = api
        .must("POST", "/key/delete", json!({"keys": [KEY]}))
        .await;
    assert_eq!(deleted, json!({"deleted_keys": [KEY]}));
    let info = api.ask("GET", &format!("/key/info?key={KEY}"), None).await;
    assert_eq!(info.status, 404);
    let list = api
        .must(
            "GET",
            "/key/list?status=deleted&return_full_object=true",
            None,
        )
        .await;
    assert_eq!(list["total_count"], 1);
    // The alias is free again.
    api.must("POST", "/key/generate", json!({"key_alias": "x"}))
        .await;
    let deleted = api
        .must("DELETE", "/key/delete", json!({"key_aliases": ["x"]}))
        .await;
    assert_eq!(deleted, json!({"deleted_keys": ["x"]}));
    assert_eq!(
        api.told
            .removals
            .lock()
            .unwrap()
            .iter()
            .filter(|id| id.kind == EntityKind::Key)
            .count(),
        2
    );
}

#[tokio::test]
async fn a_regenerated_key_keeps_settings_and_account_and_the_old_one_opens_for_a_while() {
    let api = Api::new();
    let first = api
        .must(
            "POST",
            "/key/generate",
            json!({"key": KEY, "key_alias": "x", "max_budget": 3}),
        )
        .await;
    let body = json!({"grace_period": "2h", "tpm_limit": 4});
    let path = format!("/key/{KEY}/regenerate");
    let second = api.must("POST", &path, body).await;
    assert_ne!(first["key"], second["key"]);
    assert_eq!(
        (
            &second["key_alias"],
            &second["max_budget"],
            &second["tpm_limit"]
        ),
        (&json!("x"), &json!(3.0), &json!(4))
    );
    let id = |answer: &Value| answer["token"].as_str().unwrap().to_owned();
    let entity = async |kind, id: String| {
        let found = api.store.entity(&EntityId::new(kind, id)).await;
        found.unwrap()
    };
    assert_eq!(entity(EntityKind::Key, id(&first)).await, None);
    let retired = entity(EntityKind::RetiredKey, id(&first)).await.unwrap();
    assert_eq!(retired.expires_at, Some(NOW + 2 * 3_600_000_000));
    assert_eq!(retired.settings["active_token_id"], second["token"]);
    let body = json!({"key": second["key"], "new_key": "sk-third-0123456789"});
    let third = api.must("POST", "/key/regenerate", body).await;
    let third = entity(EntityKind::Key, id(&third)).await.unwrap();
    assert_eq!(third.settings["account_id"], first["token"]);
    assert_eq!(third.settings["rotation_count"], 2);
    assert_eq!(entity(EntityKind::RetiredKey, id(&second)).await, None);
}

#[tokio::test]
async fn bounds_and_defaults_of_the_operator_hold() {
    let api = Api::with(|settings| {
        let map = |value: Value| value.as_object().cloned().unwrap();
        settings.upperbound_key_generate_params =
            map(json!({"max_budget": 10, "duration": "30d", "tpm_limit": 100}));
        settings.default_key_generate_params = map(json!({"models": ["small"], "max_budget": 1}));
        settings.disable_custom_api_keys = true;
    });
    let made = api
        .must("POST", "/key/generate", json!({"tpm_limit": 5}))
        .await;
    assert_eq!(
        ["models", "max_budget", "tpm_limit", "expires"].map(|name| made[name].clone()),
        [
            json!(["small"]),
            json!(1),
            json!(5),
            json!("2026-12-23T12:00:00Z")
        ]
    );
    for body in [
        json!({"max_budget": 11}),
        json!({"duration": "31d"}),
        json!({"duration": "-1"}),
        json!({"tpm_limit": 101}),
    ] {
        assert_eq!(
            api.ask("POST", "/key/generate", body.clone()).await.status,
            400,
            "{body}"
        );
        let mut update = body;
        update["key"] = made["key"].clone();
        assert_eq!(
            api.ask("POST", "/key/update", update.clone()).await.status,
            400,
            "{update}"
        );
    }
    let unlimited = json!({"key": made["key"], "max_budget": null});
    let changed = api.must("POST", "/key/update", unlimited).await;
    assert_eq!(changed["max_budget"], 10, "no bound, no key");
    let custom = api.ask("POST", "/key/generate", json!({"key": KEY})).await;
    assert_eq!(custom.status, 403);
}

#[tokio::test]
async fn a_list_is_paged_filtered_and_sorted() {
    let api = Api::new();
    for number in 0..25 {
        let body = json!({
            "key_alias": format!("key-{number:02}"),
            "user_id": if number % 2 == 0 { "even" } else { "odd" },
            "project_id": null,
            "duration": if number < 5 { "1s" } else { "1h" },
        });
        api.must("POST", "/key/generate", body).await;
    }
    let page = api
        .must(
            "GET",
            "/key/list?page=3&size=10&sort_by=key_alias&sort_order=asc&return_full_object=true",
            None,
        )
        .await;
    let aliases: Vec<&str> = page["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| k["key_alias"].as_str().unwrap())
        .collect();
    assert_eq!(aliases, ["key-20", "key-21", "key-22", "key-23", "key-24"]);
    assert_eq!(
        (
            &page["total_count"],
            &page["current_page"],
            &page["total_pages"]
        ),
        (&json!(25), &json!(3), &json!(3))
    );
    let odd = api.must("GET", "/key/list?user_id=odd", None).await;
    assert_eq!(
        (
            odd["total_count"].as_u64(),
            odd["keys"].as_array().unwrap().len()
        ),
        (Some(12), 10)
    );
    assert_eq!(odd["keys"][0].as_str().map(str::len), Some(64));
    let found = api
        .must(
            "GET",
            "/key/list?key_alias=KEY-1&substring_matching=true",
            None,
        )
        .await;
    assert_eq!(found["total_count"], 10);
    let aliases = api.must("GET", "/key/aliases?size=2&page=2", None).await;
    assert_eq!(aliases["aliases"], json!(["key-02", "key-03"]));
}

#[tokio::test]
async fn a_user_sees_and_changes_his_own_keys_only() {
    let api = Api::new();
    let ann = user(Role::InternalUser, "ann").caller();
    let bob = user(Role::InternalUser, "bob").caller();
    let made = api
        .ask_as(&ann, "POST", "/key/generate", json!({"key_alias": "ann's"}))
        .await;
    assert_eq!((made.status, &made.body["user_id"]), (200, &json!("ann")));
    let key = made.body["key"].as_str().unwrap();
    let path = format!("/key/info?key={key}");
    for (caller, status) in [(&ann, 200), (&bob, 403)] {
        assert_eq!(api.ask_as(caller, "GET", &path, None).await.status, status);
        let body = json!({"key": key, "rpm_limit": 3});
        assert_eq!(
            api.ask_as(caller, "POST", "/key/update", body).await.status,
            status
        );
        let list = api.ask_as(caller, "GET", "/key/list", None).await;
        let seen = usize::from(status == 200);
        assert_eq!(list.body["total_count"], seen);
    }
    for body in [
        json!({"user_id": "bob"}),
        json!({"permissions": {"a": true}}),
        json!({"spend": 0}),
    ] {
        let reply = api
            .ask_as(&ann, "POST", "/key/generate", body.clone())
            .await;
        assert_eq!(reply.status, 403, "{body}");
        let mut body = body;
        body["key"] = key.into();
        let reply = api.ask_as(&ann, "POST", "/key/update", body.clone()).await;
        assert_eq!(reply.status, 403, "{body}");
    }
}

#[tokio::test]
async fn a_key_with_few_routes_makes_none_with_more() {
    let api = Api::new();
    let mut ann = user(Role::InternalUser, "ann");
    ann.allowed_routes = vec!["/key/generate".to_owned()];
    let ann = ann.caller();
    let all = api.ask_as(&ann, "POST", "/key/generate", json!({})).await;
    assert_eq!(all.status, 403);
    let same = json!({"allowed_routes": ["/key/generate"]});
    assert_eq!(
        api.ask_as(&ann, "POST", "/key/generate", same).await.status,
        200
    );
    let other = api.ask_as(&ann, "GET", "/key/list", None).await;
    assert_eq!(other.status, 403);
}
