//! Migrations of a SQLite file: all in one exclusive transaction.

use sqlx::{Executor as _, Row as _, Sqlite, SqlitePool, Transaction};

use super::{
    ADD_VERSION, MAKE_VERSIONS, MigrateError, Migrated, NEWEST_VERSION, Tables, VERSIONS, now,
    pending,
};

/// Brings the tables to what is needed.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<Migrated, MigrateError> {
    let mut transaction = pool.begin_with("BEGIN EXCLUSIVE").await?;
    let from = tables(&mut transaction).await?.version();
    let mut to = from;
    transaction.execute(MAKE_VERSIONS).await?;
    for (version, migration) in pending(from) {
        transaction.execute(sqlx::raw_sql(migration.sqlite)).await?;
        let added = sqlx::query(ADD_VERSION)
            .bind(version)
            .bind(migration.name)
            .bind(now());
        transaction.execute(added).await?;
        to = version;
    }
    transaction.commit().await?;
    Ok(Migrated { from, to })
}

/// Looks, and changes nothing.
pub(super) async fn inspect(pool: &SqlitePool) -> Result<Tables, MigrateError> {
    tables(&mut pool.begin().await?).await
}

async fn tables(transaction: &mut Transaction<'static, Sqlite>) -> Result<Tables, MigrateError> {
    let rows = transaction
        .fetch_all(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )
        .await?;
    let names: Vec<String> = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    let newest = if names.iter().any(|name| name == VERSIONS) {
        transaction.fetch_one(NEWEST_VERSION).await?.try_get(0)?
    } else {
        None
    };
    Tables::judge(&names, newest)
}
