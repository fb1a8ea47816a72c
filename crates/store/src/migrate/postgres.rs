//! Migrations of a PostgreSQL database: one session at a time, each step in a transaction, or
//! online.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

use super::{
    ADD_VERSION, MAKE_VERSIONS, MigrateError, Migrated, Migration, NEWEST_VERSION, Tables,
    VERSIONS, now, pending,
};
use crate::url::Server;

/// Our name among the advisory locks of a database: `lockgate` in ASCII.
const LOCK: i64 = 0x6c6f_636b_6761_7465;
/// Between two attempts to get it.
const PAUSE: Duration = Duration::from_millis(100);

/// Tables and views of the schema, without those that an extension brought.
const NAMES: &str = "\
SELECT c.relname::text FROM pg_catalog.pg_class c \
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d \
WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
ORDER BY c.relname";

/// Brings the tables to what is needed.
pub(super) async fn migrate(server: &Server) -> Result<Migrated, MigrateError> {
    // A session of its own: the lock belongs to the session, and its end gives it back.
    let mut session = PgConnection::connect_with(&server.options()).await?;
    lock(&mut session).await?;
    if let Some(schema) = &server.schema {
        make_schema(&mut session, schema).await?;
    }
    let from = tables(&mut session).await?.version();
    let mut to = from;
    session.execute(MAKE_VERSIONS).await?;
    for (version, migration) in pending(from) {
        step(&mut session, version, migration).await?;
        to = version;
    }
    session.close().await?;
    Ok(Migrated { from, to })
}

/// Looks, and changes nothing.
pub(super) async fn inspect(server: &Server) -> Result<Tables, MigrateError> {
    let mut session = PgConnection::connect_with(&server.options()).await?;
    let tables = tables(&mut session).await?;
    session.close().await?;
    Ok(tables)
}

/// Asks again and again rather than waiting: an index that another replica makes online waits for
/// all that hold a snapshot, and so would wait for who waits for the lock.
async fn lock(session: &mut PgConnection) -> Result<(), MigrateError> {
    loop {
        let query = sqlx::query("SELECT pg_try_advisory_lock($1)").bind(LOCK);
        if session.fetch_one(query).await?.try_get(0)? {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn make_schema(session: &mut PgConnection, schema: &str) -> Result<(), MigrateError> {
    // Names cannot be bound; the server quotes this one.
    let query = sqlx::query(
        "SELECT format('CREATE SCHEMA %I', $1::text) \
         WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1)",
    );
    if let Some(row) = session.fetch_optional(query.bind(schema)).await? {
        let statement: String = row.try_get(0)?;
        session.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}

async fn step(
    session: &mut PgConnection,
    version: i64,
    migration: &Migration,
) -> Result<(), MigrateError> {
    if migration.online {
        let statements = migration
            .postgres
            .lines()
            .filter(|line| !line.starts_with("--"));
        for statement in statements {
            session.execute(statement).await?;
        }
    }
    let mut transaction = session.begin().await?;
    if !migration.online {
        // Who waits for a lock makes all behind it wait, too.
        transaction.execute("SET LOCAL lock_timeout = '5s'").await?;
        transaction
            .execute(sqlx::raw_sql(migration.postgres))
            .await?;
    }
    let added = sqlx::query(ADD_VERSION)
        .bind(version)
        .bind(migration.name)
        .bind(now());
    transaction.execute(added).await?;
    transaction.commit().await?;
    Ok(())
}

async fn tables(session: &mut PgConnection) -> Result<Tables, MigrateError> {
    let rows = session.fetch_all(NAMES).await?;
    let names: Vec<String> = rows
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()?;
    let newest = if names.iter().any(|name| name == VERSIONS) {
        session.fetch_one(NEWEST_VERSION).await?.try_get(0)?
    } else {
        None
    };
    Tables::judge(&names, newest)
}
