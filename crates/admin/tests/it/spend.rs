//! Spend over HTTP: every report tells the same money, and nobody sees somebody else's.

use std::sync::Arc;

use lockgate_admin::{Caller, OrganizationRole, Role, TeamRole};
use lockgate_core::entity::EntityKind;
use lockgate_core::ledger::{Charge, CostSource, LedgerEntry, LedgerTokens};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::SpendStore as _;
use serde_json::{Value, json};

use crate::support::{Api, Membership as _, NOW, pretty, user};

const DAY: i64 = 86_400_000_000;
/// The days that all entries are on.
const RANGE: &str = "start_date=2026-11-22&end_date=2026-11-23";

/// A request of `user` with his key, some days ago, that cost so many nanodollars.
fn entry(id: &str, user: &str, days_ago: i64, nanodollars: i64) -> LedgerEntry {
    let started_at = NOW - days_ago * DAY;
    let text = |text: &str| Some(text.to_owned());
    LedgerEntry {
        id: id.to_owned(),
        call_id: format!("call-{id}"),
        response_id: text(&format!("chatcmpl-{id}")),
        started_at,
        ended_at: started_at + 1_500_000,
        dialect: "openai".to_owned(),
        operation: "chat".to_owned(),
        model_group: "gpt".to_owned(),
        model: text("gpt-5"),
        provider: text("openai"),
        deployment_id: text("deployment-1"),
        key_id: text(&format!("key-of-{user}")),
        user_id: text(user),
        status: 200,
        tokens: LedgerTokens {
            input: 100,
            output: 20,
            cache_read: 40,
            ..LedgerTokens::default()
        },
        cost: Nanodollars::new(nanodollars),
        cost_source: CostSource::Computed,
        ..LedgerEntry::default()
    }
}

/// Two users in a team, and one outside.
async fn seeded() -> Api {
    let api = Api::new();
    let team = json!({"team_id": "red", "team_alias": "Red"});
    api.must("POST", "/team/new", team).await;
    for id in ["ann", "bob", "eve"] {
        let new = json!({"user_id": id, "auto_create_key": false});
        api.must("POST", "/user/new", new).await;
    }
    let in_team = |mut entry: LedgerEntry| {
        entry.team_id = Some("red".to_owned());
        entry.charges = vec![Charge {
            kind: EntityKind::Team,
            id: "red".to_owned(),
            windows: Vec::new(),
        }];
        entry
    };
    let mut failed = in_team(entry("3", "bob", 0, 0));
    failed.status = 429;
    failed.error = Some("too many".to_owned());
    let mut tagged = entry("4", "eve", 0, 7);
    tagged.tags = vec!["=a".to_owned(), "b".to_owned()];
    tagged.customer_id = Some("acme".to_owned());
    tagged.session_id = Some("session".to_owned());
    tagged.model = Some("claude".to_owned());
    tagged.provider = Some("anthropic".to_owned());
    let entries: Arc<[LedgerEntry]> = Arc::from([
        in_team(entry("1", "ann", 1, 1)),
        in_team(entry("2", "bob", 0, 20)),
        failed,
        tagged,
    ]);
    api.spend.write(&entries).await.unwrap();
    api
}

fn ann() -> Caller {
    user(Role::InternalUser, "ann")
        .in_team("red", TeamRole::User)
        .caller()
}

fn team_admin() -> Caller {
    user(Role::InternalUser, "ann")
        .in_team("red", TeamRole::Admin)
        .caller()
}

fn viewer() -> Caller {
    user(Role::ProxyAdminViewer, "boss").caller()
}

/// The request ids of a listing.
fn ids(body: &Value) -> Vec<&str> {
    let rows = body["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["request_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn every_report_tells_the_same_money() {
    let api = seeded().await;
    let all = 28e-9;
    let sum = |rows: &Value, name: &str| -> f64 {
        let rows = rows.as_array().unwrap();
        rows.iter().map(|row| row[name].as_f64().unwrap()).sum()
    };
    let get = async |path: &str| {
        let path = format!(
            "{path}{}{RANGE}",
            if path.contains('?') { '&' } else { '?' }
        );
        let reply = api.ask_as(&viewer(), "GET", &path, None).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    };
    let told = [
        ("logs", sum(&get("/spend/logs").await, "spend")),
        (
            "rows",
            sum(&get("/spend/logs?summarize=false").await, "spend"),
        ),
        ("v2", sum(&get("/spend/logs/v2").await["data"], "spend")),
        (
            "global",
            get("/global/spend").await["spend"].as_f64().unwrap(),
        ),
        ("days", sum(&get("/global/spend/logs").await, "spend")),
        ("keys", sum(&get("/global/spend/keys").await, "total_spend")),
        (
            "teams",
            sum(
                &get("/global/spend/teams").await["total_spend_per_team"],
                "total_spend",
            ),
        ),
        (
            "models",
            sum(&get("/global/spend/models").await, "total_spend"),
        ),
        (
            "providers",
            sum(&get("/global/spend/provider").await, "spend"),
        ),
        (
            "by key",
            sum(
                &get("/global/spend/report?group_by=api_key").await,
                "total_cost",
            ),
        ),
        (
            "users",
            get("/user/daily/activity").await["metadata"]["total_spend"]
                .as_f64()
                .unwrap(),
        ),
        (
            "users, whole",
            get("/user/daily/activity/aggregated").await["metadata"]["total_spend"]
                .as_f64()
                .unwrap(),
        ),
    ];
    for (report, money) in told {
        assert!((money - all).abs() < 0.5e-9, "{report}: {money}");
    }
    for group in ["team", "customer", "internal_user", "organization"] {
        let report = get(&format!("/global/spend/report?group_by={group}")).await;
        let members = report.as_array().unwrap().iter().flat_map(|day| {
            let lists = day.as_object().unwrap().values();
            lists.filter_map(Value::as_array).flatten()
        });
        let money: f64 = members
            .map(|member| member["total_spend"].as_f64().unwrap())
            .sum();
        assert!((money - all).abs() < 0.5e-9, "{group}: {report}");
    }
    let activity = get("/global/activity").await;
    assert_eq!(
        (&activity["sum_api_requests"], &activity["sum_total_tokens"]),
        (&json!(4), &json!(480))
    );
    let refused = get("/global/activity/exceptions?model_group=gpt").await;
    assert_eq!(refused["sum_num_rate_limit_exceptions"], 1);
}

#[tokio::test]
async fn shapes() {
    let api = seeded().await;
    let mut told = String::new();
    for path in [
        "/spend/logs/v2?page_size=1",
        "/spend/logs",
        "/spend/tags",
        "/global/spend",
        "/global/spend/logs",
        "/global/spend/keys",
        "/global/spend/teams",
        "/global/spend/end_users",
        "/global/spend/models",
        "/global/spend/provider",
        "/global/spend/tags",
        "/global/spend/report",
        "/global/spend/report?group_by=customer",
        "/global/spend/report?group_by=tag",
        "/global/activity",
        "/global/activity/model",
        "/global/activity/exceptions?model_group=gpt",
        "/global/activity/exceptions/deployment?model_group=gpt",
        "/global/activity/cache_hits",
        "/team/daily/activity",
        "/team/spend/report?team_id=red",
    ] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let reply = api
            .must("GET", &format!("{path}{separator}{RANGE}"), None)
            .await;
        told.push_str(&format!("GET {path}\n{}\n\n", pretty(&reply)));
    }
    for path in ["/global/all_end_users", "/global/spend/all_tag_names"] {
        let reply = api.must("GET", path, None).await;
        told.push_str(&format!("GET {path}\n{}\n\n", pretty(&reply)));
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn requests_are_found_by_what_is_known_of_them() {
    let api = seeded().await;
    for (filter, found) in [
        (
            "",
            &["chatcmpl-4", "chatcmpl-3", "chatcmpl-2", "chatcmpl-1"][..],
        ),
        ("&user_id=bob", &["chatcmpl-3", "chatcmpl-2"]),
        (
            "&team_id=red&sort_by=spend",
            &["chatcmpl-2", "chatcmpl-1", "chatcmpl-3"],
        ),
        ("&sort_order=asc&page_size=1&page=2", &["chatcmpl-2"]),
        ("&api_key=key-of-ann", &["chatcmpl-1"]),
        ("&end_user=acme", &["chatcmpl-4"]),
        ("&tag=b", &["chatcmpl-4"]),
        ("&tag=a", &[]),
        ("&model=claude", &["chatcmpl-4"]),
        ("&session_id=session", &["chatcmpl-4"]),
        ("&status_filter=failure", &["chatcmpl-3"]),
        ("&error_code=429", &["chatcmpl-3"]),
        ("&error_code=no-number", &[]),
        ("&error_message=many", &["chatcmpl-3"]),
        ("&min_spend=0.000000007", &["chatcmpl-4", "chatcmpl-2"]),
        ("&max_spend=0", &["chatcmpl-3"]),
        ("&request_id=call-1", &["chatcmpl-1"]),
        ("&request_id=chatcmpl-1", &["chatcmpl-1"]),
        ("&model_id=deployment-2", &[]),
    ] {
        // Equal times are in the order of writing, which memory does not promise.
        let path = format!("/spend/logs/v2?{RANGE}{filter}");
        let body = api.must("GET", &path, None).await;
        let mut is = ids(&body);
        let mut wanted = found.to_vec();
        if !filter.contains("sort") {
            is.sort_unstable();
            wanted.sort_unstable();
        }
        assert_eq!(is, wanted, "{filter}");
    }
    let one = api.must("GET", "/spend/logs/ui/chatcmpl-1", None).await;
    assert_eq!(one["request_id"], "chatcmpl-1");
    assert_eq!(
        api.must("GET", "/spend/logs/ui/nothing", None).await,
        Value::Null
    );
    let session = "/spend/logs/session/ui?session_id=session";
    assert_eq!(ids(&api.must("GET", session, None).await), ["chatcmpl-4"]);
    for (path, status) in [
        ("/spend/logs/v2", 400),
        ("/spend/logs/v2?start_date=x&end_date=y", 400),
        (&format!("/spend/logs/v2?{RANGE}&sort_by=nonsense"), 400),
        (&format!("/spend/logs/v2?{RANGE}&page_size=1001"), 422),
        (&format!("/spend/logs/v2?{RANGE}&min_spend=x"), 422),
        ("/global/activity", 400),
        (
            "/user/daily/activity?start_date=2020-01-01&end_date=2026-01-01",
            400,
        ),
        (&format!("/global/spend/report?{RANGE}&group_by=moon"), 422),
    ] {
        assert_eq!(api.ask("GET", path, None).await.status, status, "{path}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn everybody_sees_his_own() {
    let api = seeded().await;
    let logs = format!("/spend/logs/v2?{RANGE}");
    let mut bound = user(Role::InternalUser, "ann").in_team("red", TeamRole::User);
    bound.team_id = Some("blue".to_owned());
    let organization = user(Role::OrgAdmin, "olga")
        .in_organization("o", OrganizationRole::Admin)
        .caller();
    for (who, caller, seen) in [
        ("viewer", viewer(), 4),
        ("member", ann(), 1),
        ("team admin", team_admin(), 3),
        ("key of another team", bound.caller(), 0),
        ("admin of an empty organization", organization, 0),
    ] {
        let body = api.ask_as(&caller, "GET", &logs, None).await.body;
        assert_eq!(ids(&body).len(), seen, "{who}");
    }
    let get = async |caller: Caller, path: &str| {
        let path = format!(
            "{path}{}{RANGE}",
            if path.contains('?') { '&' } else { '?' }
        );
        api.ask_as(&caller, "GET", &path, None).await
    };
    for path in [
        "/spend/logs/v2?team_id=red",
        "/spend/logs/ui/chatcmpl-2",
        "/user/daily/activity?user_id=bob",
        "/user/spend/report?user_id=bob",
        "/key/spend/report?api_key=key-of-bob",
        "/organization/daily/activity?organization_ids=o",
        "/organization/spend/report?organization_id=o",
        "/global/spend",
        "/global/spend/report",
        "/customer/daily/activity",
    ] {
        assert_eq!(get(ann(), path).await.status, 403, "{path}");
    }
    assert_eq!(
        get(ann(), "/team/daily/activity?team_ids=blue")
            .await
            .status,
        404
    );
    let spent = |reply: &crate::support::Reply| reply.body["metadata"]["total_spend"].clone();
    for (caller, path, money) in [
        (ann(), "/user/daily/activity", 1e-9),
        (ann(), "/team/daily/activity", 1e-9),
        (team_admin(), "/team/daily/activity", 21e-9),
        (ann(), "/tag/daily/activity", 0.0),
        (viewer(), "/tag/daily/activity?tags=b", 7e-9),
        (viewer(), "/team/daily/activity?exclude_team_ids=red", 0.0),
        (viewer(), "/customer/daily/activity", 7e-9),
        (viewer(), "/user/daily/activity?user_id=bob", 20e-9),
        (viewer(), "/user/daily/activity?api_key=key-of-eve", 7e-9),
        (viewer(), "/user/daily/activity?model=claude", 7e-9),
    ] {
        let reply = get(caller, path).await;
        assert_eq!(spent(&reply), json!(money), "{path}: {}", reply.body);
    }
    let keys = get(ann(), "/spend/users").await.body;
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(keys[0]["user_id"], "ann");
}

#[tokio::test]
async fn days_come_in_pages() {
    let api = seeded().await;
    let path = |page: u32| format!("/user/daily/activity?{RANGE}&page_size=1&page={page}");
    for (page, date, more) in [
        (1, json!("2026-11-23"), true),
        (2, json!("2026-11-22"), false),
        (3, Value::Null, false),
    ] {
        let body = api.must("GET", &path(page), None).await;
        assert_eq!(body["results"][0]["date"], date);
        assert_eq!(
            (
                &body["metadata"]["has_more"],
                &body["metadata"]["total_pages"]
            ),
            (&json!(more), &json!(2))
        );
    }
}

#[tokio::test]
async fn a_report_can_be_csv() {
    let api = seeded().await;
    let get = async |path: &str| {
        let path = format!("{path}?{RANGE}&format=csv");
        api.must("GET", &path, None)
            .await
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        get("/global/spend/logs").await,
        "date,spend\r\n2026-11-22,1e-9\r\n2026-11-23,2.7e-8\r\n"
    );
    assert_eq!(
        get("/spend/tags").await,
        "individual_request_tag,log_count,total_spend\r\n'=a,1,7e-9\r\nb,1,7e-9\r\n"
    );
    let daily = get("/team/daily/activity/aggregated").await;
    let mut lines = daily.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("date,team_id,api_key,key_alias,model_group,")
    );
    assert_eq!(lines.count(), 2);
    let logs = get("/spend/logs/v2").await;
    assert_eq!(logs.lines().count(), 5);
}

#[tokio::test]
async fn what_a_question_costs_is_calculated() {
    let api = Api::new();
    let ask = async |body: Value| api.ask("POST", "/spend/calculate", body).await;
    let question = json!({"model": "gpt", "messages": [{}, {}]});
    assert_eq!(ask(question).await.body, json!({"cost": 0.002}));
    let answer = json!({"completion_response": {"model": "gpt"}});
    assert_eq!(ask(answer).await.body, json!({"cost": 0.001}));
    for wrong in [
        json!({}),
        json!({"model": "gpt"}),
        json!({"model": "x", "messages": []}),
    ] {
        assert_eq!(ask(wrong.clone()).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn only_the_master_key_forgives_everybody() {
    let api = seeded().await;
    let admin = user(Role::ProxyAdmin, "root").caller();
    let reply = api
        .ask_as(&admin, "POST", "/global/spend/reset", None)
        .await;
    assert_eq!(reply.status, 403);
    api.must("POST", "/global/spend/reset", None).await;
    let team = api.must("GET", "/team/info?team_id=red", None).await;
    assert_eq!(team["team_info"]["spend"], 0.0);
    // What is served from memory heard of it, and the ledger did not change.
    assert_eq!(api.told.forgiven.lock().unwrap()[0].amount.get(), 21);
    let spend = api
        .must("GET", &format!("/global/spend?{RANGE}"), None)
        .await;
    assert_eq!(spend["spend"], 28e-9);
}
