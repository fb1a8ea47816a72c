//! The ledger: entries come out as they went in, are found, and go when it is time.

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{EntryQuery, Paging, SpendStore, Written};
use lockgate_store::PARTITION;
use lockgate_testkit::Postgres;

use crate::support::{DAY, NOW, Open, all_spend, charge, entry, on_both, postgres, sqlite};

on_both!(
    an_entry_comes_out_as_it_went_in,
    what_a_database_could_choke_on_is_written,
    entries_are_found,
    pages_are_newest_first,
    old_entries_go_in_bounded_steps,
    entries_of_any_time_are_written,
);

fn all() -> EntryQuery {
    EntryQuery::new(Paging::page(1, 100))
}

async fn an_entry_comes_out_as_it_went_in(open: &Open) {
    let text = |text: &str| Some(text.to_owned());
    let mut full = entry(NOW);
    full.response_id = text("chatcmpl-1");
    full.first_token_us = Some(321);
    full.deployment_id = text("deployment");
    full.key_alias = text("alias");
    full.user_id = text("ann");
    full.organization_id = text("org");
    full.project_id = text("project");
    full.customer_id = text("customer");
    full.tags = vec!["a,b".to_owned(), "\"c\"".to_owned()];
    full.session_id = text("session");
    full.client_address = text("2001:db8::1");
    full.error = text("it broke");
    full.stream = true;
    full.cache_hit = true;
    (full.retries, full.fallbacks, full.status) = (2, 1, 499);
    full.charges.push(charge(
        lockgate_core::entity::EntityKind::Tag,
        "a,b",
        &[("gpt/1d", 5)],
    ));
    let bare = LedgerEntry {
        id: "not a UUID".to_owned(),
        started_at: NOW - 1,
        ..LedgerEntry::default()
    };
    open.store
        .write(&[full.clone(), bare.clone()].into())
        .await
        .unwrap();
    let page = open.store.entries(&all()).await.unwrap();
    assert_eq!(page.rows, [full, bare]);
    assert_eq!(page.total, 2);
}

async fn what_a_database_could_choke_on_is_written(open: &Open) {
    let mut strange = entry(NOW);
    strange.model_group = "a\u{0}b'; DROP TABLE ledger; --".to_owned();
    strange.error = Some("\u{0}".to_owned());
    strange.tags = vec!["\u{0}".to_owned()];
    (strange.status, strange.retries) = (u16::MAX, u32::MAX);
    strange.tokens.input = u64::MAX;
    strange.ended_at = i64::MIN;
    assert_eq!(
        open.store.write(&[strange].into()).await.unwrap(),
        Written { new: 1 }
    );
    let page = open.store.entries(&all()).await.unwrap();
    assert_eq!(
        page.rows[0].model_group,
        "a\u{fffd}b'; DROP TABLE ledger; --"
    );
    assert_eq!(page.rows[0].status, u16::MAX);
    assert_eq!(page.rows[0].tokens.input, i64::MAX.unsigned_abs());
}

async fn entries_are_found(open: &Open) {
    let text = |text: &str| Some(text.to_owned());
    let mut one = entry(NOW);
    one.call_id = "one".to_owned();
    one.response_id = text("resp");
    one.user_id = text("ann");
    one.customer_id = text("end");
    let mut two = entry(NOW + 10);
    two.call_id = "two".to_owned();
    two.status = 429;
    two.cost = Nanodollars::ZERO;
    two.key_id = text("sk-2");
    two.team_id = text("blue");
    two.organization_id = text("org");
    two.session_id = text("session");
    two.model_group = "claude".to_owned();
    open.store
        .write(&[one.clone(), two.clone()].into())
        .await
        .unwrap();
    let cases: Vec<(EntryQuery, &[&str])> = vec![
        (
            EntryQuery {
                request_id: Some(one.id.clone()),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                request_id: text("two"),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                request_id: text("resp"),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                request_id: text("nothing"),
                ..all()
            },
            &[],
        ),
        (
            EntryQuery {
                key_id: text("sk-2"),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                user_id: text("ann"),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                team_id: text("red"),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                organization_id: text("org"),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                customer_id: text("end"),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                session_id: text("session"),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                model_group: text("claude"),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                failed: Some(true),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                failed: Some(false),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                from: Some(NOW + 1),
                ..all()
            },
            &["two"],
        ),
        (
            EntryQuery {
                until: Some(NOW + 10),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                least: Some(Nanodollars::new(1)),
                ..all()
            },
            &["one"],
        ),
        (
            EntryQuery {
                team_id: text("red"),
                failed: Some(true),
                ..all()
            },
            &[],
        ),
    ];
    for (query, calls) in cases {
        let page = open.store.entries(&query).await.unwrap();
        let found: Vec<&str> = page
            .rows
            .iter()
            .map(|entry| entry.call_id.as_str())
            .collect();
        assert_eq!(found, calls, "{query:?}");
        assert_eq!(page.total, calls.len() as u64, "{query:?}");
    }
}

async fn pages_are_newest_first(open: &Open) {
    let entries: std::sync::Arc<[LedgerEntry]> =
        (0..5).map(|at| entry(NOW + at * 9 * DAY)).collect();
    open.store.write(&entries).await.unwrap();
    let mut seen = Vec::new();
    for page in 1..=3 {
        let query = EntryQuery {
            paging: Paging::page(page, 2),
            ..all()
        };
        let found = open.store.entries(&query).await.unwrap();
        assert_eq!(found.total, 5);
        seen.extend(found.rows);
    }
    seen.reverse();
    assert_eq!(seen, *entries);
}

async fn old_entries_go_in_bounded_steps(open: &Open) {
    let store = &open.store;
    // Ten in each of three weeks, the last of which is the one of `NOW`, a Monday.
    let weeks = [NOW - 14 * DAY, NOW - 7 * DAY, NOW];
    let entries: std::sync::Arc<[LedgerEntry]> = weeks
        .iter()
        .flat_map(|week| (0..10).map(move |at| entry(week + at)))
        .collect();
    store.write(&entries).await.unwrap();
    let before = NOW + 5;
    let mut steps = Vec::new();
    loop {
        match store.forget(before, 4).await.unwrap() {
            0 => break,
            gone => steps.push(gone),
        }
    }
    assert_eq!(steps.iter().sum::<u64>(), 25, "{steps:?}");
    assert!(steps.iter().all(|gone| *gone <= 10), "{steps:?}");
    let left = store.entries(&all()).await.unwrap();
    assert_eq!(left.total, 5);
    assert!(left.rows.iter().all(|entry| entry.started_at >= before));
    // What was counted stays counted.
    assert_eq!(all_spend(store).await[0].3, 30 * 1_000_000);
}

async fn entries_of_any_time_are_written(open: &Open) {
    let times = [0, -5, i64::MAX - 2_000_000, NOW, NOW + 5_000 * DAY];
    let entries = times.map(entry).into();
    assert_eq!(
        open.store.write(&entries).await.unwrap(),
        Written { new: 5 }
    );
    assert_eq!(
        open.store.write(&entries).await.unwrap(),
        Written { new: 0 }
    );
    assert_eq!(open.store.entries(&all()).await.unwrap().total, 5);
}

#[tokio::test]
async fn a_week_is_a_partition_and_goes_as_a_whole() {
    let open = postgres().await;
    let database = open.url.rsplit('/').next().unwrap();
    let partitions = || {
        let names = "SELECT relname FROM pg_class c JOIN pg_inherits ON inhrelid = c.oid \
                     WHERE inhparent = 'ledger'::regclass ORDER BY 1";
        Postgres::shared().psql(database, names).unwrap()
    };
    open.store.maintain(NOW).await.unwrap();
    assert_eq!(partitions(), "ledger_20261123\nledger_20261130");
    let old = entry(NOW - 7 * DAY);
    open.store
        .write(&[old.clone(), entry(NOW)].into())
        .await
        .unwrap();
    assert_eq!(
        partitions(),
        "ledger_20261116\nledger_20261123\nledger_20261130"
    );

    // Another replica drops the partition that this one knows of; a late entry makes it anew.
    let other = crate::support::connect(&open.url);
    let monday = NOW - 10 * DAY / 24;
    assert_eq!(
        monday % i64::try_from(PARTITION.as_micros()).unwrap(),
        4 * DAY
    );
    assert_eq!(other.forget(monday, 1).await.unwrap(), 1);
    assert_eq!(other.forget(monday, 1).await.unwrap(), 0);
    assert_eq!(partitions(), "ledger_20261123\nledger_20261130");
    assert_eq!(
        open.store
            .write(&[entry(NOW - 7 * DAY)].into())
            .await
            .unwrap(),
        Written { new: 1 }
    );
    assert_eq!(
        partitions(),
        "ledger_20261116\nledger_20261123\nledger_20261130"
    );
}

/// More blocks than are read one by one.
const MANY: i64 = 60_000;

#[tokio::test]
async fn entries_are_found_among_many() {
    let open = sqlite().await;
    let one = |at: i64| {
        let mut one = entry(NOW + at);
        one.call_id = format!("call-{at}");
        one.team_id = Some(if at % 5 == 0 { "even" } else { "rest" }.to_owned());
        if at % 20_000 == 7 {
            one.user_id = Some("rare".to_owned());
            one.cost = Nanodollars::new(5_000_000_000);
        }
        one
    };
    for from in (0..MANY).step_by(10_000) {
        let entries = (from..from + 10_000).map(one).collect();
        open.store.write(&entries).await.unwrap();
    }
    let cases = [
        EntryQuery {
            team_id: Some("even".to_owned()),
            ..all()
        },
        EntryQuery {
            user_id: Some("rare".to_owned()),
            ..all()
        },
        EntryQuery {
            least: Some(Nanodollars::new(4_000_000_000)),
            team_id: Some("rest".to_owned()),
            ..all()
        },
        EntryQuery {
            request_id: Some("call-31234".to_owned()),
            ..all()
        },
        EntryQuery {
            team_id: Some("even".to_owned()),
            from: Some(NOW + 1_000),
            until: Some(NOW + 3_000),
            ..all()
        },
    ];
    let expected: [&[i64]; 5] = [
        &[59_995, 59_990, 59_985],
        &[40_007, 20_007, 7],
        &[40_007, 20_007, 7],
        &[31_234],
        &[2_995, 2_990, 2_985],
    ];
    let totals = [10_000, 3, 3, 1, 400];
    for ((mut query, expected), total) in cases.into_iter().zip(expected).zip(totals) {
        query.paging.size = 3;
        let page = open.store.entries(&query).await.unwrap();
        let found: Vec<i64> = page.rows.iter().map(|row| row.started_at - NOW).collect();
        assert_eq!(found, expected, "{query:?}");
        assert_eq!(page.total, total, "{query:?}");
    }
    // What is forgotten leaves no mark behind.
    while open.store.forget(NOW + MANY, 25_000).await.unwrap() > 0 {}
    let connection = rusqlite::Connection::open(open.url.trim_start_matches("sqlite:")).unwrap();
    for table in ["ledger", "ledger_marks", "ledger_blocks"] {
        let left: i64 = connection
            .query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
}
