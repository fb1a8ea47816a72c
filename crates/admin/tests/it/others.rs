//! Customers, budgets, tags, projects, access groups, models, credentials, settings, and the audit log.

use lockgate_admin::{AdminRoute, Found, Vault, find};
use lockgate_core::Secret;
use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ports::EntityStore as _;
use serde_json::{Map, Value, json};

use crate::support::{Api, CONFIGURED, pretty};

#[tokio::test]
async fn budgets_are_shared_by_reference() {
    let api = Api::new();
    let body = json!({"budget_id": "b", "max_budget": 4, "budget_duration": "30d"});
    let budget = api.must("POST", "/budget/new", body).await;
    insta::assert_snapshot!("budget_new", pretty(&budget));
    let customer = api
        .must(
            "POST",
            "/customer/new",
            json!({"user_id": "c", "budget_id": "b"}),
        )
        .await;
    insta::assert_snapshot!("customer_new", pretty(&customer));
    api.must(
        "POST",
        "/budget/update",
        json!({"budget_id": "b", "max_budget": 5}),
    )
    .await;
    let info = api.must("GET", "/end_user/info?end_user_id=c", None).await;
    assert_eq!(info["litellm_budget_table"]["max_budget"], 5.0);
    let body = json!({"user_id": "c", "max_budget": 1});
    let own = api.must("POST", "/customer/update", body).await;
    assert_eq!(
        own["litellm_budget_table"]["max_budget"], 1.0,
        "its own limit wins"
    );
    assert_eq!(
        api.ask("POST", "/customer/new", json!({"user_id": "c"}))
            .await
            .status,
        400
    );
    api.must("POST", "/customer/block", json!({"user_ids": ["c", "new"]}))
        .await;
    let list = api.must("GET", "/customer/list", None).await;
    let blocked: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["blocked"])
        .collect();
    assert_eq!(blocked, [true, true]);
}

#[tokio::test]
async fn tags_and_projects() {
    let api = Api::new();
    let tag = api
        .must(
            "POST",
            "/tag/new",
            json!({"name": "batch", "max_budget": 3}),
        )
        .await;
    insta::assert_snapshot!("tag_new", pretty(&tag));
    let found = api
        .must("POST", "/tag/info", json!({"names": ["batch"]}))
        .await;
    assert_eq!(found["batch"]["litellm_budget_table"]["max_budget"], 3.0);
    assert_eq!(
        api.ask("POST", "/tag/delete", json!({"name": "x"}))
            .await
            .status,
        404
    );
    api.must("POST", "/team/new", json!({"team_id": "t"})).await;
    let body = json!({"project_id": "p", "team_id": "t", "tags": ["a"], "max_budget": 1});
    let project = api.must("POST", "/project/new", body).await;
    insta::assert_snapshot!("project_new", pretty(&project));
    api.must(
        "POST",
        "/key/generate",
        json!({"team_id": "t", "project_id": "p"}),
    )
    .await;
    let other = api
        .ask("POST", "/key/generate", json!({"project_id": "p"}))
        .await;
    assert_eq!(other.status, 400, "the project is of another team");
    let used = api
        .ask("DELETE", "/project/delete", json!({"project_ids": ["p"]}))
        .await;
    assert_eq!(used.status, 400, "a key is in it");
}

#[tokio::test]
async fn access_groups_are_told_to_those_who_have_them() {
    let api = Api::new();
    api.must("POST", "/team/new", json!({"team_id": "t"})).await;
    let body = json!({
        "access_group_name": "big", "access_model_names": ["a"], "assigned_team_ids": ["t"],
    });
    let group = api.must("POST", "/v1/access_group", body).await;
    let id = group["access_group_id"].as_str().unwrap();
    let team = async || {
        api.must("GET", "/team/info?team_id=t", None).await["team_info"]["access_group_ids"].clone()
    };
    assert_eq!(team().await, json!([id]));
    let path = format!("/v1/access_group/{id}");
    let changed = api
        .must("PUT", &path, json!({"assigned_team_ids": []}))
        .await;
    assert_eq!(
        (&changed["access_model_names"], team().await),
        (&json!(["a"]), json!([]))
    );
    let by_name = api.must("GET", "/access_group/big/info", None).await;
    assert_eq!(by_name["model_names"], json!(["a"]));
    let body = json!({"access_group": "big", "model_names": ["b"]});
    assert_eq!(api.ask("POST", "/access_group/new", body).await.status, 409);
    api.must("DELETE", "/access_group/big/delete", None).await;
    assert_eq!(api.ask("GET", &path, None).await.status, 404);
}

#[tokio::test]
async fn secrets_go_in_and_do_not_come_out() {
    let api = Api::new();
    let body = json!({
        "model_name": "gpt", "model_info": {"id": "m", "mode": "chat"},
        "litellm_params": {"model": "openai/gpt-5", "api_key": "sk-provider", "api_base": "https://a.example"},
    });
    let made = api.must("POST", "/model/new", body).await;
    insta::assert_snapshot!("model_new", pretty(&made));
    let body =
        json!({"id": "m", "litellm_params": {"api_key": "****", "rpm": 3, "api_base": null}});
    let changed = api.must("POST", "/model/update", body).await;
    assert_eq!(
        changed["litellm_params"],
        json!({"model": "openai/gpt-5", "api_key": "****", "rpm": 3})
    );
    let stored = api
        .store
        .entity(&EntityId::new(EntityKind::Model, "m"))
        .await;
    let stored = stored.unwrap().unwrap();
    assert!(!format!("{stored:?}").contains("sk-provider"));
    let opened = Vault::new(&Secret::new("sk-salt"))
        .open(&stored.id(), stored.settings["sealed"].as_str().unwrap());
    assert_eq!(
        opened.unwrap()["api_key"],
        "sk-provider",
        "what was not sent is still there"
    );
    let body = json!({"credential_name": "c/1", "credential_values": {"anything": "sk-secret"}});
    api.must("POST", "/credentials", body).await;
    let shown = api.must("GET", "/credentials/by_name/c/1", None).await;
    assert_eq!(shown["credential_values"], json!({"anything": "****"}));
    let all = format!("{:?} {shown}", api.audit().await);
    assert!(
        !all.contains("sk-provider") && !all.contains("sk-secret"),
        "{all}"
    );
    for id in [CONFIGURED, "unknown"] {
        let reply = api.ask("POST", "/model/delete", json!({"id": id})).await;
        assert_eq!(reply.status, 400);
    }
    api.must("DELETE", "/credentials/c/1", None).await;
    api.must("POST", "/model/delete", json!({"id": "m"})).await;
}

#[test]
fn what_is_sealed_opens_in_its_own_record_only() {
    let vault = Vault::new(&Secret::new("salt"));
    let values = Map::from_iter([("api_key".to_owned(), Value::from("x"))]);
    let of = EntityId::new(EntityKind::Model, "m");
    let sealed = vault.seal(&of, &values).unwrap();
    assert_eq!(vault.open(&of, &sealed), Some(values));
    for other in [
        EntityId::new(EntityKind::Model, "n"),
        EntityId::new(EntityKind::Credential, "m"),
    ] {
        assert_eq!(vault.open(&other, &sealed), None);
    }
    assert_eq!(Vault::new(&Secret::new("other")).open(&of, &sealed), None);
    for wrong in ["", "v1.", "v1.AAAA", "v2.AAAA", &sealed[..sealed.len() - 2]] {
        assert_eq!(vault.open(&of, wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn every_change_is_in_the_audit_log() {
    let api = Api::new();
    api.must(
        "POST",
        "/key/generate",
        json!({"key": "sk-0123456789abcdef", "key_alias": "a"}),
    )
    .await;
    api.must(
        "POST",
        "/key/update",
        json!({"key_alias": "a", "rpm_limit": 3}),
    )
    .await;
    api.must("POST", "/key/block", json!({"key": "sk-0123456789abcdef"}))
        .await;
    api.must("POST", "/key/delete", json!({"key_aliases": ["a"]}))
        .await;
    let page = api
        .must(
            "GET",
            "/audit?page_size=2&table_name=LiteLLM_VerificationToken",
            None,
        )
        .await;
    assert_eq!(
        (&page["total"], &page["total_pages"]),
        (&json!(4), &json!(2))
    );
    let update = api.must("GET", "/audit/2", None).await;
    insta::assert_snapshot!("audit_entry", pretty(&update));
    assert_eq!(api.ask("GET", "/audit/9", None).await.status, 404);
    let actions: Vec<String> = api
        .audit()
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["created", "updated", "blocked", "deleted"]);
}

#[tokio::test]
async fn settings_that_have_an_effect_can_be_changed_and_others_cannot() {
    let api = Api::new();
    let body = json!({"litellm_settings": {"default_key_generate_params": {"max_budget": 2}}});
    api.must("POST", "/config/update", body).await;
    let made = api.must("POST", "/key/generate", json!({})).await;
    assert_eq!(made["max_budget"], 2);
    let info = api
        .must(
            "GET",
            "/config/field/info?field_name=default_key_generate_params",
            None,
        )
        .await;
    assert_eq!(info["field_value"], json!({"max_budget": 2}));
    let list = api
        .must("GET", "/config/list?config_type=litellm_settings", None)
        .await;
    let rows = list.as_array().unwrap().iter();
    let stored: Vec<&Value> = rows.filter(|row| row["stored_in_db"] == true).collect();
    assert_eq!(stored.len(), 1, "{list}");
    assert_eq!(stored[0]["field_name"], "default_key_generate_params");
    let body = json!({"field_name": "default_key_generate_params"});
    api.must("POST", "/config/field/delete", body).await;
    let made = api.must("POST", "/key/generate", json!({})).await;
    assert_eq!(made["max_budget"], Value::Null);
    let body = json!({"general_settings": {"master_key": "sk-mine"}});
    assert_eq!(api.ask("POST", "/config/update", body).await.status, 400);
}

#[tokio::test]
async fn settings_that_hold_credentials_are_encrypted_and_not_shown() {
    let api = Api::new();
    let endpoint =
        json!({"path": "/a", "target": "https://a.example", "headers": {"x-a": "sk-hidden"}});
    let body = json!({
        "router_settings": {"default_litellm_params": {"api_key": "sk-hidden"}, "num_retries": 3},
        "general_settings": {"pass_through_endpoints": [endpoint]},
        "environment_variables": {"OPENAI_API_KEY": "sk-hidden"},
    });
    api.must("POST", "/config/update", body).await;
    let told = format!("{:?}", api.told.puts.lock().unwrap());
    assert!(
        !told.contains("sk-hidden") && told.contains("num_retries"),
        "{told}"
    );
    for section in ["router_settings", "general_settings"] {
        let path = format!("/config/list?config_type={section}");
        let shown = api.must("GET", &path, None).await.to_string();
        assert!(
            !shown.contains("sk-hidden") && shown.contains("****"),
            "{shown}"
        );
    }
    // A setting beside them changes without anything being lost.
    let body =
        json!({"field_name": "num_retries", "field_value": 4, "config_type": "router_settings"});
    let changed = api.must("POST", "/config/field/update", body).await;
    assert_eq!(changed["param_value"]["num_retries"], 4);
    assert_eq!(
        changed["param_value"]["default_litellm_params"]["api_key"],
        "****"
    );
}

#[test]
fn a_path_is_found_with_its_parts_and_methods() {
    let route = |method, path| find(method, path);
    let found = |route, params: &[&str]| {
        let params = params.iter().map(|param| (*param).to_owned()).collect();
        Some(Found::Route(route, params))
    };
    assert_eq!(route("POST", "/team/new"), found(AdminRoute::TeamNew, &[]));
    assert_eq!(
        route("PATCH", "/team/a%2Fb"),
        found(AdminRoute::TeamUpdate, &["a/b"])
    );
    assert_eq!(route("HEAD", "/key/info"), found(AdminRoute::KeyInfo, &[]));
    assert_eq!(
        route("POST", "/key/sk-x/regenerate"),
        found(AdminRoute::KeyRegenerate, &["sk-x"])
    );
    assert_eq!(
        route("DELETE", "/credentials/a/b"),
        found(AdminRoute::CredentialDelete, &["a/b"])
    );
    assert_eq!(
        route("GET", "/credentials/by_name/a/b"),
        found(AdminRoute::CredentialByName, &["a/b"])
    );
    assert_eq!(
        route("GET", "/key/generate"),
        Some(Found::OtherMethods("POST".to_owned()))
    );
    assert_eq!(
        route("PATCH", "/team/new"),
        Some(Found::OtherMethods("POST".to_owned()))
    );
    for path in [
        "/key",
        "/key/",
        "/key/generate/x",
        "/keys/generate",
        "/team//members/me",
        "/",
    ] {
        assert_eq!(route("POST", path), None, "{path}");
    }
}

#[tokio::test]
async fn a_model_belongs_to_a_team_that_is_there_and_goes_with_it() {
    let api = Api::new();
    let body = json!({
        "model_name": "gpt", "litellm_params": {"model": "openai/gpt-5"},
        "model_info": {"id": "m", "team_id": "t"},
    });
    let reply = api.ask("POST", "/model/new", body.clone()).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    let organization = json!({"organization_id": "o", "organization_alias": "o"});
    for ends in [
        ("/team/delete", json!({"team_ids": ["t"]})),
        ("/organization/delete", json!({"organization_ids": ["o"]})),
    ] {
        if ends.0.starts_with("/organization") {
            api.must("POST", "/organization/new", organization.clone())
                .await;
        }
        let of = ends.0.starts_with("/organization").then_some("o");
        api.must(
            "POST",
            "/team/new",
            json!({"team_id": "t", "organization_id": of}),
        )
        .await;
        api.must("POST", "/model/new", body.clone()).await;
        api.must("POST", ends.0, ends.1).await;
        let again = api.ask("POST", "/model/delete", json!({"id": "m"})).await;
        assert_eq!(again.status, 400, "{}", again.body);
    }
}
