//! Entries of the ledger that are looked for.

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{EntryQuery, Page};

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
    select.push(NEWEST).push(" LIMIT ").bind(query.paging.size);
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
    let sifts =
        query.least.is_some() || named.len() > 0 || (query.failed.is_some() && !failed_is_found);
    // Those of one request are few.
    let is_few = query.request_id.is_some();
    let is_bounded = sifts && !is_few && statement.flavour() == Flavour::Postgres;
    if is_bounded {
        statement.push(" FROM (SELECT ").push(COLUMNS);
    }
    statement.push(" FROM ");
    way.source(statement);
    one_request(statement, query);
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
    if let Some(least) = query.least {
        statement.push(" AND cost >= ").bind(least.get());
    }
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
