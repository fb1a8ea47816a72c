//! Old entries of the ledger go; what they cost stays counted.

use serde_json::json;

use super::{Database, Site, TOKENS, holder, key, on_each_database, question, told};
use crate::support::{CHAT, eventually};

on_each_database! {
    old_entries_go_and_their_cost_stays
}

const PRICE: f64 = 0.000_01;

async fn old_entries_go_and_their_cost_stays(database: Database) {
    let site = Site::new(database, PRICE).await;
    let mut gateway = site.start().await;
    let key = key(&gateway, json!({})).await;
    let ask = async |gateway: &_| {
        let reply = holder(gateway, &key).post(CHAT, &question()).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
    };
    for _ in 0..5 {
        ask(&gateway).await;
    }
    eventually("all are written", || async {
        site.number("SELECT COUNT(*) FROM ledger").await == 5
    })
    .await;
    if site.url.is_some() {
        // No partition of ours is that old.
        site.sql("CREATE TABLE ledger_rest PARTITION OF ledger DEFAULT")
            .await;
    }
    // Two of them are of last month.
    site.sql(
        "UPDATE ledger SET started_at = started_at - 2592000000000, \
         ended_at = ended_at - 2592000000000 WHERE id IN (SELECT id FROM ledger ORDER BY id LIMIT 2)",
    )
    .await;
    gateway.sigterm().unwrap();
    gateway.wait_exit(crate::support::SOON).await.unwrap();

    let week = json!({
        "maximum_spend_logs_retention_period": "7d",
        "maximum_spend_logs_retention_interval": "1s",
    });
    let config = site.config().section("general_settings", week);
    let gateway = site.builder().config(config.yaml()).start().await.unwrap();
    eventually("the old ones are gone", || async {
        site.number("SELECT COUNT(*) FROM ledger").await == 3
    })
    .await;
    ask(&gateway).await;
    eventually("what is new is written and stays", || async {
        site.number("SELECT COUNT(*) FROM ledger").await == 4
    })
    .await;
    let spend = told(&gateway, &key).await["spend"].as_f64().unwrap();
    assert!((spend - 6.0 * TOKENS * PRICE).abs() < 0.5e-9, "{spend}");
    let requests = "SELECT requests FROM rollup_totals WHERE kind = '' ORDER BY day DESC LIMIT 1";
    assert_eq!(site.number(requests).await, 6);
}
