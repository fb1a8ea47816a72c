//! What the spend API tells is the ledger's money, to the nanodollar; and `lockgate reprice`.

use lockgate_testkit::{Client, Gateway};
use serde_json::{Value, json};

use super::{Database, Site, TOKENS, holder, key, manage, on_each_database, question};
use crate::support::{CHAT, MASTER, SOON, eventually};

on_each_database! {
    every_report_tells_the_ledgers_money
    past_requests_are_priced_anew
    forgiven_spend_is_forgiven_in_memory
}

const PRICE: f64 = 0.000_001_001;

fn range() -> String {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d");
    format!("start_date={now}&end_date={now}")
}

async fn get(client: &Client, path: &str) -> Value {
    let reply = client.get(path).await.unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn sum(rows: &Value, name: &str) -> f64 {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[name].as_f64().unwrap()).sum()
}

/// Whether two sums are the same amount of nanodollars.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.5e-9
}

/// Asks so often with each of `keys`, and waits until the database has all of it.
async fn ask(gateway: &Gateway, keys: &[&str], times: usize) -> f64 {
    for key in keys {
        for _ in 0..times {
            let reply = holder(gateway, key).post(CHAT, &question()).await.unwrap();
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
    }
    let master = gateway.client().bearer(MASTER);
    let path = format!("/spend/logs/v2?{}&page_size=1000", range());
    let asked = keys.len() * times;
    eventually("the ledger has all requests", || async {
        get(&master, &path).await["total"] == asked
    })
    .await;
    sum(&get(&master, &path).await["data"], "spend")
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn every_report_tells_the_ledgers_money(database: Database) {
    let site = Site::new(database, PRICE).await;
    let gateway = site.start().await;
    let new = json!({ "team_id": "red", "team_alias": "Red" });
    manage(&gateway, "/team/new", new).await;
    for user in ["ann", "bob"] {
        let new = json!({ "user_id": user, "auto_create_key": false });
        manage(&gateway, "/user/new", new).await;
    }
    let ann = key(&gateway, json!({ "user_id": "ann", "key_alias": "of-ann" })).await;
    let bob = key(&gateway, json!({ "user_id": "bob", "team_id": "red" })).await;
    let total = ask(&gateway, &[&ann, &bob], 3).await;
    assert!(same(total, 6.0 * TOKENS * PRICE), "{total}");

    let master = gateway.client().bearer(MASTER);
    let days = range();
    for (path, list, member) in [
        ("/spend/logs", "", "spend"),
        ("/global/spend/logs", "", "spend"),
        ("/global/spend/keys", "", "total_spend"),
        (
            "/global/spend/teams",
            "/total_spend_per_team",
            "total_spend",
        ),
        ("/global/spend/models", "", "total_spend"),
        ("/global/spend/provider", "", "spend"),
        ("/global/spend/report?group_by=api_key", "", "total_cost"),
        ("/spend/keys", "", "spend"),
    ] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let told = get(&master, &format!("{path}{separator}{days}")).await;
        let told = sum(told.pointer(list).unwrap(), member);
        assert!(same(told, total), "{path}: {told} and {total}");
    }
    for path in ["/user/daily/activity", "/user/daily/activity/aggregated"] {
        let told = get(&master, &format!("{path}?{days}")).await;
        let told = told["metadata"]["total_spend"].as_f64().unwrap();
        assert!(same(told, total), "{path}: {told}");
    }
    let told = get(&master, &format!("/global/spend?{days}")).await;
    assert!(same(told["spend"].as_f64().unwrap(), total));
    let report = get(&master, &format!("/global/spend/report?{days}")).await;
    let teams = report[0]["teams"].clone();
    assert!(same(sum(&teams, "total_spend"), total), "{teams}");

    // Everybody sees his own half.
    for (key, own) in [(&ann, 3), (&bob, 3)] {
        let logs = get(&holder(&gateway, key), &format!("/spend/logs/v2?{days}")).await;
        assert_eq!(logs["total"], own, "{logs}");
        let mine = get(
            &holder(&gateway, key),
            &format!("/user/daily/activity?{days}"),
        )
        .await;
        let mine = mine["metadata"]["total_spend"].as_f64().unwrap();
        assert!(same(mine, total / 2.0), "{mine}");
        let reply = holder(&gateway, key).get("/global/spend").await.unwrap();
        assert_eq!(reply.status, 403);
    }
    let path = format!("/spend/logs/v2?{days}&page_size=4&page=2&sort_by=spend");
    let page = get(&master, &path).await;
    assert_eq!(
        (page["data"].as_array().unwrap().len(), &page["total_pages"]),
        (2, &json!(2))
    );
    let id = page["data"][0]["request_id"].as_str().unwrap();
    let one = get(&master, &format!("/spend/logs/ui/{id}")).await;
    assert_eq!(one["request_id"], id);

    let csv = master.clone().header("accept", "text/csv");
    let reply = csv.get(&format!("/spend/logs/v2?{days}")).await.unwrap();
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(reply.text().lines().count(), 7, "{}", reply.text());

    let question = json!({ "model": "mock", "messages": question()["messages"] });
    let cost = manage(&gateway, "/spend/calculate", question).await;
    let tokens = cost["cost"].as_f64().unwrap() / PRICE;
    assert!(tokens > 1.0 && same(tokens, tokens.round()), "{cost}");
}

async fn past_requests_are_priced_anew(database: Database) {
    let mut site = Site::new(database, PRICE).await;
    let mut gateway = site.start().await;
    let new = json!({ "budget_duration": "30d", "max_budget": 1.0 });
    let key = key(&gateway, new).await;
    let before = ask(&gateway, &[&key], 5).await;
    gateway.sigkill().unwrap();
    gateway.wait_exit(SOON).await.unwrap();

    site.price = PRICE * 2.0;
    let again = site.start().await;
    let config = again.config_path().to_string_lossy().into_owned();
    let after = before * 2.0;
    for (apply, said) in [
        (false, "5 of another cost: would change"),
        (true, "5 of another cost: changed"),
        (true, "0 of another cost: nothing changes"),
    ] {
        let builder = site.builder().env("LITELLM_MASTER_KEY", MASTER);
        let mut args = vec!["reprice", "--since", "2026-01-01", "--config", &config];
        args.extend(apply.then_some("--apply"));
        let exited = builder.run(&args).await.unwrap();
        assert_eq!(exited.code, Some(0), "{exited:?}");
        assert!(exited.stdout.contains(said), "{exited:?}");
    }
    let master = again.client().bearer(MASTER);
    let days = range();
    let rows = get(&master, &format!("/spend/logs/v2?{days}")).await["data"].clone();
    assert!(same(sum(&rows, "spend"), after), "{rows}");
    let was = &rows[0]["metadata"]["repriced"];
    assert!(
        same(was["first_spend"].as_f64().unwrap(), before / 5.0),
        "{was}"
    );
    let told = get(&master, &format!("/global/spend?{days}")).await;
    assert!(same(told["spend"].as_f64().unwrap(), after), "{told}");
    let info = super::told(&again, &key).await;
    assert!(same(info["spend"].as_f64().unwrap(), after), "{info}");
    let audit = get(&master, "/audit?action=repriced").await;
    assert_eq!(audit["audit_logs"].as_array().unwrap().len(), 1, "{audit}");
}

async fn forgiven_spend_is_forgiven_in_memory(database: Database) {
    let site = Site::new(database, 0.000_01).await;
    let gateway = site.start().await;
    let new = json!({ "budget_duration": "30d", "max_budget": 0.02 });
    let key = key(&gateway, new).await;
    let mut served = 0.0;
    loop {
        let reply = holder(&gateway, &key)
            .post(CHAT, &question())
            .await
            .unwrap();
        if reply.status == 422 {
            break;
        }
        assert_eq!(reply.status, 200, "{}", reply.text());
        served += 1.0;
    }
    assert!(served > 0.0);
    eventually("what was served is charged", || async {
        let info = super::told(&gateway, &key).await;
        same(
            info["spend"].as_f64().unwrap(),
            served * TOKENS * site.price,
        )
    })
    .await;
    manage(&gateway, "/global/spend/reset", json!({})).await;
    let reply = holder(&gateway, &key)
        .post(CHAT, &question())
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
}
