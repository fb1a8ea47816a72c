//! An entry of the ledger as columns.

use lockgate_core::ledger::{Charge, CostSource, LedgerDetails, LedgerEntry, LedgerTokens};
use lockgate_core::money::Nanodollars;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sql::{Row, Value};
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

/// What the columns hold of `entry`.
pub(super) fn values(entry: &LedgerEntry) -> Result<[Value; COUNT], sqlx::Error> {
    let name = |text: &Option<String>| match text {
        Some(text) => Value::from(&*indexed(text)),
        None => Value::Text(None),
    };
    Ok([
        (&*indexed(&entry.id)).into(),
        (&*indexed(&entry.call_id)).into(),
        name(&entry.response_id),
        entry.started_at.into(),
        entry.ended_at.into(),
        match entry.first_token_us {
            Some(microseconds) => microseconds.into(),
            None => Value::Int(None),
        },
        (&entry.dialect).into(),
        (&*indexed(&entry.operation)).into(),
        (&*indexed(&entry.model_group)).into(),
        name(&entry.model),
        name(&entry.provider),
        (&entry.deployment_id).into(),
        name(&entry.key_id),
        (&entry.key_alias).into(),
        name(&entry.user_id),
        name(&entry.team_id),
        name(&entry.organization_id),
        name(&entry.project_id),
        name(&entry.customer_id),
        json(&entry.tags)?,
        name(&entry.session_id),
        (&entry.client_address).into(),
        i32::from(entry.status).into(),
        (&entry.error).into(),
        entry.stream.into(),
        entry.cache_hit.into(),
        entry.retries.min(MOST).into(),
        entry.fallbacks.min(MOST).into(),
        entry.tokens.input.into(),
        entry.tokens.output.into(),
        entry.tokens.cache_read.into(),
        entry.tokens.cache_write.into(),
        entry.tokens.reasoning.into(),
        entry.cost.get().into(),
        entry.cost_source.as_str().into(),
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

/// A list as JSON; nothing for none.
fn json<T: Serialize>(list: &[T]) -> Result<Value, sqlx::Error> {
    if list.is_empty() {
        return Ok(Value::Text(None));
    }
    let text = serde_json::to_string(list).map_err(|error| sqlx::Error::Encode(error.into()))?;
    Ok(Value::Text(Some(text)))
}

fn list<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Vec<T>, sqlx::Error> {
    match row.maybe_text(column)? {
        None => Ok(Vec::new()),
        Some(text) => {
            serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(error.into()))
        }
    }
}

/// Details as JSON.
pub(super) fn details(details: Option<&LedgerDetails>) -> Result<Value, sqlx::Error> {
    let written = details.map(serde_json::to_string).transpose();
    written
        .map(Value::Text)
        .map_err(|error| sqlx::Error::Encode(error.into()))
}

fn object(row: &Row, column: usize) -> Result<Option<Box<LedgerDetails>>, sqlx::Error> {
    let text = row.maybe_text(column)?;
    let read = text.map(|text| serde_json::from_str(&text)).transpose();
    read.map_err(|error| sqlx::Error::Decode(error.into()))
}
