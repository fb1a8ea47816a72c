//! An entry of the ledger as columns.

use std::borrow::Cow;

use lockgate_core::ledger::{Charge, CostSource, LedgerDetails, LedgerEntry, LedgerTokens};
use lockgate_core::money::Nanodollars;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sql::{Row, Value, storable};
use crate::text::indexed;

/// How many there are.
pub(super) const COUNT: usize = 37;

/// The columns, in the order of [`values`] and [`read`].
pub(super) const COLUMNS: &str = "id, call_id, response_id, started_at, ended_at, \
    first_token_us, dialect, operation, model_group, model, provider, deployment_id, key_id, \
    key_alias, user_id, team_id, organization_id, project_id, customer_id, tags, session_id, \
    client_address, status, error, stream, cache_hit, retries, fallbacks, input_tokens, \
    output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost, cost_source, \
    charges, details";

/// The most that a column of 32 bits takes.
const MOST: u32 = i32::MAX.unsigned_abs();

/// What a column holds of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Int(Option<i64>),
    Text(Option<Cow<'a, str>>),
}

/// What the columns hold of `entry`.
pub(super) fn values(entry: &LedgerEntry) -> Result<[Cell<'_>; COUNT], serde_json::Error> {
    Ok([
        name(&entry.id),
        name(&entry.call_id),
        maybe_name(entry.response_id.as_deref()),
        int(entry.started_at),
        int(entry.ended_at),
        match entry.first_token_us {
            Some(microseconds) => count(microseconds),
            None => Cell::Int(None),
        },
        text(&entry.dialect),
        name(&entry.operation),
        name(&entry.model_group),
        maybe_name(entry.model.as_deref()),
        maybe_name(entry.provider.as_deref()),
        maybe(entry.deployment_id.as_deref()),
        maybe_name(entry.key_id.as_deref()),
        maybe(entry.key_alias.as_deref()),
        maybe_name(entry.user_id.as_deref()),
        maybe_name(entry.team_id.as_deref()),
        maybe_name(entry.organization_id.as_deref()),
        maybe_name(entry.project_id.as_deref()),
        maybe_name(entry.customer_id.as_deref()),
        json(&entry.tags)?,
        maybe_name(entry.session_id.as_deref()),
        maybe(entry.client_address.as_deref()),
        int(entry.status.into()),
        maybe(entry.error.as_deref()),
        int(entry.stream.into()),
        int(entry.cache_hit.into()),
        int(entry.retries.min(MOST).into()),
        int(entry.fallbacks.min(MOST).into()),
        count(entry.tokens.input),
        count(entry.tokens.output),
        count(entry.tokens.cache_read),
        count(entry.tokens.cache_write),
        count(entry.tokens.reasoning),
        int(entry.cost.get()),
        text(entry.cost_source.as_str()),
        json(&entry.charges)?,
        details(entry.details.as_deref())?,
    ])
}

/// The entry out of [`COLUMNS`].
pub(super) fn read(row: &Row) -> Result<LedgerEntry, sqlx::Error> {
    let small = |column| Ok::<_, sqlx::Error>(u32::try_from(row.int(column)?).unwrap_or_default());
    Ok(LedgerEntry {
        id: row.text(0)?,
        call_id: row.text(1)?,
        response_id: row.maybe_text(2)?,
        started_at: row.int(3)?,
        ended_at: row.int(4)?,
        first_token_us: row.maybe_int(5)?.map(|_| row.count(5)).transpose()?,
        dialect: row.text(6)?,
        operation: row.text(7)?,
        model_group: row.text(8)?,
        model: row.maybe_text(9)?,
        provider: row.maybe_text(10)?,
        deployment_id: row.maybe_text(11)?,
        key_id: row.maybe_text(12)?,
        key_alias: row.maybe_text(13)?,
        user_id: row.maybe_text(14)?,
        team_id: row.maybe_text(15)?,
        organization_id: row.maybe_text(16)?,
        project_id: row.maybe_text(17)?,
        customer_id: row.maybe_text(18)?,
        tags: list(row, 19)?,
        session_id: row.maybe_text(20)?,
        client_address: row.maybe_text(21)?,
        status: u16::try_from(row.int(22)?).unwrap_or_default(),
        error: row.maybe_text(23)?,
        stream: row.int(24)? != 0,
        cache_hit: row.int(25)? != 0,
        retries: small(26)?,
        fallbacks: small(27)?,
        tokens: LedgerTokens {
            input: row.count(28)?,
            output: row.count(29)?,
            cache_read: row.count(30)?,
            cache_write: row.count(31)?,
            reasoning: row.count(32)?,
        },
        cost: Nanodollars::new(row.int(33)?),
        cost_source: CostSource::named(&row.text(34)?),
        charges: list::<Charge>(row, 35)?,
        details: object(row, 36)?,
    })
}

const fn int<'a>(number: i64) -> Cell<'a> {
    Cell::Int(Some(number))
}

/// Counts beyond what a column takes become the most it takes.
fn count<'a>(number: u64) -> Cell<'a> {
    int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(Some(storable(Cow::Borrowed(text))))
}

/// A text that is looked for.
fn name(text: &str) -> Cell<'_> {
    Cell::Text(Some(storable(indexed(text))))
}

fn maybe(found: Option<&str>) -> Cell<'_> {
    found.map_or(Cell::Text(None), text)
}

fn maybe_name(found: Option<&str>) -> Cell<'_> {
    found.map_or(Cell::Text(None), name)
}

/// A list as JSON; nothing for none.
fn json<'a, T: Serialize>(list: &[T]) -> Result<Cell<'a>, serde_json::Error> {
    if list.is_empty() {
        return Ok(Cell::Text(None));
    }
    let text = serde_json::to_string(list)?;
    Ok(Cell::Text(Some(storable(Cow::Owned(text)))))
}

fn list<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Vec<T>, sqlx::Error> {
    match row.maybe_text(column)? {
        None => Ok(Vec::new()),
        Some(text) => {
            serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(error.into()))
        }
    }
}

/// Details as JSON; nothing for none.
pub(super) fn details<'a>(details: Option<&LedgerDetails>) -> Result<Cell<'a>, serde_json::Error> {
    let text = details.map(serde_json::to_string).transpose()?;
    Ok(Cell::Text(text.map(|text| storable(Cow::Owned(text)))))
}

// === impl Cell ===

impl From<Cell<'_>> for Value {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Int(number) => Self::Int(number),
            Cell::Text(text) => Self::Text(text.map(Cow::into_owned)),
        }
    }
}

fn object(row: &Row, column: usize) -> Result<Option<Box<LedgerDetails>>, sqlx::Error> {
    let text = row.maybe_text(column)?;
    let read = text.map(|text| serde_json::from_str(&text)).transpose();
    read.map_err(|error| sqlx::Error::Decode(error.into()))
}
