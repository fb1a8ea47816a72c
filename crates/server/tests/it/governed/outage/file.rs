//! A file of SQLite that somebody else writes to for a while.

use std::path::Path;
use std::time::Instant;

use lockgate_testkit::Gateway;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _, SqliteConnection};

use super::load::Load;
use super::{COST, PRICE, drained, metric, outage};
use crate::governed::{Database, Site, key};

async fn open(folder: &Path) -> SqliteConnection {
    let file = folder.join("lockgate.db");
    let options = SqliteConnectOptions::new().filename(file);
    options.connect().await.unwrap()
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    let row = connection.fetch_one(sql).await.unwrap();
    row.get(0)
}

async fn pending(gateway: &Gateway) -> f64 {
    metric(gateway, "lockgate_journal_undrained_entries").await
}

#[tokio::test]
async fn nobody_notices_that_the_file_is_locked() {
    let site = Site::new(Database::Sqlite, PRICE).await;
    let gateway = site.start().await;
    let key = key(&gateway, json!({ "max_budget": 1000.0 })).await;
    let load = Load::start(&gateway, &key);
    load.goes_on().await;
    let mut other = open(site.folder.path()).await;
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    let began = Instant::now();
    // What is written waits; keys that are there are read.
    tokio::time::sleep(outage()).await;
    load.goes_on().await;
    assert!(pending(&gateway).await >= 50.0);
    super::told(&gateway, &key).await;
    other.execute("COMMIT").await.unwrap();
    println!("locked for {:.1?}", began.elapsed());
    load.goes_on().await;
    let answered = load.stop().await;
    drained(&gateway).await;
    let rows = number(&mut other, "SELECT COUNT(*) FROM ledger").await;
    let spent = "SELECT amount FROM spend WHERE kind = 'key' AND window_name = ''";
    let spent = number(&mut other, spent).await;
    assert_eq!((rows, spent), (answered, answered * COST));
    other.close().await.unwrap();
}
