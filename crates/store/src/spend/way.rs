//! How entries are found in a SQLite file: by their time, or in the blocks that have their marks.

use lockgate_core::ports::{EntryQuery, Seer};

use super::marks::{BLOCK, Of, SHIFT, mark};
use crate::sql::{Flavour, Session, Statement};
use crate::text::indexed;

/// Which rows are looked at, before the conditions themselves are asked of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// All, in the order of time.
    Time,
    /// Those of marked blocks, in the order of time: there are many, so a page is soon full.
    MarkedByTime,
    /// Marked blocks, of which there are few.
    Blocks,
}

/// So many blocks are read and sorted for one page.
const FEW: u64 = 48;

// === impl Way ===

impl Way {
    /// The best for `query`.
    pub(super) async fn find(
        session: &mut Session,
        query: &EntryQuery,
    ) -> Result<Self, sqlx::Error> {
        let unmarked = query.least.is_none() && query.request_id.is_none();
        if unmarked && query.seen_by.is_none() && marks(query).next().is_none() {
            return Ok(Self::Time);
        }
        let mut count = Statement::new(Flavour::Sqlite, "");
        Self::Blocks.begin(&mut count, query);
        count.push("SELECT COUNT(*) FROM (SELECT 1 FROM marked LIMIT ");
        count.bind(FEW + 1).push(") AS counted");
        let count = session.row(count).await?;
        let count = count.map_or(Ok(0), |row| row.count(0))?;
        Ok(if count > FEW {
            Self::MarkedByTime
        } else {
            Self::Blocks
        })
    }

    /// Goes before `SELECT`.
    pub(super) fn begin(self, statement: &mut Statement, query: &EntryQuery) {
        if self == Self::Time {
            return;
        }
        statement
            .push("WITH marked AS MATERIALIZED (SELECT block FROM ledger_blocks b WHERE 1 = 1");
        if let Some(from) = query.from {
            statement.push(" AND last >= ").bind(from);
        }
        if let Some(until) = query.until {
            statement.push(" AND first < ").bind(until);
        }
        if let Some(least) = query.least {
            statement.push(" AND most >= ").bind(least.get());
        }
        for mark in marks(query) {
            has(statement.push(" AND "), mark);
        }
        if let Some(seer) = &query.seen_by {
            statement.push(" AND (1 = 0");
            for mark in seen(seer) {
                has(statement.push(" OR "), mark);
            }
            statement.push(")");
        }
        if let Some(id) = &query.request_id {
            has(statement.push(" AND ("), mark(Of::Request, id));
            statement
                .push(" OR block = (SELECT number >> ")
                .bind(SHIFT)
                .push(" FROM ledger WHERE id = ")
                .bind(&*indexed(id))
                .push("))");
        }
        statement.push(") ");
    }

    /// Goes behind `FROM`; conditions follow.
    pub(super) fn source(self, statement: &mut Statement) {
        match self {
            Self::Time => statement.push("ledger WHERE 1 = 1"),
            Self::MarkedByTime => statement
                .push("ledger INDEXED BY ledger_by_time WHERE number >> ")
                .bind(SHIFT)
                .push(" IN (SELECT block FROM marked)"),
            Self::Blocks => statement
                .push("marked CROSS JOIN ledger ON number BETWEEN block * ")
                .bind(BLOCK)
                .push(" AND block * ")
                .bind(BLOCK)
                .push(" + ")
                .bind(BLOCK - 1)
                .push(" WHERE 1 = 1"),
        };
    }
}

/// What any block must have for somebody to see one of its entries.
fn seen(seer: &Seer) -> impl Iterator<Item = i64> + '_ {
    let user = seer.user_id.iter().map(|id| mark(Of::User, id));
    let key = seer.key_id.iter().map(|id| mark(Of::Key, id));
    let teams = seer.teams.iter().map(|id| mark(Of::Team, id));
    let organizations = seer.organizations.iter();
    let organizations = organizations.map(|id| mark(Of::Organization, id));
    user.chain(key).chain(teams).chain(organizations)
}

/// What all of the blocks must have.
fn marks(query: &EntryQuery) -> impl Iterator<Item = i64> + '_ {
    let named = [
        (Of::Key, &query.key_id),
        (Of::User, &query.user_id),
        (Of::Team, &query.team_id),
        (Of::Organization, &query.organization_id),
        (Of::Customer, &query.customer_id),
        (Of::Session, &query.session_id),
        (Of::ModelGroup, &query.model_group),
    ];
    let named = named
        .into_iter()
        .filter_map(|(of, name)| Some(mark(of, name.as_ref()?)));
    let failed = (query.failed == Some(true) || query.status.is_some_and(|status| status >= 400))
        .then(|| mark(Of::Failure, ""));
    named.chain(failed)
}

fn has(statement: &mut Statement, mark: i64) {
    statement
        .push("(marked = 0 OR EXISTS (SELECT 1 FROM ledger_marks m WHERE m.block = b.block AND m.mark = ")
        .bind(mark)
        .push("))");
}
