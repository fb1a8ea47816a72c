//! A row that either database answered with.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

/// A row; columns are counted from 0.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

// === impl Row ===

impl Row {
    /// A whole number that may be absent.
    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            // What is small there is kept in small columns.
            Self::Postgres(row) => match row.try_get_raw(column)?.type_info().name() {
                "INT2" => Ok(row.try_get::<Option<i16>, _>(column)?.map(i64::from)),
                "INT4" => Ok(row.try_get::<Option<i32>, _>(column)?.map(i64::from)),
                _ => row.try_get(column),
            },
        }
    }

    /// A whole number; 0 when it is absent.
    pub(crate) fn int(&self, column: usize) -> Result<i64, sqlx::Error> {
        Ok(self.maybe_int(column)?.unwrap_or_default())
    }

    /// A count; 0 when it is absent.
    pub(crate) fn count(&self, column: usize) -> Result<u64, sqlx::Error> {
        Ok(u64::try_from(self.int(column)?).unwrap_or_default())
    }

    /// A text that may be absent.
    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// A text; empty when it is absent.
    pub(crate) fn text(&self, column: usize) -> Result<String, sqlx::Error> {
        Ok(self.maybe_text(column)?.unwrap_or_default())
    }
}
