//! Sums out of the rollups, by the dimensions that are asked for.

use lockgate_core::entity::EntityKind;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{Activity, ActivityQuery, Dimension, Totals};

use super::kind_name;
use crate::backend::Store;
use crate::sql::{Flavour, Row, Statement};
use crate::text::indexed;

/// Why a query was refused.
pub(super) const HOURS: &str =
    "hours are kept for all requests together, by model, provider and operation";

const SUMS: &str = "CAST(SUM(cost) AS BIGINT), CAST(SUM(requests) AS BIGINT), \
    CAST(SUM(failed) AS BIGINT), CAST(SUM(input_tokens) AS BIGINT), \
    CAST(SUM(output_tokens) AS BIGINT), CAST(SUM(cache_read_tokens) AS BIGINT), \
    CAST(SUM(cache_write_tokens) AS BIGINT), CAST(SUM(milliseconds) AS BIGINT)";
/// Places of the dimensions, for `GROUP BY`.
const PLACES: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "8"];

/// The statement for `query`; `None` when no rollup can answer it.
pub(super) fn statement(flavour: Flavour, query: &ActivityQuery) -> Option<Statement> {
    let needs_key = query.key_id.is_some() || query.by.contains(&Dimension::Key);
    if query.by.contains(&Dimension::Hour) {
        let is_kept = query.of.is_none() && query.ids.is_none() && !needs_key;
        let is_kept = is_kept && !query.by.contains(&Dimension::Entity);
        return is_kept.then(|| hours(flavour, query));
    }
    // The rows of all requests do not tell keys apart, those of the keys do.
    let kind = match query.of {
        None if needs_key => Some(EntityKind::Key),
        kind => kind,
    };
    let key = match kind {
        Some(EntityKind::Key) => "entity_id",
        _ => "key_id",
    };
    let mut statement = Statement::new(flavour, "SELECT ");
    select(&mut statement, query, key);
    statement.push(if is_total(query, kind) {
        " FROM rollup_totals WHERE kind = "
    } else {
        " FROM rollup_days WHERE kind = "
    });
    statement.bind(kind_name(kind));
    if query.of == Some(EntityKind::Key) {
        // What came without a key belongs to none.
        statement.push(" AND entity_id <> ''");
    }
    if let Some(ids) = &query.ids {
        let ids: Vec<String> = ids.iter().map(|id| indexed(id).into_owned()).collect();
        statement.push(" AND ").one_of("entity_id", &ids);
    }
    if let Some(id) = &query.key_id {
        statement
            .push(" AND ")
            .push(key)
            .push(" = ")
            .bind(&*indexed(id));
    }
    if let Some(group) = &query.model_group {
        statement.push(" AND model_group = ").bind(&*indexed(group));
    }
    statement
        .push(" AND day >= ")
        .bind(query.from)
        .push(" AND day < ")
        .bind(query.until);
    group(&mut statement, query);
    Some(statement)
}

/// Whether sums by entity and day are enough, of which there are far fewer.
fn is_total(query: &ActivityQuery, kind: Option<EntityKind>) -> bool {
    let needs_key = query.key_id.is_some() || query.by.contains(&Dimension::Key);
    let knows_key = kind == Some(EntityKind::Key) || !needs_key;
    let kept = [Dimension::Day, Dimension::Entity, Dimension::Key];
    query.model_group.is_none() && knows_key && query.by.iter().all(|by| kept.contains(by))
}

fn hours(flavour: Flavour, query: &ActivityQuery) -> Statement {
    let mut statement = Statement::new(flavour, "SELECT ");
    select(&mut statement, query, "''");
    let (from, until) = (i64::from(query.from) * 24, i64::from(query.until) * 24);
    statement
        .push(" FROM rollup_hours WHERE hour >= ")
        .bind(from);
    statement.push(" AND hour < ").bind(until);
    if let Some(group) = &query.model_group {
        statement.push(" AND model_group = ").bind(&*indexed(group));
    }
    group(&mut statement, query);
    statement
}

fn select(statement: &mut Statement, query: &ActivityQuery, key: &'static str) {
    let is_hourly = query.by.contains(&Dimension::Hour);
    for dimension in &query.by {
        statement.push(match dimension {
            Dimension::Day if is_hourly => "hour / 24",
            Dimension::Day => "day",
            Dimension::Hour => "hour",
            Dimension::Entity => "entity_id",
            Dimension::Key => key,
            Dimension::ModelGroup => "model_group",
            Dimension::Model => "model",
            Dimension::Provider => "provider",
            Dimension::Operation => "operation",
        });
        statement.push(", ");
    }
    statement.push(SUMS);
}

fn group(statement: &mut Statement, query: &ActivityQuery) {
    if query.by.is_empty() {
        // A sum over nothing is a row of nulls.
        statement.push(" HAVING COUNT(*) > 0");
        return;
    }
    for keyword in [" GROUP BY ", " ORDER BY "] {
        statement.push(keyword);
        for (place, _) in PLACES.into_iter().zip(&query.by) {
            statement
                .push(if place == "1" { "" } else { ", " })
                .push(place);
        }
    }
}

/// Asks for them.
pub(super) async fn rows(
    store: &Store,
    query: &ActivityQuery,
    statement: Statement,
) -> Result<Vec<Activity>, sqlx::Error> {
    let mut session = store.reporting().await?;
    let rows = session.rows(statement).await?;
    session.commit().await?;
    rows.iter().map(|row| read(row, &query.by)).collect()
}

fn read(row: &Row, by: &[Dimension]) -> Result<Activity, sqlx::Error> {
    let mut activity = Activity::default();
    for (column, dimension) in by.iter().enumerate() {
        let number = || Ok::<_, sqlx::Error>(i32::try_from(row.int(column)?).ok());
        // What a request had none of is empty in the rollups.
        let text = || Ok::<_, sqlx::Error>(Some(row.text(column)?));
        match dimension {
            Dimension::Day => activity.day = number()?,
            Dimension::Hour => activity.hour = number()?,
            Dimension::Entity => activity.entity_id = text()?,
            Dimension::Key => activity.key_id = text()?,
            Dimension::ModelGroup => activity.model_group = text()?,
            Dimension::Model => activity.model = text()?,
            Dimension::Provider => activity.provider = text()?,
            Dimension::Operation => activity.operation = text()?,
        }
    }
    let sum = |place: usize| row.count(by.len() + place);
    activity.totals = Totals {
        cost: Nanodollars::new(row.int(by.len())?),
        requests: sum(1)?,
        failed: sum(2)?,
        input: sum(3)?,
        output: sum(4)?,
        cache_read: sum(5)?,
        cache_write: sum(6)?,
        milliseconds: sum(7)?,
    };
    Ok(activity)
}
