//! Where the journal is, how large it may be, and what is said of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use lockgate_testkit::Gateway;
use serde_json::json;

use super::{entries, entries_in};
use crate::support::{Config, Dialect, Stage};

#[tokio::test]
async fn without_a_ledger_there_is_no_journal() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "mock", Dialect::OpenAi, "mock")
            .section("lockgate_settings", json!({ "ledger": false }))
    })
    .await;
    assert_eq!(stage.chat("mock").await.status, 200);
    assert!(!stage.gateway.data_dir().join("journal").exists());
    let ready = stage.client().get("/health/readiness").await.unwrap();
    assert!(ready.json().get("ledger").is_none());
}

#[tokio::test]
async fn readiness_and_metrics_tell_of_it() {
    let stage =
        Stage::start(|mock, config| config.model(mock, "mock", Dialect::OpenAi, "mock")).await;
    for _ in 0..3 {
        assert_eq!(stage.chat("mock").await.status, 200);
    }
    let ready = stage.client().get("/health/readiness").await.unwrap();
    let ledger = &ready.json()["ledger"];
    assert_eq!(ledger["status"], "healthy");
    let metrics = stage.client().get("/metrics").await.unwrap().text();
    for line in [
        "lockgate_journal_appended_total 3\n",
        "lockgate_journal_lost_total 0\n",
        "lockgate_journal_limit_bytes 1073741824\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let folder = stage.gateway.data_dir().join("journal");
    let mode = fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_stops_the_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let yaml = Config::new()
        .section("lockgate_settings", json!({ "journal_dir": file.path() }))
        .yaml();
    let exited = Gateway::builder().config(yaml).run_to_exit().await.unwrap();
    assert_eq!(exited.code, Some(1), "{}", exited.stderr);
    assert!(exited.stderr.contains("ledger: false"), "{}", exited.stderr);
    assert!(
        exited.stderr.contains("lockgate_settings.journal_dir"),
        "{}",
        exited.stderr
    );
}

#[tokio::test]
async fn a_folder_of_ones_own_is_used_by_one_process_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("entries");
    let own = |config: Config| config.section("lockgate_settings", json!({ "journal_dir": place }));
    let stage =
        Stage::start(|mock, config| own(config.model(mock, "mock", Dialect::OpenAi, "mock"))).await;
    assert_eq!(stage.chat("mock").await.status, 200);
    assert_eq!(entries(&stage.gateway).len(), 0);
    assert_eq!(entries_in(&place).len(), 1);
    let other = own(Config::new()).yaml();
    let exited = Gateway::builder()
        .config(other)
        .run_to_exit()
        .await
        .unwrap();
    assert_eq!(exited.code, Some(1), "{}", exited.stderr);
    assert!(
        exited.stderr.contains("another process"),
        "{}",
        exited.stderr
    );
}
