//! Entries of the ledger that are looked for.

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{
    EntryOrder, EntryQuery, EntrySort, Page, Paging, Seer, StatusCount, StatusQuery,
};
use serde_json::json;

use super::DAY;
use super::columns::{self, COLUMNS};
use super::way::Way;
use crate::backend::Store;
use crate::sql::{Flavour, Statement};
use crate::text::indexed;

/// Counting goes up to here: exact beyond it would mean reading all of them.
const COUNTED: i64 = 10_000;

/// So many are looked at one by one.
const LOOKED_AT: i64 = 50_000;
const FAILED: &str = " AND status >= 400";
const NEWEST: &str = " ORDER BY started_at DESC, id DESC";

/// The page that `query` asks for, the newest first.
pub(super) async fn page(
    store: &Store,
    query: &EntryQuery,
) -> Result<Page<LedgerEntry>, sqlx::Error> {
    let flavour = store.flavour();
    let mut session = store.reporting().await?;
    let way = match flavour {
        Flavour::Sqlite => Way::find(&mut session, query).await?,
        Flavour::Postgres => Way::Time,
    };
    let mut select = Statement::new(flavour, "");
    way.begin(&mut select, query);
    select.push("SELECT ").push(COLUMNS);
    those(&mut select, way, query);
    select
        .push(" ORDER BY ")
        .push(order(query.order))
        .push(" LIMIT ")
        .bind(query.paging.size);
    select.push(" OFFSET ").bind(query.paging.offset);
    let rows = session.rows(select).await?;
    let is_last = rows.len() < query.paging.size as usize;
    let total = if is_last && (!rows.is_empty() || query.paging.offset == 0) {
        query.paging.offset + rows.len() as u64
    } else {
        let total = session.row(count(flavour, way, query)).await?;
        total.map_or(Ok(0), |row| row.count(0))?
    };
    session.commit().await?;
    Ok(Page {
        rows: rows.iter().map(columns::read).collect::<Result<_, _>>()?,
        total,
    })
}

fn count(flavour: Flavour, way: Way, query: &EntryQuery) -> Statement {
    let mut count = Statement::new(flavour, "");
    way.begin(&mut count, query);
    count.push("SELECT COUNT(*) FROM (SELECT 1");
    those(&mut count, way, query);
    let seen = i64::try_from(query.paging.offset).unwrap_or(i64::MAX);
    count
        .push(" LIMIT ")
        .bind(seen.saturating_add(COUNTED))
        .push(") AS counted");
    count
}

/// Goes on with the entries that `query` asks for.
///
/// An index of PostgreSQL finds entries in the order of time by one of their properties. What else is
/// asked of them is looked at one by one, which may be many for each that is found: so it ends
/// somewhere. SQLite has its own way to find those that have several.
fn those(statement: &mut Statement, way: Way, query: &EntryQuery) {
    let mut named = named(query).into_iter();
    let found_by = named.next();
    let failed_is_found = found_by.is_none() && query.failed == Some(true);
    let sifts = sifts(query) || named.len() > 0 || (query.failed.is_some() && !failed_is_found);
    // Those of one request are few.
    let is_few = query.request_id.is_some();
    let is_bounded = sifts && !is_few && statement.flavour() == Flavour::Postgres;
    if is_bounded {
        statement.push(" FROM (SELECT ").push(COLUMNS);
    }
    statement.push(" FROM ");
    way.source(statement);
    one_request(statement, query);
    if let Some(seer) = &query.seen_by {
        seen_by(statement, seer);
    }
    if let Some((condition, value)) = found_by {
        statement.push(condition).bind(&*indexed(value));
    }
    if failed_is_found {
        statement.push(FAILED);
    }
    if let Some(from) = query.from {
        statement.push(" AND started_at >= ").bind(from);
    }
    if let Some(until) = query.until {
        statement.push(" AND started_at < ").bind(until);
    }
    if is_bounded {
        statement.push(NEWEST).push(" LIMIT ").bind(LOOKED_AT);
        statement.push(") AS newest WHERE 1 = 1");
    }
    for (condition, value) in named {
        statement.push(condition).bind(&*indexed(value));
    }
    match query.failed {
        Some(true) if !failed_is_found => statement.push(FAILED),
        Some(false) => statement.push(" AND status < 400"),
        _ => statement,
    };
    sift(statement, query);
}

/// Whether something is asked that no index knows.
fn sifts(query: &EntryQuery) -> bool {
    let texts = [
        &query.model,
        &query.deployment_id,
        &query.tag,
        &query.key_alias,
        &query.error,
    ];
    query.least.is_some()
        || query.most.is_some()
        || query.status.is_some()
        || query.cache_hit.is_some()
        || texts.into_iter().any(Option::is_some)
}

/// What no index knows.
fn sift(statement: &mut Statement, query: &EntryQuery) {
    if let Some(least) = query.least {
        statement.push(" AND cost >= ").bind(least.get());
    }
    if let Some(most) = query.most {
        statement.push(" AND cost <= ").bind(most.get());
    }
    if let Some(status) = query.status {
        statement.push(" AND status = ").bind(i32::from(status));
    }
    if let Some(hit) = query.cache_hit {
        statement.push(" AND cache_hit = ").bind(hit);
    }
    if let Some(model) = &query.model {
        statement.push(" AND model = ").bind(&*indexed(model));
    }
    if let Some(id) = &query.deployment_id {
        statement.push(" AND deployment_id = ").bind(id);
    }
    parts(statement, query);
}

fn one_request(statement: &mut Statement, query: &EntryQuery) {
    if let Some(id) = &query.request_id {
        let id = indexed(id);
        statement
            .push(" AND (id = ")
            .bind(&*id)
            .push(" OR call_id = ")
            .bind(&*id);
        statement.push(" OR response_id = ").bind(&*id).push(")");
    }
}

/// The properties that are asked for and that an index finds, the one that fewest share first.
fn named(query: &EntryQuery) -> Vec<(&'static str, &String)> {
    let equal = [
        (" AND session_id = ", &query.session_id),
        (" AND customer_id = ", &query.customer_id),
        (" AND key_id = ", &query.key_id),
        (" AND user_id = ", &query.user_id),
        (" AND team_id = ", &query.team_id),
        (" AND organization_id = ", &query.organization_id),
        (" AND model_group = ", &query.model_group),
    ];
    let named = equal.into_iter();
    named
        .filter_map(|(condition, value)| Some((condition, value.as_ref()?)))
        .collect()
}

/// What is a part of a column.
fn parts(statement: &mut Statement, query: &EntryQuery) {
    if let Some(tag) = &query.tag {
        // As it stands in the list: no quotation mark behind these is within another tag, as there
        // it has a backslash in front.
        let tag = json!(tag);
        has_part(statement.push(" AND ("), "tags", &format!("[{tag}"));
        has_part(statement.push(" OR "), "tags", &format!(",{tag}"));
        statement.push(")");
    }
    for (column, part) in [("key_alias", &query.key_alias), ("error", &query.error)] {
        if let Some(part) = part {
            has_part(statement.push(" AND "), column, part);
        }
    }
}

fn has_part(statement: &mut Statement, column: &'static str, part: &str) {
    statement.push(match statement.flavour() {
        Flavour::Sqlite => "instr(",
        Flavour::Postgres => "strpos(",
    });
    statement.push(column).push(", ").bind(part).push(") > 0");
}

fn seen_by(statement: &mut Statement, seer: &Seer) {
    // The first is for a caller who sees nothing.
    statement.push(" AND (1 = 0");
    if let Some(id) = &seer.user_id {
        statement.push(" OR user_id = ").bind(&*indexed(id));
    }
    if let Some(id) = &seer.key_id {
        statement.push(" OR key_id = ").bind(&*indexed(id));
    }
    for (column, ids) in [
        ("team_id", &seer.teams),
        ("organization_id", &seer.organizations),
    ] {
        if !ids.is_empty() {
            let ids: Vec<String> = ids.iter().map(|id| indexed(id).into_owned()).collect();
            statement.push(" OR ").one_of(column, &ids);
        }
    }
    statement.push(")");
}

/// Literals: what a client names is not here. Sums as floats, which cannot overflow.
const fn order(order: EntryOrder) -> &'static str {
    match (order.by, order.descending) {
        (EntrySort::Started, true) => "started_at DESC, id DESC",
        (EntrySort::Started, false) => "started_at, id",
        (EntrySort::Ended, true) => "ended_at DESC, id DESC",
        (EntrySort::Ended, false) => "ended_at, id",
        (EntrySort::Duration, true) => {
            "CAST(ended_at AS DOUBLE PRECISION) - started_at DESC, started_at DESC, id DESC"
        }
        (EntrySort::Duration, false) => {
            "CAST(ended_at AS DOUBLE PRECISION) - started_at, started_at DESC, id DESC"
        }
        (EntrySort::FirstToken, true) => "first_token_us DESC NULLS LAST, started_at DESC, id DESC",
        (EntrySort::FirstToken, false) => "first_token_us NULLS LAST, started_at DESC, id DESC",
        (EntrySort::Cost, true) => "cost DESC, started_at DESC, id DESC",
        (EntrySort::Cost, false) => "cost, started_at DESC, id DESC",
        (EntrySort::Tokens, true) => {
            "CAST(input_tokens AS DOUBLE PRECISION) + output_tokens DESC, started_at DESC, id DESC"
        }
        (EntrySort::Tokens, false) => {
            "CAST(input_tokens AS DOUBLE PRECISION) + output_tokens, started_at DESC, id DESC"
        }
        (EntrySort::Model, true) => "model DESC NULLS LAST, started_at DESC, id DESC",
        (EntrySort::Model, false) => "model NULLS LAST, started_at DESC, id DESC",
    }
}

/// How many ended with a status, by day and deployment.
pub(super) async fn statuses(
    store: &Store,
    query: &StatusQuery,
) -> Result<Vec<StatusCount>, sqlx::Error> {
    // Said twice: the index holds what has 400 or more.
    let wanted = EntryQuery {
        failed: Some(true),
        status: Some(query.status),
        model_group: query.model_group.clone(),
        from: Some(i64::from(query.from) * DAY),
        until: Some(i64::from(query.until) * DAY),
        ..EntryQuery::new(Paging { offset: 0, size: 0 })
    };
    let mut session = store.reporting().await?;
    let way = match store.flavour() {
        Flavour::Sqlite => Way::find(&mut session, &wanted).await?,
        Flavour::Postgres => Way::Time,
    };
    let mut statement = Statement::new(store.flavour(), "");
    way.begin(&mut statement, &wanted);
    statement.push("SELECT started_at / 86400000000, deployment_id, COUNT(*) FROM ");
    way.source(&mut statement);
    statement.push(FAILED).push(" AND status = ");
    statement.bind(i32::from(query.status));
    if let Some(group) = &query.model_group {
        statement.push(" AND model_group = ").bind(&*indexed(group));
    }
    let (from, until) = (i64::from(query.from) * DAY, i64::from(query.until) * DAY);
    statement.push(" AND started_at >= ").bind(from);
    statement.push(" AND started_at < ").bind(until);
    statement.push(" GROUP BY 1, 2 ORDER BY 1, 2");
    let rows = session.rows(statement).await?;
    session.commit().await?;
    rows.iter()
        .map(|row| {
            Ok(StatusCount {
                day: i32::try_from(row.int(0)?).unwrap_or_default(),
                deployment_id: row.maybe_text(1)?,
                count: row.count(2)?,
            })
        })
        .collect()
}
