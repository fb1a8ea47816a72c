//! Statements that run on both databases: text made of literals, and bound values.

mod array;
mod row;
mod session;

use std::borrow::Cow;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, SqlStr};

pub(crate) use self::row::Row;
pub(crate) use self::session::Session;

/// Which SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Sqlite,
    Postgres,
}

/// A value that is bound to a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    /// An array on PostgreSQL; a JSON array on SQLite, for `json_each`.
    Texts(Vec<Option<String>>),
    /// As [`Value::Texts`].
    Ints(Vec<Option<i64>>),
}

/// A statement in the making. Its text grows by literals only, so nothing a client sends is ever
/// read as SQL.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    flavour: Flavour,
    text: String,
    values: Vec<Value>,
}

// === impl Statement ===

impl Statement {
    /// Begins with `text`.
    pub(crate) fn new(flavour: Flavour, text: &'static str) -> Self {
        Self {
            flavour,
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// A whole statement, whose `$1`, `$2` ... are `values`.
    pub(crate) fn whole<const N: usize>(
        flavour: Flavour,
        text: &'static str,
        values: [Value; N],
    ) -> Self {
        Self {
            flavour,
            text: text.to_owned(),
            values: values.into(),
        }
    }

    /// Which SQL it is.
    pub(crate) const fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Goes on with `text`.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a placeholder for `value`.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        match self.flavour {
            // SQLite looks numbered ones up by name, in a list as long as there are values.
            Flavour::Sqlite => self.text.push('?'),
            Flavour::Postgres => {
                self.text.push('$');
                self.text.push_str(&self.values.len().to_string());
            }
        }
        self
    }

    /// Goes on with placeholders for `values`, with commas between them.
    pub(crate) fn bind_all(&mut self, values: impl IntoIterator<Item = Value>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self
    }

    /// Goes on with `rows`, to be inserted into PostgreSQL: one array for each column, so that the
    /// statement is the same however many there are.
    pub(crate) fn bind_rows(&mut self, rows: &[Vec<Value>]) -> &mut Self {
        self.push(" SELECT * FROM unnest(")
            .bind_all(array::columns(rows))
            .push(")")
    }

    /// Goes on with `column` being one of `texts`.
    pub(crate) fn one_of(&mut self, column: &'static str, texts: &[String]) -> &mut Self {
        let texts = Value::Texts(texts.iter().map(|text| Some(text.clone())).collect());
        match self.flavour {
            Flavour::Postgres => self.push(column).push(" = ANY(").bind(texts).push(")"),
            Flavour::Sqlite => self
                .push(column)
                .push(" IN (SELECT value FROM json_each(")
                .bind(texts)
                .push("))"),
        }
    }

    fn into_sqlite(self) -> Result<(SqlStr, SqliteArguments), sqlx::Error> {
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            match value {
                Value::Int(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Texts(values) => arguments.add(serde_json::json!(values).to_string()),
                Value::Ints(values) => arguments.add(serde_json::json!(values).to_string()),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok((safe(self.text), arguments))
    }

    fn into_postgres(self) -> Result<(SqlStr, PgArguments), sqlx::Error> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            match value {
                Value::Int(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Texts(values) => arguments.add(values),
                Value::Ints(values) => arguments.add(values),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok((safe(self.text), arguments))
    }
}

/// The text of a [`Statement`] is made of literals and placeholders.
fn safe(text: String) -> SqlStr {
    use sqlx::SqlSafeStr as _;

    AssertSqlSafe(text).into_sql_str()
}

// === impl Value ===

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<u64> for Value {
    /// Counts beyond what a column takes become the most it takes.
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(storable(Cow::Borrowed(value)).into_owned()))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        value.as_deref().map_or(Self::Text(None), Self::from)
    }
}

/// PostgreSQL takes no NUL in a text, and would refuse the whole batch.
pub(crate) fn storable(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        text
    }
}
