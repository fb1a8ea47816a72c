//! What an error of the driver means to those who asked.

use lockgate_core::ports::StoreError;
use sqlx::error::DatabaseError;

use crate::spend::WriteError;

/// SQLite's primary result codes (its documentation, "Result and Error Codes") for what may be
/// over soon: busy, locked, out of memory, read-only, I/O error, disk full, not to be opened.
const SQLITE_AWAY: [i32; 7] = [5, 6, 7, 8, 10, 13, 14];

/// PostgreSQL's classes and codes (its manual, appendix A) for what may be over soon: connection
/// lost, resources used up, being shut down or started, I/O error; what another session did to
/// ours; and a server that became a standby.
const POSTGRES_AWAY: [&str; 9] = [
    "08", "53", "57P", "57014", "58", "40001", "40P01", "55P03", "25006",
];

/// What `error` means.
pub(crate) fn understood(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Away(error.to_string()),
        sqlx::Error::Database(database) => understood_database(database.as_ref()),
        _ => StoreError::Refused(error.to_string()),
    }
}

fn understood_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let away = match code.parse::<i32>() {
        // Extended codes have the primary one in their lowest byte. SQLSTATE is five characters.
        Ok(number) if code.len() != 5 => SQLITE_AWAY.contains(&(number & 0xff)),
        _ => POSTGRES_AWAY.iter().any(|class| code.starts_with(class)),
    };
    if away {
        StoreError::Away(error.message().to_owned())
    } else {
        StoreError::Refused(format!("{} ({code})", error.message()))
    }
}

/// What `error` of writing a batch into a file means.
pub(crate) fn understood_file(error: &WriteError) -> StoreError {
    match error {
        WriteError::Sqlite(rusqlite::Error::SqliteFailure(failure, _))
            if SQLITE_AWAY.contains(&(failure.extended_code & 0xff)) =>
        {
            StoreError::Away(error.to_string())
        }
        _ => StoreError::Refused(error.to_string()),
    }
}

/// What the violation of a unique index of `entities` means; other errors as [`understood`].
pub(crate) fn taken(error: &sqlx::Error) -> StoreError {
    let Some(database) = error.as_database_error() else {
        return understood(error);
    };
    if !database.is_unique_violation() {
        return understood(error);
    }
    // SQLite says columns where PostgreSQL says the index.
    let names = database.constraint().unwrap_or_else(|| database.message());
    if names.contains("unique_name") {
        StoreError::NameTaken
    } else {
        StoreError::Exists
    }
}
