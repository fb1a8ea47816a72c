//! Where the journal is, how large it may be, and what is said of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use lockgate_testkit::Gateway;
use serde_json::json;

use super::{entries, entries_in};
use crate::support::{Config, Dialect, Stage};

#[tokio::test]
async fn without_a_ledger_there_is_no_journal() {
    let stage = Stage::of_scripts(&["mock"]).await;
    assert_eq!(stage.chat("mock").await.status, 200);
    assert!(!stage.gateway.data_dir().join("journal").exists());
    let ready = stage.client().get("/health/readiness").await.unwrap();
    assert!(ready.json().get("ledger").is_none());
}

#[tokio::test]
async fn readiness_and_metrics_tell_of_it() {
    let stage =
        Stage::start(|mock, config| config.model(mock, "mock", Dialect::OpenAi, "mock").ledger())
            .await;
    for _ in 0..3 {
        assert_eq!(stage.chat("mock").await.status, 200);
    }
    let ready = stage.client().get("/health/readiness").await.unwrap();
    let ledger = &ready.json()["ledger"];
    assert_eq!(
        (&ledger["status"], &ledger["undrained"]),
        (&json!("healthy"), &json!(3))
    );
    let metrics = stage.client().get("/metrics").await.unwrap().text();
    for line in [
        "lockgate_journal_appended_total 3\n",
        "lockgate_journal_undrained_entries 3\n",
        "lockgate_journal_lost_total 0\n",
        "lockgate_journal_limit_bytes 1073741824\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let folder = stage.gateway.data_dir().join("journal");
    let mode = fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// Requests are served on, and everybody who looks can see what is lost.
#[tokio::test]
async fn a_full_journal_costs_entries_and_no_request() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "mock", Dialect::OpenAi, "mock")
            .ledger()
            .section("lockgate_settings", json!({ "journal_limit_mb": 1 }))
    })
    .await;
    let folder = stage.gateway.data_dir().join("journal");
    // What an earlier process left, as far as the limit is concerned.
    let mut gateway = stage.gateway;
    gateway.sigterm().unwrap();
    gateway.wait_exit(crate::support::SOON).await.unwrap();
    let left = "0000000000000001.00000000.0000.journal";
    fs::write(folder.join(left), vec![b'\n'; 1024 * 1024]).unwrap();
    let yaml = Config::new()
        .model(&stage.mock, "mock", Dialect::OpenAi, "mock")
        .ledger()
        .section(
            "lockgate_settings",
            json!({ "journal_limit_mb": 1, "journal_dir": folder }),
        )
        .yaml();
    let again = Stage {
        mock: stage.mock,
        gateway: Gateway::builder().config(yaml).start().await.unwrap(),
    };
    for _ in 0..3 {
        assert_eq!(again.chat("mock").await.status, 200);
    }
    let ready = again.client().get("/health/readiness").await.unwrap();
    assert_eq!(ready.status, 200);
    let ledger = &ready.json()["ledger"];
    assert_eq!(
        (&ledger["status"], &ledger["lost"]),
        (&json!("refusing"), &json!(3))
    );
    assert!(
        again
            .gateway
            .logs()
            .contains("will be missing in the ledger")
    );
}

#[tokio::test]
async fn a_folder_of_ones_own_is_kept_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("entries");
    for count in 1..=2 {
        let mut stage = Stage::start(|mock, config| {
            config
                .model(mock, "mock", Dialect::OpenAi, "mock")
                .ledger()
                .section("lockgate_settings", json!({ "journal_dir": place }))
        })
        .await;
        assert_eq!(stage.chat("mock").await.status, 200);
        assert_eq!(entries(&stage.gateway).len(), 0);
        stage.gateway.sigterm().unwrap();
        stage.gateway.wait_exit(crate::support::SOON).await.unwrap();
        assert_eq!(entries_in(&place).len(), count);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_stops_the_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let yaml = Config::new()
        .ledger()
        .section("lockgate_settings", json!({ "journal_dir": file.path() }))
        .yaml();
    let exited = Gateway::builder().config(yaml).run_to_exit().await.unwrap();
    assert_eq!(exited.code, Some(1), "{}", exited.stderr);
    assert!(
        exited.stderr.contains("lockgate_settings.journal_dir"),
        "{}",
        exited.stderr
    );
    assert!(exited.stderr.contains("ledger: false"), "{}", exited.stderr);
}
