//! `/team/...`, `/user/...`, `/organization/...`

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ports::EntityStore as _;
use serde_json::{Value, json};

use crate::support::{Api, pretty};

async fn team(api: &Api) -> Value {
    let body = json!({
        "team_id": "t", "team_alias": "The team", "models": ["gpt-5"], "max_budget": 10,
        "members_with_roles": [{"role": "admin", "user_id": "ann"}],
        "metadata": {"mine": 1}, "tags": ["a"], "model_aliases": {"fast": "gpt-5"},
    });
    api.must("POST", "/team/new", body).await
}

#[tokio::test]
async fn the_answers_have_every_field_of_litellm() {
    let api = Api::new();
    let made = team(&api).await;
    insta::assert_snapshot!("team_new", pretty(&made));
    let body = json!({
        "team_id": "t", "member": {"role": "user", "user_id": "bob"}, "max_budget_in_team": 2,
        "budget_duration": "1d",
    });
    let added = api.must("POST", "/team/member_add", body).await;
    insta::assert_snapshot!("team_member_add", pretty(&added));
    let body = json!({"user_id": "u", "user_email": "u@example.com", "auto_create_key": false, "teams": ["t"]});
    let user = api.must("POST", "/user/new", body).await;
    insta::assert_snapshot!("user_new", pretty(&user));
    let info = api.must("GET", "/user/info?user_id=u", None).await;
    insta::assert_snapshot!("user_info", pretty(&info["user_info"]));
    let body = json!({"organization_id": "o", "organization_alias": "All", "max_budget": 100});
    let organization = api.must("POST", "/organization/new", body).await;
    insta::assert_snapshot!("organization_new", pretty(&organization));
}

#[tokio::test]
async fn a_team_has_members_who_come_and_go() {
    let api = Api::new();
    team(&api).await;
    let add =
        json!({"team_id": "t", "member": [{"role": "user", "user_email": "bob@example.com"}]});
    let added = api.must("POST", "/team/member_add", add.clone()).await;
    let bob = added["updated_users"][0]["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let again = api.ask("POST", "/team/member_add", add).await;
    assert_eq!(
        (again.status, &again.body["detail"]["error"]),
        (400, &json!("All users are already in team."))
    );
    let key = api
        .must(
            "POST",
            "/key/generate",
            json!({"team_id": "t", "user_id": bob}),
        )
        .await;
    let update = json!({"team_id": "t", "user_id": bob, "role": "admin", "max_budget_in_team": 3});
    let updated = api.must("POST", "/team/member_update", update).await;
    assert_eq!(
        (&updated["role"], &updated["max_budget_in_team"]),
        (&json!("admin"), &json!(3.0))
    );
    let info = api.must("GET", "/team/info?team_id=t", None).await;
    assert_eq!(info["keys"][0]["token"], key["token"]);
    let memberships = info["team_memberships"].as_array().unwrap();
    let budget = memberships
        .iter()
        .find(|one| one["user_id"] == *bob)
        .unwrap();
    assert_eq!(budget["litellm_budget_table"]["max_budget"], 3.0);
    let user = api
        .must("GET", &format!("/user/info?user_id={bob}"), None)
        .await;
    assert_eq!(user["user_info"]["teams"], json!(["t"]));
    let gone = json!({"team_id": "t", "user_email": "bob@example.com"});
    let left = api.must("POST", "/team/member_delete", gone).await;
    assert_eq!(left["members_with_roles"].as_array().map(Vec::len), Some(1));
    let path = format!("/key/info?key={}", key["token"].as_str().unwrap());
    assert_eq!(
        api.ask("GET", &path, None).await.status,
        404,
        "his key for the team is gone, too"
    );
}

#[tokio::test]
async fn an_update_of_a_team_is_a_patch() {
    let api = Api::new();
    team(&api).await;
    let changed = api.must("PATCH", "/team/t", json!({"tpm_limit": 5})).await;
    let shown = |data: &Value| {
        ["models", "max_budget", "tpm_limit", "team_alias"].map(|name| data[name].clone())
    };
    let expected = [json!(["gpt-5"]), json!(10.0), json!(5), json!("The team")];
    assert_eq!(shown(&changed["data"]), expected);
    let body = json!({"team_id": "t", "max_budget": null});
    let changed = api.must("POST", "/team/update", body).await;
    assert_eq!(changed["data"]["max_budget"], Value::Null);
    let other = api
        .ask("PATCH", "/team/t", json!({"team_id": "other"}))
        .await;
    assert_eq!(other.status, 400);
    let unknown = api
        .ask("POST", "/team/update", json!({"team_id": "x"}))
        .await;
    assert_eq!(
        (unknown.status, &unknown.body["error"]["code"]),
        (404, &json!("404"))
    );
}

#[tokio::test]
async fn the_last_model_taken_away_does_not_open_all() {
    let api = Api::new();
    team(&api).await;
    let body = json!({"team_id": "t", "models": ["gpt-5"]});
    let changed = api.must("POST", "/team/model/delete", body).await;
    assert_eq!(changed["models"], json!(["no-default-models"]));
}

#[tokio::test]
async fn what_is_deleted_takes_what_is_in_it_along() {
    let api = Api::new();
    api.must(
        "POST",
        "/organization/new",
        json!({"organization_id": "o", "organization_alias": "x"}),
    )
    .await;
    api.must(
        "POST",
        "/team/new",
        json!({"team_id": "t", "organization_id": "o"}),
    )
    .await;
    api.must(
        "POST",
        "/user/new",
        json!({"user_id": "u", "organizations": ["o"], "teams": ["t"]}),
    )
    .await;
    let key = api
        .must("POST", "/key/generate", json!({"team_id": "t"}))
        .await;
    let of = |kind, id: &str| EntityId::new(kind, id);
    let is_there = async |id: EntityId| api.store.entity(&id).await.unwrap().is_some();
    let body = json!({"organization_ids": ["o"]});
    api.must("DELETE", "/organization/delete", body).await;
    let token = key["token"].as_str().unwrap();
    assert!(!is_there(of(EntityKind::Team, "t")).await);
    assert!(!is_there(of(EntityKind::Key, token)).await);
    assert!(!is_there(EntityId::pair(EntityKind::TeamMember, "t", "u")).await);
    assert!(!is_there(EntityId::pair(EntityKind::OrganizationMember, "o", "u")).await);
    assert!(is_there(of(EntityKind::User, "u")).await);
    let deleted = api
        .must("POST", "/user/delete", json!({"user_ids": ["u"]}))
        .await;
    assert_eq!(deleted, 1);
    let list = api.must("GET", "/key/list?user_id=u", None).await;
    assert_eq!(list["total_count"], 0);
}

#[tokio::test]
async fn lists_tell_what_litellms_client_reads() {
    let api = Api::new();
    team(&api).await;
    let teams = api.must("GET", "/team/list", None).await;
    assert_eq!(
        (
            &teams[0]["team_alias"],
            &teams[0]["members_with_roles"][0]["user_id"]
        ),
        (&json!("The team"), &json!("ann"))
    );
    let teams = api
        .must(
            "GET",
            "/v2/team/list?page=1&page_size=10&sort_order=asc",
            None,
        )
        .await;
    assert_eq!(
        (&teams["total"], &teams["teams"][0]["members_count"]),
        (&json!(1), &json!(1))
    );
    let users = api.must("GET", "/user/list?page_size=5", None).await;
    assert_eq!(
        (&users["total"], &users["users"][0]["teams"]),
        (&json!(1), &json!(["t"]))
    );
    let roles = api.must("GET", "/user/available_roles", None).await;
    assert_eq!(roles["proxy_admin"]["ui_label"], "Admin (All Permissions)");
}
