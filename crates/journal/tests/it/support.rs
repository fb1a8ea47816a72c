//! Entries, a journal in a folder of its own, and ways to look at both.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::ledger::{LedgerEntry, LedgerTokens};
use lockgate_core::ports::Ledger as _;
use lockgate_journal::{Drain, DrainSettings, Journal, Options, Writer};
use tempfile::TempDir;

use crate::database::Database;

/// Longer than anything here takes, unless it hangs.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// An entry as requests leave them, with this id.
pub(crate) fn entry(id: impl Into<String>) -> LedgerEntry {
    let id = id.into();
    LedgerEntry {
        call_id: format!("call of {id}\n\"quoted\" ü"),
        id,
        started_at: 1_790_000_000_000_000,
        ended_at: 1_790_000_000_250_000,
        dialect: "openai_chat".to_owned(),
        operation: "chat".to_owned(),
        model_group: "public".to_owned(),
        status: 200,
        tokens: LedgerTokens {
            input: 11,
            output: 7,
            ..LedgerTokens::default()
        },
        ..LedgerEntry::default()
    }
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Pauses that a test can wait for.
pub(crate) fn hasty() -> DrainSettings {
    DrainSettings {
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        delay: Duration::from_millis(1),
        ..DrainSettings::default()
    }
}

pub(crate) fn open(path: &Path) -> Arc<Journal> {
    Journal::open(path, Options::default()).unwrap()
}

/// Writes entries with these ids.
pub(crate) fn append(writer: &Writer, ids: impl IntoIterator<Item = impl Into<String>>) {
    for id in ids {
        writer.append(entry(id));
    }
}

/// The ids of what is not drained, in order.
pub(crate) fn undrained(journal: &Journal) -> Vec<String> {
    journal.undrained().map(|entry| entry.id).collect()
}

/// Drains all there is; the database must take it.
pub(crate) fn drain(journal: &Arc<Journal>, database: &Arc<Database>) {
    drain_with(journal, database, hasty());
}

pub(crate) fn drain_with(
    journal: &Arc<Journal>,
    database: &Arc<Database>,
    settings: DrainSettings,
) {
    let mut drain = Drain::new(journal.clone(), database.clone(), settings);
    assert!(wait(drain.finish(SOON)), "{:?}", journal.status());
}

/// Waits for `future`.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// The files of a folder whose name ends so, in order.
pub(crate) fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(end))
        .collect();
    found.sort();
    found
}

/// The only segment of a folder.
pub(crate) fn only_segment(folder: &Path) -> PathBuf {
    let found = files(folder, ".journal");
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}
