//! A batch of entries, written once however often it is sent.

use std::collections::HashSet;

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{Totals, Written};
use sqlx::error::DatabaseError;

use super::columns::{self, COLUMNS};
use super::partitions;
use super::sums::Sums;
use crate::backend::Store;
use crate::sql::{Flavour, Session, Statement, Value};
use crate::text::indexed;

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
    for rows in sorted.chunks(store.flavour().rows()) {
        let ids = insert(&mut session, rows).await?;
        new.extend(
            rows.iter()
                .filter(|entry| ids.contains(&*indexed(&entry.id))),
        );
    }
    let sums = Sums::of(new.iter().copied());
    add_spend(&mut session, &sums).await?;
    add_totals(&mut session, &sums).await?;
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
    let mut statement = Statement::new(session.flavour(), "INSERT INTO ledger (");
    statement.push(COLUMNS).push(")").bind_rows(&rows);
    statement.push(match session.flavour() {
        // The key of a partitioned table has its time in it. Both come from the entry, so one
        // that is sent again has both again.
        Flavour::Postgres => " ON CONFLICT (started_at, id) DO NOTHING RETURNING id",
        Flavour::Sqlite => " ON CONFLICT (id) DO NOTHING RETURNING id",
    });
    let new = session.rows(statement).await?;
    new.iter().map(|row| row.text(0)).collect()
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

pub(super) async fn add_totals(session: &mut Session, sums: &Sums) -> Result<(), sqlx::Error> {
    let rows = sums.totals.iter().map(|((kind, day, id), totals)| {
        let mut row = vec![(*kind).into(), (*day).into(), id.into()];
        row.extend(measures(totals));
        row
    });
    add(
        session,
        "INSERT INTO rollup_totals AS t (kind, day, entity_id, cost, requests, failed, \
         input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, milliseconds) ",
        rows.collect(),
        " ON CONFLICT (kind, day, entity_id)",
        ADDED,
    )
    .await
}

pub(super) async fn add_days(session: &mut Session, sums: &Sums) -> Result<(), sqlx::Error> {
    let rows = sums
        .days
        .iter()
        .map(|((kind, day, id, key, asked), totals)| {
            let mut row = vec![(*kind).into(), (*day).into(), id.into(), key.into()];
            row.extend(asked.iter().map(Value::from));
            row.extend(measures(totals));
            row
        });
    add(
        session,
        "INSERT INTO rollup_days AS t (kind, day, entity_id, key_id, model_group, model, \
         provider, operation, cost, requests, failed, input_tokens, output_tokens, \
         cache_read_tokens, cache_write_tokens, milliseconds) ",
        rows.collect(),
        " ON CONFLICT (kind, day, entity_id, key_id, model_group, model, provider, operation)",
        ADDED,
    )
    .await
}

pub(super) async fn add_hours(session: &mut Session, sums: &Sums) -> Result<(), sqlx::Error> {
    let rows = sums.hours.iter().map(|((hour, asked), totals)| {
        let mut row = vec![(*hour).into()];
        row.extend(asked.iter().map(Value::from));
        row.extend(measures(totals));
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

fn measures(totals: &Totals) -> [Value; 8] {
    [
        totals.cost.get().into(),
        totals.requests.into(),
        totals.failed.into(),
        totals.input.into(),
        totals.output.into(),
        totals.cache_read.into(),
        totals.cache_write.into(),
        totals.milliseconds.into(),
    ]
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
    for rows in rows.chunks(flavour.rows()) {
        let mut statement = Statement::new(flavour, insert);
        statement.bind_rows(rows).push(conflict).push(then);
        session.run(statement).await?;
    }
    Ok(())
}
