//! A LiteLLM database, read and never written.

mod query;

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::time::Duration;

use lockgate_core::Secret;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, Row as _};

use crate::tables::Table;

/// An open LiteLLM database.
pub struct Source {
    connection: PgConnection,
    schema: String,
    tables: BTreeMap<String, Columns>,
    place: String,
    migration: Option<String>,
}

/// The columns of a table and their types.
pub(crate) type Columns = BTreeMap<String, String>;

/// Why a LiteLLM database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The URL is none.
    #[error("the database URL cannot be read: {0}")]
    Url(String),
    /// Nothing answers there.
    #[error("no answer from {0} within {CONNECT_SECONDS} seconds")]
    Silent(String),
    /// There is a database, but it is not LiteLLM's, or the user may not read it.
    #[error(
        "{0} has no table LiteLLM_VerificationToken that this user may read: is it LiteLLM's database, and the right \
         schema (`?schema=...` in the URL)?"
    )]
    NotLitellm(String),
    /// The database refused, or the connection broke.
    #[error("LiteLLM's database: {0}")]
    Database(String),
}

/// A row as JSON, with what it refers to.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its id, one part for each column of it.
    pub id: Vec<String>,
    /// The columns.
    pub values: Map<String, Value>,
    /// The row of the object permission it names.
    pub object_permission: Option<Map<String, Value>>,
    /// The row of the budget it names.
    pub budget: Option<Map<String, Value>>,
    /// The model aliases it names.
    pub model_aliases: Option<Value>,
}

/// A row that is no JSON any reader takes, such as one with a number beyond the range of floats.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// Its id.
    pub id: Vec<String>,
    /// What is wrong with it.
    pub why: String,
}

/// One page of a table.
#[derive(Debug, Default)]
pub(crate) struct RowPage {
    /// Its rows, in the order of their ids.
    pub rows: Vec<Result<Row, Unreadable>>,
    /// Whether there are no more.
    pub is_last: bool,
}

/// The table that is being read. A cursor, because some rows are joined from several tables.
const CURSOR: &str = "lockgate_import";
const CONNECT_SECONDS: u64 = 15;
/// Without this table it is not LiteLLM's database.
pub(crate) const KEY_TABLE: &str = "LiteLLM_VerificationToken";
/// One state for everything, however long the store takes to write what was read.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL statement_timeout = 0; \
                     SET LOCAL idle_in_transaction_session_timeout = 0";
/// Where Prisma keeps tables unless told otherwise.
const SCHEMA: &str = "public";

// === impl RowPage ===

impl RowPage {
    /// The ids of rows that are identified by one column.
    pub(crate) fn ids(&self) -> Vec<String> {
        let rows = self.rows.iter().flatten();
        rows.filter_map(|row| row.id.first().cloned()).collect()
    }
}

// === impl SourceError ===

impl From<sqlx::Error> for SourceError {
    /// As text: the error says its cause already, and would say it twice.
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}

// === impl Source ===

impl Source {
    /// Opens the database at `url`, as LiteLLM's `DATABASE_URL` has it: of Prisma's parameters
    /// `schema` counts, the others are left alone.
    ///
    /// What is read from it, until [`Source::release`], is one consistent state.
    ///
    /// # Errors
    ///
    /// When the URL is none, nobody answers, the database refuses or is not LiteLLM's.
    pub async fn open(url: &Secret) -> Result<Self, SourceError> {
        let options = PgConnectOptions::from_str(url.expose())
            .map_err(|error| SourceError::Url(without_prefix(&error)))?
            .application_name("lockgate import");
        let schema = schema_of(url.expose()).unwrap_or_else(|| SCHEMA.to_owned());
        let database = options.get_database().unwrap_or("(default)");
        let place = options.get_socket().map_or_else(
            || {
                format!(
                    "{database} at {}:{}",
                    options.get_host(),
                    options.get_port()
                )
            },
            |socket| format!("{database} at {}", socket.display()),
        );
        let connecting = options.connect();
        let mut connection = tokio::time::timeout(Duration::from_secs(CONNECT_SECONDS), connecting)
            .await
            .map_err(|_| SourceError::Silent(place.clone()))??;
        sqlx::raw_sql(BEGIN).execute(&mut connection).await?;
        let mut source = Self {
            connection,
            schema,
            tables: BTreeMap::new(),
            place,
            migration: None,
        };
        source.read_tables().await?;
        if !source.tables.contains_key(KEY_TABLE) {
            return Err(SourceError::NotLitellm(source.place));
        }
        source.read_migration().await?;
        Ok(source)
    }

    /// Database, host and port, for people.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The last migration of LiteLLM that was applied, if it was made with migrations.
    pub(crate) fn migration(&self) -> Option<&str> {
        self.migration.as_deref()
    }

    /// The columns of a table that is there and may be read.
    pub(crate) fn columns(&self, table: &str) -> Option<&Columns> {
        self.tables.get(table)
    }

    /// The names of all tables of LiteLLM.
    pub(crate) fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// A table as SQL has it.
    pub(crate) fn sql_name(&self, table: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(table))
    }

    /// Ends the consistent state: what is read from now on takes long, and would keep the database
    /// from cleaning up.
    pub(crate) async fn release(&mut self) -> Result<(), SourceError> {
        sqlx::raw_sql("COMMIT")
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// How many rows a table has.
    pub(crate) async fn count(&mut self, table: &str) -> Result<u64, SourceError> {
        let sql = format!("SELECT count(*) FROM {}", self.sql_name(table));
        let count: i64 = self
            .fetch(sql, &[])
            .await?
            .first()
            .map_or(Ok(0), |row| row.try_get(0))?;
        Ok(count.unsigned_abs())
    }

    /// How many rows a table has, counting no further than `most`.
    pub(crate) async fn count_up_to(&mut self, table: &str, most: u32) -> Result<u64, SourceError> {
        let table = self.sql_name(table);
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {most}) t");
        let count: i64 = self
            .fetch(sql, &[])
            .await?
            .first()
            .map_or(Ok(0), |row| row.try_get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Runs a query whose parameters are text.
    pub(crate) async fn fetch(
        &mut self,
        sql: String,
        parameters: &[String],
    ) -> Result<Vec<PgRow>, SourceError> {
        // Not kept: behind a pooler the next statement may meet another connection.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for parameter in parameters {
            query = query.bind(parameter.clone());
        }
        Ok(query.fetch_all(&mut self.connection).await?)
    }

    /// Begins to read a table.
    pub(crate) async fn begin(&mut self, table: &Table) -> Result<(), SourceError> {
        let sql = format!(
            "DECLARE {CURSOR} NO SCROLL CURSOR FOR {}",
            self.rows_sql(table)
        );
        self.fetch(sql, &[]).await?;
        Ok(())
    }

    /// The next rows of the table, at most `size`, in the order of their ids.
    pub(crate) async fn next(
        &mut self,
        table: &Table,
        size: usize,
    ) -> Result<RowPage, SourceError> {
        let sql = format!("FETCH FORWARD {size} FROM {CURSOR}");
        let rows = self.fetch(sql, &[]).await?;
        let mut page = RowPage {
            is_last: rows.len() < size,
            ..RowPage::default()
        };
        for row in rows {
            let id = (0..table.id.len())
                .map(|column| row.try_get(column))
                .collect::<Result<Vec<String>, _>>()?;
            page.rows.push(read_row(&row, id)?);
        }
        if page.is_last {
            self.fetch(format!("CLOSE {CURSOR}"), &[]).await?;
        }
        Ok(page)
    }

    async fn read_tables(&mut self) -> Result<(), SourceError> {
        let sql = "SELECT table_name::text, column_name::text, data_type::text \
                   FROM information_schema.columns \
                   WHERE table_schema = $1 AND table_name LIKE 'LiteLLM\\_%' \
                   AND has_table_privilege(format('%I.%I', table_schema, table_name), 'SELECT')";
        let schema = self.schema.clone();
        for row in self.fetch(sql.to_owned(), &[schema]).await? {
            let (table, column): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            self.tables
                .entry(table)
                .or_default()
                .insert(column, row.try_get(2)?);
        }
        Ok(())
    }

    async fn read_migration(&mut self) -> Result<(), SourceError> {
        let sql = "SELECT count(*) FROM information_schema.columns WHERE table_schema = $1 \
                   AND table_name = '_prisma_migrations' AND column_name = 'migration_name' \
                   AND has_table_privilege(format('%I.%I', table_schema, table_name), 'SELECT')";
        let schema = self.schema.clone();
        let rows = self.fetch(sql.to_owned(), &[schema]).await?;
        let there: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        if there == 0 {
            return Ok(());
        }
        let table = self.sql_name("_prisma_migrations");
        let sql = format!("SELECT max(migration_name)::text FROM {table}");
        let rows = self.fetch(sql, &[]).await?;
        self.migration = rows.first().map_or(Ok(None), |row| row.try_get(0))?;
        Ok(())
    }
}

fn read_row(row: &PgRow, id: Vec<String>) -> Result<Result<Row, Unreadable>, SourceError> {
    let column =
        |behind: usize| -> Result<Option<String>, sqlx::Error> { row.try_get(id.len() + behind) };
    let (values, permission) = (column(0)?.unwrap_or_default(), column(1)?);
    let (budget, aliases) = (column(2)?, column(3)?);
    let read = || -> Result<Row, serde_json::Error> {
        let object =
            |text: Option<String>| text.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Row {
            values: serde_json::from_str(&values)?,
            object_permission: object(permission)?,
            budget: object(budget)?,
            model_aliases: aliases
                .map(|text| serde_json::from_str(&text))
                .transpose()?,
            id: id.clone(),
        })
    };
    Ok(read().map_err(|error| Unreadable {
        id,
        // The position would tell nobody anything.
        why: format!(
            "it cannot be read: {}",
            error
                .to_string()
                .split(" at line")
                .next()
                .unwrap_or_default()
        ),
    }))
}

/// An identifier in SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Prisma's `schema` parameter.
fn schema_of(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("schema="))
        .filter(|schema| !schema.is_empty())
        .map(|schema| percent_decode_str(schema).decode_utf8_lossy().into_owned())
}

/// The cause of a URL error, which says what is wrong and never the URL itself.
fn without_prefix(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
