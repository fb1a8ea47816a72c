//! A database that goes away, and comes back.

use std::time::Duration;

use lockgate_core::ports::{EntityStore, Put, SpendStore, StoreError, Written};
use lockgate_store::{ConnectOptions, DatabaseUrl, MigrateError, Store};
use lockgate_testkit::{Postgres, free_port};

use crate::support::{NOW, entry, put, team};

/// A store that does not wait long.
fn hasty(url: &str) -> Store {
    let options = ConnectOptions {
        connections: 4,
        patience: Duration::from_millis(500),
    };
    Store::connect(&DatabaseUrl::parse(url).unwrap(), None, options).unwrap()
}

#[tokio::test]
async fn a_database_that_restarts_is_away_and_then_there() {
    let server = Postgres::start().unwrap();
    let url = server.database().unwrap();
    let store = hasty(&url);
    store.migrate().await.unwrap();
    let before = entry(NOW);
    store.write(&[before.clone()].into()).await.unwrap();
    put(&store, vec![Put::Insert(team("red"))]).await.unwrap();

    server.stop();
    assert!(matches!(store.ping().await, Err(StoreError::Away(_))));
    let lost = entry(NOW + 1);
    let written = store.write(&[before.clone(), lost.clone()].into()).await;
    assert!(matches!(written, Err(StoreError::Away(_))), "{written:?}");
    let changed = put(&store, vec![Put::Insert(team("blue"))]).await;
    assert!(matches!(changed, Err(StoreError::Away(_))), "{changed:?}");

    server.resume().unwrap();
    assert_eq!(
        store.write(&[before, lost].into()).await.unwrap(),
        Written { new: 1 }
    );
    put(&store, vec![Put::Insert(team("blue"))]).await.unwrap();
    assert!(store.entity(&team("red").id()).await.unwrap().is_some());
}

#[tokio::test]
async fn connections_that_the_server_cuts_off_are_made_anew() {
    let url = Postgres::shared().database().unwrap();
    let store = hasty(&url);
    store.migrate().await.unwrap();
    store.ping().await.unwrap();
    let database = url.rsplit('/').next().unwrap();
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    );
    Postgres::shared().psql("postgres", &cut).unwrap();
    put(&store, vec![Put::Insert(team("red"))]).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_full_is_away() {
    let server = Postgres::start().unwrap();
    let url = server.database().unwrap();
    let store = hasty(&url);
    store.migrate().await.unwrap();
    store.close().await;
    // Not even the administrator gets in any more.
    let database = url.rsplit('/').next().unwrap();
    server
        .psql(
            "postgres",
            &format!("ALTER DATABASE {database} CONNECTION LIMIT 0"),
        )
        .unwrap();
    server
        .psql("postgres", "CREATE ROLE plain LOGIN PASSWORD 'plain'")
        .unwrap();
    let plain = url.replace("postgres:postgres", "plain:plain");
    let full = hasty(&plain).ping().await;
    assert!(matches!(full, Err(StoreError::Away(_))), "{full:?}");
}

#[tokio::test]
async fn what_waiting_does_not_help_is_refused() {
    let url = Postgres::shared().url("nowhere");
    let refused = hasty(&url)
        .migrate_within(Duration::from_secs(60), |_| {})
        .await;
    let said = refused.unwrap_err();
    assert!(
        matches!(said, MigrateError::Store(StoreError::Refused(_))),
        "{said:?}"
    );
    assert!(said.to_string().contains("nowhere"), "{said}");
    let wrong = url.replace("postgres:postgres", "postgres:hush");
    let said = hasty(&wrong).migrate().await.unwrap_err();
    assert!(
        matches!(said, MigrateError::Store(StoreError::Refused(_))),
        "{said:?}"
    );
    assert!(!said.to_string().contains("hush"), "{said}");
}

#[tokio::test]
async fn migrating_waits_for_a_database_that_comes() {
    let server = Postgres::start().unwrap();
    let url = server.database().unwrap();
    server.stop();
    let store = hasty(&url);
    let mut told = Vec::new();
    let waiting = store.migrate_within(Duration::from_secs(60), |reason| {
        told.push(reason.to_string());
        if told.len() == 1 {
            server.resume().unwrap();
        }
    });
    assert_eq!(waiting.await.unwrap().from, 0);
    assert!(!told.is_empty());

    let nobody = format!("postgresql://u:p@127.0.0.1:{}/d", free_port().unwrap());
    let gave_up = hasty(&nobody)
        .migrate_within(Duration::from_millis(50), |_| {})
        .await;
    assert!(
        matches!(gave_up, Err(MigrateError::Store(StoreError::Away(_)))),
        "{gave_up:?}"
    );
}
