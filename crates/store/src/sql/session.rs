//! A transaction on either database.

use sqlx::{Executor as _, Postgres, Sqlite, Transaction};

use super::{Flavour, Row, Statement};

/// A transaction. Dropped without [`Session::commit`] it is rolled back.
pub(crate) enum Session {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

// === impl Session ===

impl Session {
    /// Which SQL it speaks.
    pub(crate) const fn flavour(&self) -> Flavour {
        match self {
            Self::Sqlite(_) => Flavour::Sqlite,
            Self::Postgres(_) => Flavour::Postgres,
        }
    }

    /// Runs a statement; says how many rows it touched.
    pub(crate) async fn run(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => {
                let (text, arguments) = statement.into_sqlite()?;
                let query = sqlx::query_with(text, arguments);
                Ok(transaction.execute(query).await?.rows_affected())
            }
            Self::Postgres(transaction) => {
                let (text, arguments) = statement.into_postgres()?;
                let query = sqlx::query_with(text, arguments);
                Ok(transaction.execute(query).await?.rows_affected())
            }
        }
    }

    /// Runs a statement that answers with rows.
    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => {
                let (text, arguments) = statement.into_sqlite()?;
                let query = sqlx::query_with(text, arguments);
                let rows = transaction.fetch_all(query).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(transaction) => {
                let (text, arguments) = statement.into_postgres()?;
                let query = sqlx::query_with(text, arguments);
                let rows = transaction.fetch_all(query).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs a statement that answers with one row, or none.
    pub(crate) async fn row(&mut self, statement: Statement) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Runs literal statements, with `;` between them.
    pub(crate) async fn script(&mut self, text: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.execute(sqlx::raw_sql(text)).await.map(drop),
            Self::Postgres(transaction) => transaction.execute(sqlx::raw_sql(text)).await.map(drop),
        }
    }

    /// Makes it last.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}
