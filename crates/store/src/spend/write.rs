//! A batch of entries, written once however often it is sent.

use std::collections::HashSet;

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{Totals, Written};
use sqlx::error::DatabaseError;

use super::columns::{self, COLUMNS};
use super::partitions;
use super::sums::{Asked, Sums};
use crate::backend::Store;
use crate::sql::{Flavour, Session, Statement, Value};
use crate::text::indexed;

/// Entries in one statement.
const ROWS: usize = 1_000;

const ADDED: &str = " DO UPDATE SET cost = t.cost + excluded.cost, \
    requests = t.requests + excluded.requests, failed = t.failed + excluded.failed, \
    input_tokens = t.input_tokens + excluded.input_tokens, \
    output_tokens = t.output_tokens + excluded.output_tokens, \
    cache_read_tokens = t.cache_read_tokens + excluded.cache_read_tokens, \
    cache_write_tokens = t.cache_write_tokens + excluded.cache_write_tokens, \
    milliseconds = t.milliseconds + excluded.milliseconds";

/// Writes `entries`, and what the new ones of them add to spend and rollups.
pub(super) async fn write(store: &Store, entries: &[LedgerEntry]) -> Result<Written, sqlx::Error> {
    if entries.is_empty() {
        return Ok(Written::default());
    }
    // In one order with every other writer, so that none waits for another in a circle.
    let mut sorted: Vec<&LedgerEntry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    sorted.dedup_by(|a, b| a.id == b.id);
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
    add_spend(&mut session, &sums).await?;
    add_days(&mut session, &sums).await?;
    add_hours(&mut session, &sums).await?;
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
    let rows: Vec<Vec<Value>> = entries
        .iter()
        .map(|entry| columns::values(entry).map(Vec::from))
        .collect::<Result<_, _>>()?;
    let flavour = session.flavour();
    let mut ids = HashSet::with_capacity(rows.len());
    match flavour {
        Flavour::Postgres => {
            let mut statement = Statement::new(flavour, "INSERT INTO ledger (");
            statement.push(COLUMNS).push(") SELECT * FROM ");
            unnest(&mut statement, rows);
            // Both columns come from the entry, so one that is sent again has both again.
            statement.push(" ON CONFLICT (started_at, id) DO NOTHING RETURNING id");
            for row in session.rows(statement).await? {
                ids.insert(row.text(0)?);
            }
        }
        Flavour::Sqlite => {
            for (entry, values) in entries.iter().zip(rows) {
                let mut statement = Statement::new(flavour, "INSERT INTO ledger (");
                statement.push(COLUMNS).push(") VALUES (").bind_all(values);
                statement.push(") ON CONFLICT (id) DO NOTHING");
                if session.run(statement).await? > 0 {
                    ids.insert(indexed(&entry.id).into_owned());
                }
            }
        }
    }
    Ok(ids)
}

async fn add_spend(session: &mut Session, sums: &Sums) -> Result<(), sqlx::Error> {
    let rows = sums
        .spend
        .iter()
        .map(|((kind, id, window, start), amount)| {
            vec![
                (*kind).into(),
                id.into(),
                window.into(),
                (*start).into(),
                (*amount).into(),
            ]
        });
    add(
        session,
        "INSERT INTO spend AS t (kind, id, window_name, window_start, amount) ",
        rows.collect(),
        " ON CONFLICT (kind, id, window_name, window_start) \
         DO UPDATE SET amount = t.amount + excluded.amount",
        "",
    )
    .await
}

async fn add_days(session: &mut Session, sums: &Sums) -> Result<(), sqlx::Error> {
    let rows = sums
        .days
        .iter()
        .map(|((kind, id, day, key, asked), totals)| {
            let mut row = vec![(*kind).into(), id.into(), (*day).into(), key.into()];
            row.extend(measures(asked, totals));
            row
        });
    add(
        session,
        "INSERT INTO rollup_days AS t (kind, entity_id, day, key_id, model_group, model, \
         provider, operation, cost, requests, failed, input_tokens, output_tokens, \
         cache_read_tokens, cache_write_tokens, milliseconds) ",
        rows.collect(),
        " ON CONFLICT (kind, entity_id, day, key_id, model_group, model, provider, operation)",
        ADDED,
    )
    .await
}

async fn add_hours(session: &mut Session, sums: &Sums) -> Result<(), sqlx::Error> {
    let rows = sums.hours.iter().map(|((hour, asked), totals)| {
        let mut row = vec![(*hour).into()];
        row.extend(measures(asked, totals));
        row
    });
    add(
        session,
        "INSERT INTO rollup_hours AS t (hour, model_group, model, provider, operation, cost, \
         requests, failed, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, \
         milliseconds) ",
        rows.collect(),
        " ON CONFLICT (hour, model_group, model, provider, operation)",
        ADDED,
    )
    .await
}

fn measures(asked: &Asked, totals: &Totals) -> impl Iterator<Item = Value> {
    let sums = [
        totals.cost.get().into(),
        totals.requests.into(),
        totals.failed.into(),
        totals.input.into(),
        totals.output.into(),
        totals.cache_read.into(),
        totals.cache_write.into(),
        totals.milliseconds.into(),
    ];
    asked.each_ref().map(Value::from).into_iter().chain(sums)
}

/// Adds `rows` to those that are there.
async fn add(
    session: &mut Session,
    insert: &'static str,
    rows: Vec<Vec<Value>>,
    conflict: &'static str,
    then: &'static str,
) -> Result<(), sqlx::Error> {
    let flavour = session.flavour();
    match flavour {
        Flavour::Postgres => {
            for rows in rows.chunks(ROWS) {
                let mut statement = Statement::new(flavour, insert);
                statement.push("SELECT * FROM ");
                unnest(&mut statement, rows.to_vec());
                statement.push(conflict).push(then);
                session.run(statement).await?;
            }
        }
        Flavour::Sqlite => {
            for row in rows {
                let mut statement = Statement::new(flavour, insert);
                statement.push("VALUES (").bind_all(row).push(")");
                statement.push(conflict).push(then);
                session.run(statement).await?;
            }
        }
    }
    Ok(())
}

/// Rows as a table of PostgreSQL: one array for each column.
fn unnest(statement: &mut Statement, rows: Vec<Vec<Value>>) {
    let mut columns: Vec<Value> = Vec::new();
    for row in rows {
        if columns.is_empty() {
            columns = row.iter().map(Value::to_array).collect();
        }
        for (column, value) in columns.iter_mut().zip(row) {
            column.append(value);
        }
    }
    statement.push("unnest(").bind_all(columns).push(")");
}
