//! Several stores on one database, at the same time.

use lockgate_core::entity::EntityKind;
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{
    ActivityQuery, AuditQuery, Change, EntityStore, Put, SpendStore, StoreError,
};
use lockgate_store::{ConnectOptions, DatabaseUrl, Store};
use tokio::task::JoinSet;

use crate::support::{
    NOW, Open, TODAY, all_spend, charge, connect, entry, on_both, postgres, put, team,
};

on_both!(
    one_of_many_updates_wins,
    entries_that_many_write_are_counted_once,
    a_poller_misses_no_change,
);

async fn one_of_many_updates_wins(open: &Open) {
    put(&open.store, vec![Put::Insert(team("red"))])
        .await
        .unwrap();
    let mut tasks = JoinSet::new();
    for replica in 0..8 {
        let store = connect(&open.url);
        tasks.spawn(async move {
            let mut entity = team("red");
            entity.updated_at = NOW + 1 + replica;
            let change = Change {
                puts: vec![Put::Update {
                    entity,
                    read_at: NOW,
                }],
                audit: vec![crate::audit::draft("red", NOW + replica)],
                ..Change::default()
            };
            store.change(&change).await
        });
    }
    let outcomes = tasks.join_all().await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let lost = outcomes
        .iter()
        .filter(|outcome| **outcome == Err(StoreError::Changed))
        .count();
    assert_eq!((won, lost), (1, 7), "{outcomes:?}");
    let everything: AuditQuery = crate::audit::everything();
    assert_eq!(open.store.audit(&everything).await.unwrap().total, 1);
    assert_eq!(open.store.verify_audit().await.unwrap().broken, None);
}

#[tokio::test]
async fn reports_are_read_from_the_copy() {
    let (open, copy) = (postgres().await, postgres().await);
    put(&copy.store, vec![Put::Insert(team("stale"))])
        .await
        .unwrap();
    copy.store.write(&[entry(NOW)].into()).await.unwrap();
    let [url, copy] = [&open.url, &copy.url].map(|url| DatabaseUrl::parse(url).unwrap());
    let store = Store::connect(&url, Some(&copy), ConnectOptions::default()).unwrap();
    let all = ActivityQuery {
        of: None,
        ids: None,
        key_id: None,
        model_group: None,
        from: TODAY,
        until: TODAY + 1,
        by: Vec::new(),
    };
    assert_eq!(store.activity(&all).await.unwrap()[0].totals.requests, 1);
    // What decides something is read where it is written.
    assert!(all_spend(&store).await.is_empty());
    let stale = store.entity(&team("stale").id()).await.unwrap();
    assert_eq!(stale, None);
}

/// Entries whose rows of spend and rollups overlap, in an order that is not that of the ids.
fn batch() -> Vec<LedgerEntry> {
    let mut entries: Vec<LedgerEntry> = (0..300)
        .map(|at| {
            let mut one = entry(NOW + at % 3);
            let teams = ["red", "blue", "green"];
            let shift = usize::try_from(at % 3).unwrap();
            one.charges = (0..3)
                .map(|place| charge(EntityKind::Team, teams[(place + shift) % 3], &[("1d", 1)]))
                .collect();
            one.model_group = format!("model-{}", at % 7);
            one
        })
        .collect();
    entries.sort_by_key(|entry| entry.id.bytes().rev().collect::<Vec<u8>>());
    entries
}

async fn entries_that_many_write_are_counted_once(open: &Open) {
    let entries = batch();
    let mut tasks = JoinSet::new();
    for replica in 0..6 {
        let store = connect(&open.url);
        let mut entries = entries.clone();
        if replica % 2 == 0 {
            entries.reverse();
        }
        tasks.spawn(async move {
            let mut new = 0;
            for part in entries.chunks(50) {
                new += store.write(&part.into()).await.unwrap().new;
            }
            new
        });
    }
    let new: u64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(new, 300);
    let spend = all_spend(&open.store).await;
    assert_eq!(spend.len(), 6);
    assert!(
        spend.iter().all(|row| row.3 == 300 * 1_000_000),
        "{spend:?}"
    );
}

async fn a_poller_misses_no_change(open: &Open) {
    let mut tasks = JoinSet::new();
    for replica in 0..4 {
        let store = connect(&open.url);
        tasks.spawn(async move {
            for number in 0..25 {
                put(
                    &store,
                    vec![Put::Insert(team(&format!("{replica}-{number}")))],
                )
                .await
                .unwrap();
            }
        });
    }
    let poller = connect(&open.url);
    let (mut seen, mut sequence) = (Vec::new(), 0);
    while seen.len() < 100 {
        let is_over = tasks.try_join_next().is_none() && tasks.is_empty();
        let (changed, upto) = poller.changed_since(sequence).await.unwrap();
        if is_over && changed.is_empty() {
            break;
        }
        seen.extend(changed);
        sequence = upto;
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 100);
    tasks.join_all().await;
}
