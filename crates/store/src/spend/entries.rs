//! Entries of the ledger that are looked for.

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{EntryQuery, Page};

use super::columns::{self, COLUMNS};
use crate::backend::Store;
use crate::sql::Statement;
use crate::text::indexed;

/// Counting goes up to here: exact beyond it would mean reading all of them.
const COUNTED: i64 = 10_000;

/// So many are looked at one by one.
const LOOKED_AT: i64 = 100_000;
const NEWEST: &str = " ORDER BY started_at DESC, id DESC";

/// The page that `query` asks for, the newest first.
pub(super) async fn page(
    store: &Store,
    query: &EntryQuery,
) -> Result<Page<LedgerEntry>, sqlx::Error> {
    let flavour = store.flavour();
    let mut count = Statement::new(flavour, "SELECT COUNT(*) FROM (SELECT 1");
    those(&mut count, query);
    let seen = i64::try_from(query.paging.offset).unwrap_or(i64::MAX);
    count
        .push(" LIMIT ")
        .bind(seen.saturating_add(COUNTED))
        .push(") AS counted");
    let mut select = Statement::new(flavour, "SELECT ");
    select.push(COLUMNS);
    those(&mut select, query);
    select.push(NEWEST).push(" LIMIT ").bind(query.paging.size);
    select.push(" OFFSET ").bind(query.paging.offset);

    let mut session = store.reporting().await?;
    let rows = session.rows(select).await?;
    let total = session.row(count).await?;
    session.commit().await?;
    Ok(Page {
        rows: rows.iter().map(columns::read).collect::<Result<_, _>>()?,
        total: total.map_or(Ok(0), |row| row.count(0))?,
    })
}

/// Goes on with the entries that `query` asks for.
fn those(statement: &mut Statement, query: &EntryQuery) {
    let Some(least) = query.least else {
        statement.push(" FROM ledger WHERE 1 = 1");
        return conditions(statement, query);
    };
    // No index knows what entries cost: it would be one more to be written for each of them.
    statement
        .push(" FROM (SELECT ")
        .push(COLUMNS)
        .push(" FROM ledger WHERE 1 = 1");
    conditions(statement, query);
    statement.push(NEWEST).push(" LIMIT ").bind(LOOKED_AT);
    statement
        .push(") AS newest WHERE cost >= ")
        .bind(least.get());
}

fn conditions(statement: &mut Statement, query: &EntryQuery) {
    if let Some(id) = &query.request_id {
        let id = indexed(id);
        statement
            .push(" AND (id = ")
            .bind(&*id)
            .push(" OR call_id = ")
            .bind(&*id);
        statement.push(" OR response_id = ").bind(&*id).push(")");
    }
    let equal = [
        (" AND key_id = ", &query.key_id),
        (" AND user_id = ", &query.user_id),
        (" AND team_id = ", &query.team_id),
        (" AND organization_id = ", &query.organization_id),
        (" AND customer_id = ", &query.customer_id),
        (" AND session_id = ", &query.session_id),
        (" AND model_group = ", &query.model_group),
    ];
    for (condition, value) in equal {
        if let Some(value) = value {
            statement.push(condition).bind(&*indexed(value));
        }
    }
    match query.failed {
        Some(true) => statement.push(" AND status >= 400"),
        Some(false) => statement.push(" AND status < 400"),
        None => statement,
    };
    if let Some(from) = query.from {
        statement.push(" AND started_at >= ").bind(from);
    }
    if let Some(until) = query.until {
        statement.push(" AND started_at < ").bind(until);
    }
}
