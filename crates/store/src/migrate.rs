//! The tables: made, and brought to what this version needs.

mod postgres;
mod sqlite;

use std::time::{SystemTime, UNIX_EPOCH};

use lockgate_core::ports::StoreError;

use crate::backend::{Backend, Store};
use crate::failure::understood;

/// What migrating did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version before; 0 when there was none.
    pub from: i64,
    /// Its version now.
    pub to: i64,
}

/// Why the tables are not as this version needs them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// The database is somebody else's.
    #[error(
        "this database holds tables that are not Lockgate's ({tables}); it was left alone. Does \
         DATABASE_URL name the wrong database? Give Lockgate one of its own (`lockgate db create` \
         makes it), or a schema of its own (DATABASE_SCHEMA)"
    )]
    Foreign {
        /// A few of them.
        tables: String,
    },
    /// The database is LiteLLM's.
    #[error(
        "this database is LiteLLM's; it was left alone. Give Lockgate a database of its own \
         (`lockgate db create` makes it), or a schema of its own (DATABASE_SCHEMA), and copy keys, \
         teams and spend with `lockgate import litellm --database-url URL-OF-THIS-DATABASE`"
    )]
    LiteLlm,
    /// A newer version was here.
    #[error(
        "the tables are of version {found}, and this Lockgate knows {known}: a newer one has been \
         here. Go on with that, or restore a backup from before"
    )]
    Newer {
        /// The version in the database.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// The tables are older than this version needs.
    #[error(
        "the tables are of version {found}, and this Lockgate needs {known}: run `lockgate migrate`"
    )]
    Older {
        /// The version in the database; 0 when there are no tables.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One step; its version is its place in the list, counted from 1.
struct Migration {
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
    /// On PostgreSQL: each line by itself and outside of a transaction, as what must not lock a
    /// table that may be big needs it. It must be repeatable.
    online: bool,
}

/// Whose tables a database holds.
enum Tables {
    None,
    /// Ours, of this version.
    Ours(i64),
}

macro_rules! migration {
    ($name:literal, online: $online:literal) => {
        Migration {
            name: $name,
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            online: $online,
        }
    };
}

/// In order. What was released is never changed, only followed by another.
const MIGRATIONS: [Migration; 5] = [
    migration!("0001_entities", online: false),
    migration!("0002_spend", online: false),
    migration!("0003_entity_indexes", online: true),
    migration!("0004_ledger_details", online: false),
    migration!("0005_ledger_marks", online: false),
];

/// Where the versions are written down; a database with it is ours.
const VERSIONS: &str = "lockgate_versions";
const MAKE_VERSIONS: &str = "CREATE TABLE IF NOT EXISTS lockgate_versions (\
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
const NEWEST_VERSION: &str = "SELECT MAX(version) FROM lockgate_versions";
const ADD_VERSION: &str =
    "INSERT INTO lockgate_versions (version, name, applied_at) VALUES ($1, $2, $3)";

// === impl Store ===

impl Store {
    /// Makes the tables, or brings them to what this version needs. Nothing is done when they are
    /// that already; replicas that start together wait for each other.
    ///
    /// # Errors
    /// When the database holds somebody else's tables, or newer ones, or cannot be reached.
    pub async fn migrate(&self) -> Result<Migrated, MigrateError> {
        match self.backend() {
            Backend::Sqlite { writer, .. } => sqlite::migrate(writer).await,
            Backend::Postgres { server, .. } => postgres::migrate(server).await,
        }
    }

    /// Checks that the tables are what this version needs, and changes nothing.
    ///
    /// # Errors
    /// As [`Store::migrate`]; also when they are older.
    pub async fn check_tables(&self) -> Result<(), MigrateError> {
        let tables = match self.backend() {
            Backend::Sqlite { writer, .. } => sqlite::inspect(writer).await?,
            Backend::Postgres { server, .. } => postgres::inspect(server).await?,
        };
        match tables.version() {
            found if found < newest() => Err(MigrateError::Older {
                found,
                known: newest(),
            }),
            _ => Ok(()),
        }
    }
}

// === impl Tables ===

impl Tables {
    /// Judges by the names of the tables there, and by the newest version, if ours has one.
    fn judge(names: &[String], newest_there: Option<i64>) -> Result<Self, MigrateError> {
        let known = newest();
        if names.iter().any(|name| name == VERSIONS) {
            let found = newest_there.unwrap_or_default();
            return if found > known {
                Err(MigrateError::Newer { found, known })
            } else {
                Ok(Self::Ours(found))
            };
        }
        if names.iter().any(|name| name.starts_with("LiteLLM_")) {
            return Err(MigrateError::LiteLlm);
        }
        if names.is_empty() {
            return Ok(Self::None);
        }
        let mut tables = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        if names.len() > 5 {
            tables.push_str(", ...");
        }
        Err(MigrateError::Foreign { tables })
    }

    const fn version(&self) -> i64 {
        match self {
            Self::None => 0,
            Self::Ours(version) => *version,
        }
    }
}

// === impl MigrateError ===

impl From<sqlx::Error> for MigrateError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(understood(&error))
    }
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The steps behind `version`, with their versions.
fn pending(version: i64) -> impl Iterator<Item = (i64, &'static Migration)> {
    (1..).zip(&MIGRATIONS).filter(move |(at, _)| *at > version)
}

/// Now, in microseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
