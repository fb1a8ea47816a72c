//! Fills a database with a million finished requests and prints how long each query takes.
//!
//! `cargo run -p lockgate-store --example million -- [sqlite|postgres|FILE] [ENTRIES]`
//! With the path of a file instead of `sqlite` it is kept, and only asked the next time.
#![expect(
    clippy::too_many_lines,
    reason = "a table of queries is as long as it is"
)]

mod queries;
mod request;

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{Spend, SpendStore, StoreFuture};
use lockgate_store::{ConnectOptions, DatabaseUrl, Store};
use lockgate_testkit::Postgres;

use crate::queries::{activities, entries, everything};
use crate::request::request;

type Outcome = Result<(), Box<dyn Error>>;

pub(crate) const DAYS: i64 = 30;
pub(crate) const DAY: i64 = 86_400_000_000;
/// 2026-11-01, in microseconds since 1970.
pub(crate) const START: i64 = 20_758 * DAY;
const BATCH: usize = 5_000;
const RUNS: usize = 5;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| "sqlite".to_owned());
    let count = arguments
        .next()
        .map_or(Ok(1_000_000), |count| count.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let folder = tempfile::tempdir()?;
    let server = (kind == "postgres").then(Postgres::start).transpose()?;
    let url = match &server {
        Some(server) => server.database()?,
        None if kind == "sqlite" => {
            format!("sqlite:{}", folder.path().join("million.db").display())
        }
        None => format!("sqlite:{kind}"),
    };
    runtime.block_on(async {
        let url = DatabaseUrl::parse(&url)?;
        let store = Store::connect(&url, None, ConnectOptions::default())?;
        store.migrate().await?;
        if store.entries(&everything()).await?.total == 0 {
            fill(&store, count).await?;
        }
        if let Some(server) = &server {
            // What the server does by itself in its own time.
            server.psql("test_0", "VACUUM ANALYZE")?;
        }
        measure(&store).await
    })
}

fn say(line: &str) {
    // A reader that left is no reason to fail.
    let _printed = writeln!(std::io::stdout().lock(), "{line}");
}

async fn fill(store: &Store, count: usize) -> Outcome {
    let began = Instant::now();
    let mut batch = Vec::with_capacity(BATCH);
    let mut slowest = Duration::ZERO;
    for number in 0..count {
        batch.push(request(number, count));
        if batch.len() == BATCH || number + 1 == count {
            let began = Instant::now();
            store.write(&batch.split_off(0).into()).await?;
            slowest = slowest.max(began.elapsed());
        }
    }
    let took = began.elapsed();
    say(&format!(
        "{count} entries in {took:.1?}; slowest batch of {BATCH}: {slowest:.1?}"
    ));
    Ok(())
}

async fn measure(store: &Store) -> Outcome {
    for (name, query) in activities() {
        time(name, || store.activity(&query), Vec::len).await?;
    }
    for (name, query) in entries() {
        time(name, || store.entries(&query), |page| page.rows.len()).await?;
    }
    let key = EntityId::new(EntityKind::Key, format!("{:064x}", 7));
    time(
        "spend of one key",
        || store.spend(std::slice::from_ref(&key)),
        Vec::len,
    )
    .await?;
    time(
        "a page of all spend",
        || store.all_spend(None, 10_000),
        Vec::len,
    )
    .await?;
    let last = Spend {
        of: EntityId::new(EntityKind::Team, "team-5"),
        window: String::new(),
        start: 0,
        amount: Nanodollars::ZERO,
    };
    time(
        "a later page of all spend",
        || store.all_spend(Some(&last), 10_000),
        Vec::len,
    )
    .await?;
    let again: Arc<[LedgerEntry]> = store.entries(&everything()).await?.rows.into();
    time("100 entries sent again", || store.write(&again), |_| 0).await?;
    time(
        "forget 1,000, or a week",
        || store.forget(START + 20 * DAY, 1_000),
        |_| 0,
    )
    .await
}

async fn time<'a, T>(
    name: &str,
    ask: impl Fn() -> StoreFuture<'a, T>,
    rows: impl Fn(&T) -> usize,
) -> Outcome {
    let mut times = Vec::with_capacity(RUNS);
    let mut count = 0;
    for _ in 0..RUNS {
        let began = Instant::now();
        let answer = ask().await?;
        times.push(began.elapsed());
        count = rows(&answer);
    }
    let first = times[0];
    times.sort();
    let (median, worst) = (times[RUNS / 2], times[RUNS - 1]);
    say(&format!(
        "{name:44} {count:6} rows   first {first:8.1?}   median {median:8.1?}   worst {worst:8.1?}"
    ));
    Ok(())
}
