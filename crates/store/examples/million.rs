//! Fills a database with a million finished requests and prints how long each query takes.
//!
//! `cargo run -p lockgate-store --example million -- [sqlite|postgres] [ENTRIES]`
#![expect(
    clippy::too_many_lines,
    reason = "a table of queries is as long as it is"
)]

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ledger::{Charge, CostSource, LedgerEntry, LedgerTokens, Window};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    ActivityQuery, Dimension, EntryQuery, Paging, Spend, SpendStore, StoreFuture,
};
use lockgate_store::{ConnectOptions, DatabaseUrl, Store};
use lockgate_testkit::Postgres;

type Outcome = Result<(), Box<dyn Error>>;

const DAYS: i64 = 30;
const DAY: i64 = 86_400_000_000;
/// 2026-11-01, in microseconds since 1970.
const START: i64 = 20_758 * DAY;
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
        None => format!("sqlite:{}", folder.path().join("million.db").display()),
    };
    runtime.block_on(async {
        let url = DatabaseUrl::parse(&url)?;
        let store = Store::connect(&url, None, ConnectOptions::default())?;
        store.migrate().await?;
        fill(&store, count).await?;
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
        batch.push(entry(number, count));
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

/// One of five thousand customers, who are served by a thousand keys of a hundred teams with three
/// models each, spread over thirty days.
fn entry(number: usize, count: usize) -> LedgerEntry {
    let at =
        START + DAYS * DAY / i64::try_from(count).unwrap_or(1) * i64::try_from(number).unwrap_or(0);
    let customer = fastrand::usize(..5_000);
    let key = customer % 1_000;
    let model = (key + fastrand::usize(..3)) % 8;
    let tag = format!("tag-{}", key % 20);
    let customer = format!("customer-{customer}");
    let (user, team) = (format!("user-{key}"), format!("team-{}", key % 100));
    let organization = format!("organization-{}", key % 10);
    let key = format!("{key:064x}");
    let day = at.div_euclid(DAY) * 86_400;
    let charge = |kind, id: &str| Charge {
        kind,
        id: id.to_owned(),
        windows: vec![Window {
            name: "1d".to_owned(),
            start: day,
        }],
    };
    let input = fastrand::u64(10..5_000);
    LedgerEntry {
        id: uuid(at),
        call_id: uuid(at),
        response_id: Some(format!("chatcmpl-{}", uuid(at))),
        started_at: at,
        ended_at: at + 2_000_000,
        dialect: "openai_chat".to_owned(),
        operation: "chat".to_owned(),
        model_group: format!("group-{model}"),
        model: Some(format!("model-{model}")),
        provider: Some(format!("provider-{}", model % 4)),
        deployment_id: Some(format!("deployment-{model}")),
        charges: vec![
            charge(EntityKind::Key, &key),
            charge(EntityKind::User, &user),
            charge(EntityKind::Team, &team),
            charge(EntityKind::Organization, &organization),
            charge(EntityKind::Customer, &customer),
        ],
        key_id: Some(key),
        user_id: Some(user),
        team_id: Some(team),
        organization_id: Some(organization),
        customer_id: Some(customer),
        tags: vec![tag],
        session_id: Some(format!("session-{}", number / 20)),
        client_address: Some("192.0.2.17".to_owned()),
        status: if fastrand::usize(..100) == 0 {
            500
        } else {
            200
        },
        stream: true,
        tokens: LedgerTokens {
            input,
            output: 300,
            cache_read: input / 2,
            ..LedgerTokens::default()
        },
        cost: Nanodollars::new(1_234_567),
        cost_source: CostSource::Computed,
        ..LedgerEntry::default()
    }
}

/// A version 7 UUID of that time.
fn uuid(at: i64) -> String {
    let milliseconds = u64::try_from(at / 1_000).unwrap_or_default();
    let random = fastrand::u128(..).to_be_bytes();
    let tail = [
        random[0], random[1], random[2], random[3], random[4], random[5], random[6], random[7],
        random[8], random[9],
    ];
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &tail)
        .into_uuid()
        .to_string()
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

fn activities() -> Vec<(&'static str, ActivityQuery)> {
    use Dimension::{Day, Entity, Hour, Key, Model, ModelGroup, Provider};

    let query = |of, by: &[Dimension]| ActivityQuery {
        of,
        ids: None,
        key_id: None,
        model_group: None,
        from: 20_758,
        until: 20_788,
        by: by.to_vec(),
    };
    let one = |of, id: &str, by: &[Dimension]| ActivityQuery {
        ids: Some(vec![id.to_owned()]),
        ..query(Some(of), by)
    };
    vec![
        ("all, by day", query(None, &[Day])),
        ("all, by hour", query(None, &[Hour])),
        (
            "all, by day and model",
            query(None, &[Day, ModelGroup, Model, Provider]),
        ),
        ("all, by key", query(None, &[Key])),
        ("all keys, by day", query(Some(EntityKind::Key), &[Day])),
        (
            "all teams, by team",
            query(Some(EntityKind::Team), &[Entity]),
        ),
        (
            "all teams, by team and day",
            query(Some(EntityKind::Team), &[Entity, Day]),
        ),
        (
            "all customers, by customer",
            query(Some(EntityKind::Customer), &[Entity]),
        ),
        (
            "all tags, by tag and day",
            query(Some(EntityKind::Tag), &[Entity, Day]),
        ),
        ("one team, by day", one(EntityKind::Team, "team-7", &[Day])),
        (
            "one team, by day, key and model",
            one(EntityKind::Team, "team-7", &[Day, Key, Model]),
        ),
        (
            "one user, by day and model",
            one(EntityKind::User, "user-7", &[Day, Model]),
        ),
    ]
}

fn everything() -> EntryQuery {
    EntryQuery {
        request_id: None,
        key_id: None,
        user_id: None,
        team_id: None,
        organization_id: None,
        customer_id: None,
        session_id: None,
        model_group: None,
        failed: None,
        from: None,
        until: None,
        least: None,
        paging: Paging::page(1, 100),
    }
}

fn entries() -> Vec<(&'static str, EntryQuery)> {
    let text = |text: &str| Some(text.to_owned());
    let all = everything();
    let week = EntryQuery {
        from: Some(START + 10 * DAY),
        until: Some(START + 17 * DAY),
        ..all.clone()
    };
    vec![
        ("the newest entries", all.clone()),
        ("entries of a week", week.clone()),
        (
            "entries, page 100",
            EntryQuery {
                paging: Paging::page(100, 100),
                ..all.clone()
            },
        ),
        (
            "entries of a team",
            EntryQuery {
                team_id: text("team-7"),
                ..all.clone()
            },
        ),
        (
            "entries of a team in a week",
            EntryQuery {
                team_id: text("team-7"),
                ..week.clone()
            },
        ),
        (
            "entries of a key",
            EntryQuery {
                key_id: Some(format!("{:064x}", 7)),
                ..all.clone()
            },
        ),
        (
            "entries of a customer",
            EntryQuery {
                customer_id: text("customer-7"),
                ..all.clone()
            },
        ),
        (
            "entries of a session",
            EntryQuery {
                session_id: text("session-777"),
                ..all.clone()
            },
        ),
        (
            "entries of a model group in a week",
            EntryQuery {
                model_group: text("group-3"),
                ..week
            },
        ),
        (
            "entries that failed",
            EntryQuery {
                failed: Some(true),
                ..all.clone()
            },
        ),
        (
            "entries of a team that failed",
            EntryQuery {
                failed: Some(true),
                team_id: text("team-7"),
                ..all.clone()
            },
        ),
        (
            "entries of nobody",
            EntryQuery {
                team_id: text("nobody"),
                ..all.clone()
            },
        ),
        (
            "entries of an unknown model group",
            EntryQuery {
                model_group: text("nothing"),
                ..all.clone()
            },
        ),
        (
            "entries that cost more than any",
            EntryQuery {
                least: Some(Nanodollars::new(9_999_999)),
                ..all.clone()
            },
        ),
        (
            "an entry by an unknown id",
            EntryQuery {
                request_id: text("chatcmpl-nothing"),
                ..all
            },
        ),
    ]
}
