//! The ledger in pieces: a partition of PostgreSQL holds a week, and goes as a whole.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Date;
use lockgate_core::ledger::LedgerEntry;
use sqlx::{AssertSqlSafe, Executor as _, PgPool, Postgres, Row as _, Transaction};

use super::{DAY, LAST, marks, plausible};
use crate::backend::{Backend, Store};
use crate::sql::{Flavour, Statement};

/// How much time a partition of the ledger on PostgreSQL holds. Partitions begin on Mondays, at
/// midnight in UTC.
pub const PARTITION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

const WEEK: i64 = 7 * DAY;
/// 1970-01-05 was the first Monday.
const MONDAY: i64 = 4 * DAY;
/// One who makes or drops a partition at a time: `ledgerpt` in ASCII.
const LOCK: i64 = 0x6c65_6467_6572_7074;

/// Makes the partitions that `entries` go to. Does nothing on SQLite.
pub(super) async fn make_for(store: &Store, entries: &[&LedgerEntry]) -> Result<(), sqlx::Error> {
    let weeks: HashSet<i64> = entries
        .iter()
        .map(|entry| week_of(entry.started_at))
        .collect();
    make(store, weeks).await
}

/// Makes the partitions of the week of `now` (microseconds since 1970) and of the next.
pub(crate) async fn make_ahead(store: &Store, now: i64) -> Result<(), sqlx::Error> {
    let week = week_of(now);
    make(store, HashSet::from([week, week + 1])).await
}

/// Forgets which partitions are there: another replica dropped one.
pub(super) fn doubt(store: &Store) {
    if let Backend::Postgres { partitions, .. } = store.backend() {
        known(partitions, HashSet::clear);
    }
}

async fn make(store: &Store, mut weeks: HashSet<i64>) -> Result<(), sqlx::Error> {
    let Backend::Postgres {
        primary,
        partitions,
        ..
    } = store.backend()
    else {
        return Ok(());
    };
    known(partitions, |known| {
        weeks.retain(|week| !known.contains(week));
    });
    for week in weeks {
        make_one(primary, week).await?;
        known(partitions, |known| known.insert(week));
    }
    Ok(())
}

fn known<T>(weeks: &Arc<Mutex<HashSet<i64>>>, with: impl FnOnce(&mut HashSet<i64>) -> T) -> T {
    with(&mut weeks.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Made apart and then attached, which locks the ledger against other makers only.
async fn make_one(pool: &PgPool, week: i64) -> Result<(), sqlx::Error> {
    let name = name_of(week);
    let mut transaction = lock(pool).await?;
    let there = sqlx::query("SELECT to_regclass($1) IS NOT NULL").bind(&name);
    if !transaction.fetch_one(there).await?.try_get::<bool, _>(0)? {
        // Neither names nor bounds can be bound; these are made of a number.
        let (from, until) = (start_of(week), start_of(week + 1));
        let make = format!("CREATE TABLE {name} (LIKE ledger INCLUDING ALL)");
        transaction.execute(AssertSqlSafe(make)).await?;
        let attach = format!(
            "ALTER TABLE ledger ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({until})"
        );
        transaction.execute(AssertSqlSafe(attach)).await?;
    }
    transaction.commit().await
}

async fn lock(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // Who waits for a lock of a table makes all behind it wait, too.
    transaction.execute("SET LOCAL lock_timeout = '5s'").await?;
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK);
    transaction.execute(lock).await?;
    Ok(transaction)
}

/// Removes a partition that holds nothing else, or at most `most` entries, of what started before
/// `before`.
pub(super) async fn forget(store: &Store, before: i64, most: u32) -> Result<u64, sqlx::Error> {
    if let Backend::Postgres { primary, .. } = store.backend() {
        let dropped = drop_oldest(primary, before).await?;
        doubt(store);
        if dropped > 0 {
            return Ok(dropped);
        }
    }
    let statement = Statement::whole(
        store.flavour(),
        "DELETE FROM ledger WHERE started_at < $1 AND (started_at, id) IN \
         (SELECT started_at, id FROM ledger WHERE started_at < $1 \
         ORDER BY started_at, id LIMIT $2)",
        [before.into(), most.into()],
    );
    let mut session = store.writing().await?;
    let gone = session.run(statement).await?;
    if store.flavour() == Flavour::Sqlite {
        marks::forget(&mut session, before).await?;
    }
    session.commit().await?;
    Ok(gone)
}

/// Drops the partitions that end before `before`, up to the first that holds something; says how
/// much that was.
async fn drop_oldest(pool: &PgPool, before: i64) -> Result<u64, sqlx::Error> {
    let mut transaction = lock(pool).await?;
    let rows = transaction
        .fetch_all(
            "SELECT c.relname::text FROM pg_catalog.pg_inherits i \
             JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid \
             WHERE i.inhparent = 'ledger'::regclass ORDER BY c.relname",
        )
        .await?;
    let mut gone = 0;
    for row in rows {
        let name: String = row.try_get(0)?;
        // What somebody else attached is left alone.
        let Some(week) = week_named(&name) else {
            continue;
        };
        if gone > 0 || start_of(week + 1) > before {
            break;
        }
        let name = name_of(week);
        let count = format!("SELECT COUNT(*) FROM {name}");
        gone = transaction
            .fetch_one(AssertSqlSafe(count))
            .await?
            .try_get::<i64, _>(0)?;
        transaction
            .execute(AssertSqlSafe(format!("DROP TABLE {name}")))
            .await?;
    }
    transaction.commit().await?;
    Ok(gone.unsigned_abs())
}

/// The number of the week that a time is in.
fn week_of(started_at: i64) -> i64 {
    (plausible(started_at) - MONDAY).div_euclid(WEEK)
}

/// When a week begins, in microseconds since 1970. The first and the last hold all beyond.
fn start_of(week: i64) -> i64 {
    if week < 0 {
        i64::MIN
    } else if week > week_of(LAST) {
        i64::MAX
    } else {
        week * WEEK + MONDAY
    }
}

/// The name of its partition: the day it begins.
fn name_of(week: i64) -> String {
    let days = week * 7 + MONDAY / DAY;
    let date = Date::constant(1970, 1, 1).saturating_add(days.days());
    format!("ledger_{}", date.strftime("%Y%m%d"))
}

fn week_named(name: &str) -> Option<i64> {
    let date = Date::strptime("%Y%m%d", name.strip_prefix("ledger_")?).ok()?;
    let days = (date - Date::constant(1970, 1, 1)).get_days();
    Some((i64::from(days) - MONDAY / DAY).div_euclid(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_the_week_that_its_partition_holds() {
        for time in [
            i64::MIN,
            -1,
            0,
            MONDAY - 1,
            MONDAY,
            1_795_000_000_000_000,
            LAST + 1,
        ] {
            let week = week_of(time);
            assert!(
                start_of(week) <= time && time < start_of(week + 1),
                "{time}"
            );
            assert_eq!(week_named(&name_of(week)), Some(week), "{time}");
        }
        assert_eq!(name_of(week_of(1_795_392_000_000_000)), "ledger_20261123");
    }

    #[test]
    fn other_tables_are_no_partitions_of_ours() {
        for name in ["ledger_old", "ledger_", "spend", "ledger_2026"] {
            assert_eq!(week_named(name), None, "{name}");
        }
    }
}
