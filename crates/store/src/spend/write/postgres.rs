//! A batch on PostgreSQL: one statement for each table, an array for each column.

use std::collections::HashSet;

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::Written;
use sqlx::error::DatabaseError;

use super::sorted;
use super::tables::added;
use crate::backend::Store;
use crate::spend::columns::{self, COLUMNS};
use crate::spend::partitions;
use crate::spend::sums::Sums;
use crate::sql::{Session, Statement, Value};
use crate::text::indexed;

/// How many rows a statement inserts.
const ROWS: usize = 1_000;

/// Writes `entries`.
pub(super) async fn write(store: &Store, entries: &[LedgerEntry]) -> Result<Written, sqlx::Error> {
    let sorted = sorted(entries);
    partitions::make_for(store, &sorted).await?;
    match write_sorted(store, &sorted).await {
        Err(error) if is_homeless(&error) => {
            partitions::doubt(store);
            partitions::make_for(store, &sorted).await?;
            write_sorted(store, &sorted).await
        }
        written => written,
    }
}

/// Whether a partition was gone: PostgreSQL calls that the violation of a check.
fn is_homeless(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(DatabaseError::is_check_violation)
}

async fn write_sorted(store: &Store, sorted: &[&LedgerEntry]) -> Result<Written, sqlx::Error> {
    let mut session = store.writing().await?;
    let mut new: Vec<&LedgerEntry> = Vec::with_capacity(sorted.len());
    for rows in sorted.chunks(ROWS) {
        let ids = insert(&mut session, rows).await?;
        new.extend(
            rows.iter()
                .filter(|entry| ids.contains(&*indexed(&entry.id))),
        );
    }
    let sums = Sums::of(new.iter().copied());
    for (table, rows) in added(&sums) {
        let rows = rows.into_iter();
        let rows = rows.map(|row| row.into_iter().map(Value::from).collect());
        let rows: Vec<Vec<Value>> = rows.collect();
        for rows in rows.chunks(ROWS) {
            let mut statement = Statement::new(session.flavour(), table.insert);
            statement
                .bind_rows(rows)
                .push(table.conflict)
                .push(table.update);
            session.run(statement).await?;
        }
    }
    session.commit().await?;
    Ok(Written {
        new: new.len() as u64,
    })
}

/// Inserts `entries`; answers the ids of those that were not there.
async fn insert(
    session: &mut Session,
    entries: &[&LedgerEntry],
) -> Result<HashSet<String>, sqlx::Error> {
    let values = |entry: &&LedgerEntry| {
        let cells = columns::values(entry).map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(cells.map(Value::from).into())
    };
    let rows: Vec<Vec<Value>> = entries
        .iter()
        .map(values)
        .collect::<Result<_, sqlx::Error>>()?;
    let mut statement = Statement::new(session.flavour(), "INSERT INTO ledger (");
    // The key of a partitioned table has its time in it. Both come from the entry, so one that is
    // sent again has both again.
    statement
        .push(COLUMNS)
        .push(")")
        .bind_rows(&rows)
        .push(" ON CONFLICT (started_at, id) DO NOTHING RETURNING id");
    let new = session.rows(statement).await?;
    new.iter().map(|row| row.text(0)).collect()
}
