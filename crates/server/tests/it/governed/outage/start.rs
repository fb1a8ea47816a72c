//! A gateway that starts before its database, and one whose database is another one of a sudden.

use lockgate_testkit::Gateway;
use serde_json::json;

use super::{COST, PRICE, drained, number, readiness, site};
use crate::governed::{Site, TOKENS, holder, key, question};
use crate::support::{CHAT, MASTER, SOON, eventually};

/// Asks `count` times, all of which must be served.
async fn ask(gateway: &Gateway, key: &str, count: usize) {
    for _ in 0..count {
        let reply = holder(gateway, key).post(CHAT, &question()).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

/// Asks until the money is spent; says how often that was.
async fn ask_until_refused(gateway: &Gateway, key: &str) -> usize {
    for served in 0..100 {
        let reply = holder(gateway, key).post(CHAT, &question()).await.unwrap();
        match reply.status {
            200 => {}
            422 => return served,
            other => panic!("{other}: {}", reply.text()),
        }
    }
    panic!("nothing was refused");
}

/// What a question sets aside, in dollars; most of it comes back with the answer.
async fn set_aside(gateway: &Gateway) -> f64 {
    let poor = key(gateway, json!({ "max_budget": 1e-9 })).await;
    let reply = holder(gateway, &poor)
        .post(CHAT, &question())
        .await
        .unwrap();
    let text = reply.text();
    let said = text.split("may cost up to $").nth(1).unwrap();
    let said = said.split(|c: char| !c.is_ascii_digit() && c != '.').next();
    said.unwrap().trim_end_matches('.').parse().unwrap()
}

/// A budget for so many questions, the last of which just fits.
fn budget(requests: i32, set_aside: f64) -> f64 {
    f64::from(requests - 1) * TOKENS * PRICE + set_aside + 1e-9
}

/// A gateway on `site` where all requests together may cost `most`, in dollars.
async fn start_with_budget(site: &Site, most: f64) -> Gateway {
    let config = site.config();
    let config = config.section("litellm_settings", json!({ "max_budget": most }));
    site.builder().config(config.yaml()).start().await.unwrap()
}

#[tokio::test]
async fn what_was_spent_before_the_database_came_counts_once() {
    let (site, server) = site().await;
    let mut first = start_with_budget(&site, 1000.0).await;
    let set_aside = set_aside(&first).await;
    let key = key(&first, json!({ "max_budget": 10.0 })).await;
    // Ten that the database knows of, ten that only the journal knows of.
    ask(&first, &key, 10).await;
    drained(&first).await;
    server.stop();
    ask(&first, &key, 10).await;
    first.sigkill().unwrap();
    first.wait_exit(SOON).await.unwrap();

    let gateway = start_with_budget(&site, budget(50, set_aside)).await;
    let (status, ready) = readiness(&gateway).await;
    assert_eq!((status, &ready["status"]), (503, &json!("starting")));
    assert_eq!(ready["db"], "Not connected");
    let reply = holder(&gateway, &key)
        .post(CHAT, &question())
        .await
        .unwrap();
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(reply.json()["error"]["type"], "no_db_connection");
    assert!(reply.header("retry-after").is_some());
    // And ten that were served without it.
    ask(&gateway, MASTER, 10).await;

    server.resume().unwrap();
    eventually("the key is known", || async {
        let (status, _) = readiness(&gateway).await;
        status == 200
    })
    .await;
    let served = ask_until_refused(&gateway, &key).await;
    assert_eq!(served, 20);
    drained(&gateway).await;
    // Whoever was refused is in the ledger, too, at no cost.
    let sums = "SELECT SUM(cost) FROM ledger";
    let spent = "SELECT amount FROM spend WHERE id = 'litellm-proxy-budget' AND window_name = ''";
    let found = (number(&server, &site, sums), number(&server, &site, spent));
    assert_eq!(found, (50 * COST, 50 * COST));
}

#[tokio::test]
async fn a_database_that_is_another_one_is_read_anew() {
    let (site, server) = site().await;
    let gateway = site.start().await;
    let old = key(&gateway, json!({})).await;
    let most = budget(40, set_aside(&gateway).await);
    let spender = key(&gateway, json!({ "max_budget": most })).await;
    ask(&gateway, &spender, 10).await;
    drained(&gateway).await;
    // The gateway has read the changes of this database up to here.
    let name = site.url.as_ref().unwrap().rsplit('/').next().unwrap();
    let gone = key(&gateway, json!({})).await;
    let removed = format!(
        "DELETE FROM entities WHERE id = encode(sha256('{gone}'), 'hex'); \
         UPDATE counters SET value = value + 1 WHERE name = 'changes'; \
         UPDATE changes SET sequence = (SELECT value FROM counters WHERE name = 'changes') \
             WHERE id = encode(sha256('{gone}'), 'hex');"
    );
    server.psql(name, &removed).unwrap();
    eventually("the change is read", || async {
        let client = holder(&gateway, &gone);
        client.post(CHAT, &question()).await.unwrap().status == 401
    })
    .await;
    // As a backup of an earlier day: another key, more money, fewer changes.
    let restored = format!(
        "UPDATE entities SET id = encode(sha256('sk-of-the-backup'), 'hex') \
             WHERE kind = 'key' AND id = encode(sha256('{old}'), 'hex'); \
         UPDATE spend SET amount = 30 * {COST} WHERE kind = 'key'; \
         DELETE FROM changes; \
         UPDATE counters SET value = 0 WHERE name = 'changes';"
    );
    server.psql(name, &restored).unwrap();
    eventually("the key of the backup opens", || async {
        let client = holder(&gateway, "sk-of-the-backup");
        client.post(CHAT, &question()).await.unwrap().status == 200
    })
    .await;
    eventually("the key that the backup has not is gone", || async {
        let reply = holder(&gateway, &old).post(CHAT, &question()).await;
        reply.unwrap().status == 401
    })
    .await;
    let served = ask_until_refused(&gateway, &spender).await;
    assert_eq!(served, 10);
    // It goes on following.
    let next = key(&gateway, json!({})).await;
    ask(&gateway, &next, 1).await;
}
