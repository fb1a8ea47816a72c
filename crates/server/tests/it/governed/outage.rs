//! A database that is away: nobody who asks a model notices, and nothing is lost or counted twice.
//!
//! It is away for some seconds; `LOCKGATE_OUTAGE_SECONDS=60` makes that a minute.

mod file;
mod load;
mod start;

use std::time::{Duration, Instant};

use lockgate_core::Environment;
use lockgate_testkit::{Gateway, Postgres};
use serde_json::json;

use super::{Site, TOKENS, key, told};
use crate::support::{MASTER, eventually};
use load::Load;

/// Of a token, in dollars.
const PRICE: f64 = 0.000_01;
/// A request, in billionths of a dollar.
const COST: i64 = 150_000;
/// Longer than the drain waits between two attempts, and for a connection.
const DRAINED: Duration = Duration::from_secs(30);
/// Longer than the drain waits for an answer.
const TOLD: Duration = Duration::from_secs(60);

/// How long the database is away.
fn outage() -> Duration {
    let environment = Environment::from_process();
    let said = environment.get_non_empty("LOCKGATE_OUTAGE_SECONDS");
    Duration::from_secs(said.map_or(3, |said| said.parse().unwrap()))
}

/// A site whose PostgreSQL server is its own, and that server.
async fn site() -> (Site, Postgres) {
    let server = Postgres::start().unwrap();
    let mut site = Site::new(super::Database::Sqlite, PRICE).await;
    site.url = Some(server.database().unwrap());
    (site, server)
}

/// A number out of the database of `site`.
fn number(server: &Postgres, site: &Site, sql: &str) -> i64 {
    let name = site.url.as_ref().unwrap().rsplit('/').next().unwrap();
    let found = server.psql(name, sql).unwrap();
    found.parse().unwrap_or_else(|_| panic!("{sql}: {found}"))
}

async fn readiness(gateway: &Gateway) -> (u16, serde_json::Value) {
    let client = gateway.client();
    let reply = client.get("/health/readiness").await.unwrap();
    (reply.status, reply.json())
}

async fn metric(gateway: &Gateway, name: &str) -> f64 {
    let client = gateway.client().bearer(MASTER);
    let text = client.get("/metrics").await.unwrap().text();
    let line = text
        .lines()
        .find(|line| line.split(' ').next() == Some(name));
    let value = line.and_then(|line| line.split(' ').nth(1));
    value
        .unwrap_or_else(|| panic!("no {name} in {text}"))
        .parse()
        .unwrap()
}

/// Waits until the database has all there is.
async fn drained(gateway: &Gateway) {
    let began = Instant::now();
    while metric(gateway, "lockgate_journal_undrained_entries").await > 0.0 {
        assert!(began.elapsed() < DRAINED, "not drained: {}", gateway.logs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("drained within {:.1?}", began.elapsed());
}

/// What the gateway says while its database is away.
async fn away_is_told(gateway: &Gateway) {
    let client = gateway.client().bearer(MASTER);
    let reply = client
        .post("/key/generate", &json!({ "key_alias": "late" }))
        .await
        .unwrap();
    assert_eq!(reply.status, 503, "{}", reply.text());
    let error = &reply.json()["error"];
    assert_eq!(error["type"], "no_db_connection", "{error}");
    assert_eq!(error["message"], "the database is away");

    let began = Instant::now();
    loop {
        let (status, ready) = readiness(gateway).await;
        assert_eq!((status, &ready["status"]), (200, &json!("healthy")));
        let said = (&ready["db"], &ready["ledger"]["status"]);
        if said == (&json!("Not connected"), &json!("behind")) {
            break;
        }
        assert!(began.elapsed() < TOLD, "{ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(metric(gateway, "lockgate_journal_bytes").await > 0.0);
    assert!(metric(gateway, "lockgate_journal_undrained_entries").await > 0.0);
}

/// Constant load, the database leaves and comes back in its midst.
async fn nobody_notices(leave: impl Fn(&Postgres), back: impl Fn(&Postgres)) {
    let (site, server) = site().await;
    let gateway = site.start().await;
    let limits = json!({ "max_budget": 1000.0, "rpm_limit": 1_000_000, "budget_duration": "30d" });
    let key = key(&gateway, limits).await;
    let load = Load::start(&gateway, &key);
    load.goes_on().await;

    let began = Instant::now();
    leave(&server);
    away_is_told(&gateway).await;
    tokio::time::sleep(outage().saturating_sub(began.elapsed())).await;
    load.goes_on().await;
    let meanwhile = metric(&gateway, "lockgate_journal_undrained_entries").await;
    let away = began.elapsed();
    back(&server);
    load.goes_on().await;
    let answered = load.stop().await;
    drained(&gateway).await;
    println!("{answered} answered; away for {away:.1?}, {meanwhile} records waited at its end");

    let rows = number(&server, &site, "SELECT COUNT(*) FROM ledger");
    let sum = number(&server, &site, "SELECT SUM(cost) FROM ledger");
    let spent = "SELECT amount FROM spend WHERE kind = 'key' AND window_name = ''";
    let window = "SELECT SUM(amount) FROM spend WHERE kind = 'key' AND window_name <> ''";
    let (spent, window) = (
        number(&server, &site, spent),
        number(&server, &site, window),
    );
    let cost = answered * COST;
    assert_eq!((rows, sum, spent, window), (answered, cost, cost, cost));
    eventually("readiness tells that it is back", || async {
        readiness(&gateway).await.1["db"] == "connected"
    })
    .await;
    let (_, ready) = readiness(&gateway).await;
    assert_eq!(ready["ledger"]["status"], "healthy");
    assert_eq!(ready["ledger"]["lost"], 0);
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let dollars = answered as f64 * TOKENS * PRICE;
    let spend = told(&gateway, &key).await["spend"].as_f64().unwrap();
    assert!((spend - dollars).abs() < 0.5e-9, "{spend} for {dollars}");
}

#[tokio::test]
async fn nobody_notices_that_the_server_is_stopped() {
    nobody_notices(Postgres::stop, |server| server.resume().unwrap()).await;
}

#[tokio::test]
async fn nobody_notices_that_the_server_is_silent() {
    nobody_notices(|server| server.silence().unwrap(), Postgres::wake).await;
}
