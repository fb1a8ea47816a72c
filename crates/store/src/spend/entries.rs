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
    let mut count = Statement::new(flavour, "");
    way.begin(&mut count, query);
    count.push("SELECT COUNT(*) FROM (SELECT 1 FROM ");
    way.source(&mut count);
    conditions(&mut count, query);
    let seen = i64::try_from(query.paging.offset).unwrap_or(i64::MAX);
    count
        .push(" LIMIT ")
        .bind(seen.saturating_add(COUNTED))
        .push(") AS counted");
    let mut select = Statement::new(flavour, "");
    way.begin(&mut select, query);
    select.push("SELECT ").push(COLUMNS).push(" FROM ");
    way.source(&mut select);
    conditions(&mut select, query);
    select
        .push(" ORDER BY started_at DESC, id DESC LIMIT ")
        .bind(query.paging.size);
    select.push(" OFFSET ").bind(query.paging.offset);

    let rows = session.rows(select).await?;
    let total = session.row(count).await?;
    session.commit().await?;
    Ok(Page {
        rows: rows.iter().map(columns::read).collect::<Result<_, _>>()?,
        total: total.map_or(Ok(0), |row| row.count(0))?,
    })
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
    if let Some(least) = query.least {
        statement.push(" AND cost >= ").bind(least.get());
    }
}
