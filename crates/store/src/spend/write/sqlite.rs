//! A batch on SQLite: prepared statements, on a connection and a thread of their own.
//!
//! The way through the pool costs a message to another thread for each row, or a statement with
//! thousands of places that is read anew each time; both cost several times what the row does.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{StoreError, Written};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior, params_from_iter};

use super::sorted;
use super::tables::{Table, added};
use crate::backend::BUSY;
use crate::failure::understood_file;
use crate::spend::columns::{self, COLUMNS, COUNT, Cell};
use crate::spend::marks::Marks;
use crate::spend::sums::Sums;

/// A SQLite file that batches are written to.
#[derive(Debug)]
pub(crate) struct LedgerFile {
    path: PathBuf,
    /// Opened when the first batch comes, and again after an error.
    connection: Mutex<Option<Connection>>,
}

/// What writing may fail at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

// === impl LedgerFile ===

impl LedgerFile {
    /// Of the file at `path`.
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            connection: Mutex::default(),
        }
    }

    /// Writes `entries`. The caller sees to it that no other connection of this process writes.
    pub(super) async fn write(
        self: &Arc<Self>,
        entries: Arc<[LedgerEntry]>,
    ) -> Result<Written, StoreError> {
        let file = self.clone();
        let work = tokio::task::spawn_blocking(move || file.write_now(&entries));
        match work.await {
            Ok(written) => written.map_err(|error| understood_file(&error)),
            Err(stopped) => Err(StoreError::Away(stopped.to_string())),
        }
    }

    /// Closes the connection.
    pub(crate) fn close(&self) {
        *self.held() = None;
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Connection>> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write_now(&self, entries: &[LedgerEntry]) -> Result<Written, WriteError> {
        let mut held = self.held();
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => open(&self.path)?,
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let new = insert(&transaction, &sorted(entries))?;
        for (table, rows) in added(&Sums::of(new.iter().copied())) {
            add(&transaction, table, &rows)?;
        }
        transaction.commit()?;
        *held = Some(connection);
        Ok(Written {
            new: new.len() as u64,
        })
    }
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -8192)?;
    Ok(connection)
}

/// Inserts `entries`, and marks their blocks; answers those that were not there.
fn insert<'a>(
    transaction: &Transaction<'_>,
    entries: &[&'a LedgerEntry],
) -> Result<Vec<&'a LedgerEntry>, WriteError> {
    let insert = format!(
        "INSERT INTO ledger ({COLUMNS}) VALUES ({}) ON CONFLICT (id) DO NOTHING",
        places(COUNT)
    );
    let mut insert = transaction.prepare(&insert)?;
    let mut marks = Marks::default();
    let mut new = Vec::with_capacity(entries.len());
    for entry in entries {
        let cells = columns::values(entry)?;
        if insert.execute(params_from_iter(&cells))? > 0 {
            new.push(*entry);
            marks.add(transaction.last_insert_rowid(), entry);
        }
    }
    marks.write(transaction)?;
    Ok(new)
}

/// Adds `rows` to those that are there.
fn add(
    transaction: &Transaction<'_>,
    table: Table,
    rows: &[Vec<Cell<'_>>],
) -> Result<(), rusqlite::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let Table {
        insert,
        columns,
        conflict,
        update,
    } = table;
    let places = places(columns);
    let statement = format!("{insert} VALUES ({places}){conflict}{update}");
    let mut statement = transaction.prepare(&statement)?;
    for row in rows {
        statement.execute(params_from_iter(row))?;
    }
    Ok(())
}

/// `?, ?, ...`, of `count` values.
fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

// === impl Cell ===

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Int(Some(number)) => ValueRef::Integer(*number),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Int(None) | Self::Text(None) => ValueRef::Null,
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}
