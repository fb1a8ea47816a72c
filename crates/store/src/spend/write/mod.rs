//! A batch of entries, written once however often it is sent.

mod postgres;
mod sqlite;
mod tables;

use std::sync::Arc;

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{StoreError, Written};

pub(crate) use self::sqlite::{LedgerFile, WriteError};
pub(super) use self::tables::{Table, rollups};
use crate::backend::{Backend, Store, in_time};

/// Writes `entries`, and what the new ones of them add to spend and rollups.
pub(super) async fn write(
    store: &Store,
    entries: &Arc<[LedgerEntry]>,
) -> Result<Written, StoreError> {
    if entries.is_empty() {
        return Ok(Written::default());
    }
    match store.backend() {
        Backend::Sqlite { writer, ledger, .. } => {
            // Whoever holds the one connection that writes may write; here on another one.
            let turn = in_time(writer.acquire()).await?;
            let written = ledger.write(entries.clone()).await;
            drop(turn);
            written
        }
        Backend::Postgres { .. } => in_time(Box::pin(postgres::write(store, entries))).await,
    }
}

/// In one order with every other writer, so that none waits for another in a circle; each once.
fn sorted(entries: &[LedgerEntry]) -> Vec<&LedgerEntry> {
    let mut sorted: Vec<&LedgerEntry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    sorted.dedup_by(|a, b| a.id == b.id);
    sorted
}
