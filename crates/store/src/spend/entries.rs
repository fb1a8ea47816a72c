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
        .push(" ORDER BY ")
        .push(order(query.order))
        .push(" LIMIT ")
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
        (" AND model = ", &query.model),
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
    if let Some(status) = query.status {
        statement.push(" AND status = ").bind(i32::from(status));
    }
    if let Some(hit) = query.cache_hit {
        statement.push(" AND cache_hit = ").bind(hit);
    }
    if let Some(id) = &query.deployment_id {
        statement.push(" AND deployment_id = ").bind(id);
    }
    parts(statement, query);
    if let Some(seer) = &query.seen_by {
        seen_by(statement, seer);
    }
    if let Some(from) = query.from {
        statement.push(" AND started_at >= ").bind(from);
    }
    if let Some(until) = query.until {
        statement.push(" AND started_at < ").bind(until);
    }
    if let Some(least) = query.least {
        statement.push(" AND cost >= ").bind(least.get());
    }
    if let Some(most) = query.most {
        statement.push(" AND cost <= ").bind(most.get());
    }
}

/// What is a part of a column.
fn parts(statement: &mut Statement, query: &EntryQuery) {
    // As it stands in the list: what it is quoted with cannot be in the middle of another one.
    let tag = query.tag.as_ref().map(|tag| json!(tag).to_string());
    for (column, part) in [
        ("tags", &tag),
        ("key_alias", &query.key_alias),
        ("error", &query.error),
    ] {
        if let Some(part) = part {
            let (find, end) = match statement.flavour() {
                Flavour::Sqlite => (" AND instr(", ") > 0"),
                Flavour::Postgres => (" AND strpos(", ") > 0"),
            };
            statement.push(find).push(column).push(", ").bind(part);
            statement.push(end);
        }
    }
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
    conditions(&mut statement, &wanted);
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
