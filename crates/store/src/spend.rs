//! Spend, the ledger and its rollups in the database (ADR 0013).

mod activity;
mod columns;
mod entries;
mod lower;
mod marks;
mod partitions;
mod reprice;
mod sums;
mod way;
mod write;

use std::sync::Arc;

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    Activity, ActivityQuery, EntryQuery, Page, Spend, SpendStore, Spender, StatusCount,
    StatusQuery, StoreError, StoreFuture, Written,
};

use crate::backend::{Store, in_time};
use crate::entities::{one_of_pairs, read_id, touch};
use crate::sql::{Row, Statement};
use crate::text::indexed;

pub use self::partitions::PARTITION;
pub(crate) use self::partitions::make_ahead;
pub use self::reprice::NewCost;
pub(crate) use self::write::{LedgerFile, WriteError};

const SPEND: &str = "SELECT kind, id, window_name, window_start, amount FROM spend";
/// Entities whose spend is asked for in one statement.
const IDS: usize = 1_000;
/// In microseconds.
pub(crate) const DAY: i64 = 86_400_000_000;
/// 230 years after 1970.
const LAST: i64 = 230 * 366 * DAY;

// === impl Store ===

impl SpendStore for Store {
    fn write<'a>(&'a self, entries: &'a Arc<[LedgerEntry]>) -> StoreFuture<'a, Written> {
        Box::pin(write::write(self, entries))
    }

    fn all_spend<'a>(&'a self, after: Option<&'a Spend>, size: u32) -> StoreFuture<'a, Vec<Spend>> {
        Box::pin(in_time(self.spend_behind(after, size)))
    }

    fn spend<'a>(&'a self, of: &'a [EntityId]) -> StoreFuture<'a, Vec<Spend>> {
        Box::pin(async move {
            let mut found = Vec::new();
            for ids in of.chunks(IDS) {
                found.extend(in_time(Box::pin(self.spend_of(ids))).await?);
            }
            Ok(found)
        })
    }

    fn set_spend<'a>(&'a self, of: &'a EntityId, amount: Nanodollars) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let spend = Spend {
                of: of.clone(),
                window: String::new(),
                start: 0,
                amount,
            };
            Box::pin(in_time(self.put_spend(&spend))).await
        })
    }

    fn set_window<'a>(&'a self, spend: &'a Spend) -> StoreFuture<'a, ()> {
        Box::pin(in_time(self.put_spend(spend)))
    }

    fn write_past<'a>(&'a self, entries: &'a [LedgerEntry]) -> StoreFuture<'a, Written> {
        Box::pin(async move {
            let uncharged = |entry: &LedgerEntry| LedgerEntry {
                charges: Vec::new(),
                ..entry.clone()
            };
            let entries: Arc<[LedgerEntry]> = entries.iter().map(uncharged).collect();
            Box::pin(write::write(self, &entries)).await
        })
    }

    fn entries<'a>(&'a self, query: &'a EntryQuery) -> StoreFuture<'a, Page<LedgerEntry>> {
        Box::pin(in_time(entries::page(self, query)))
    }

    fn statuses<'a>(&'a self, query: &'a StatusQuery) -> StoreFuture<'a, Vec<StatusCount>> {
        Box::pin(in_time(entries::statuses(self, query)))
    }

    fn lower_spend<'a>(
        &'a self,
        of: Spender<'a>,
        most: Nanodollars,
    ) -> StoreFuture<'a, Vec<Spend>> {
        Box::pin(in_time(lower::lower(self, of, most)))
    }

    fn activity<'a>(&'a self, query: &'a ActivityQuery) -> StoreFuture<'a, Vec<Activity>> {
        Box::pin(async move {
            let statement = activity::statement(self.flavour(), query)
                .ok_or_else(|| StoreError::Refused(activity::HOURS.to_owned()))?;
            in_time(Box::pin(activity::rows(self, query, statement))).await
        })
    }

    fn forget(&self, before: i64, most: u32) -> StoreFuture<'_, u64> {
        Box::pin(in_time(partitions::forget(self, before, most)))
    }
}

impl Store {
    async fn spend_behind(
        &self,
        after: Option<&Spend>,
        size: u32,
    ) -> Result<Vec<Spend>, sqlx::Error> {
        let mut statement = Statement::new(self.flavour(), SPEND);
        if let Some(after) = after {
            statement.push(" WHERE (kind, id, window_name, window_start) > (");
            statement
                .bind(after.of.kind.as_str())
                .push(", ")
                .bind(after.of.id.as_str());
            statement
                .push(", ")
                .bind(&after.window)
                .push(", ")
                .bind(after.start)
                .push(")");
        }
        statement
            .push(" ORDER BY kind, id, window_name, window_start LIMIT ")
            .bind(size);
        self.spends(statement).await
    }

    async fn spend_of(&self, ids: &[EntityId]) -> Result<Vec<Spend>, sqlx::Error> {
        let kept: Vec<EntityId> = ids.iter().map(kept).collect();
        let mut statement = Statement::new(self.flavour(), SPEND);
        statement.push(" WHERE ");
        one_of_pairs(&mut statement, "kind", "id", &kept);
        self.spends(statement).await
    }

    async fn spends(&self, statement: Statement) -> Result<Vec<Spend>, sqlx::Error> {
        let mut session = self.reading().await?;
        let rows = session.rows(statement).await?;
        session.commit().await?;
        rows.iter()
            .filter_map(|row| read(row).transpose())
            .collect()
    }

    async fn put_spend(&self, spend: &Spend) -> Result<(), sqlx::Error> {
        let of = kept(&spend.of);
        let mut session = self.writing().await?;
        touch(&mut session, &of).await?;
        let statement = Statement::whole(
            self.flavour(),
            "INSERT INTO spend (kind, id, window_name, window_start, amount) \
             VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (kind, id, window_name, window_start) DO UPDATE SET amount = excluded.amount",
            [
                of.kind.as_str().into(),
                (&of.id).into(),
                (&spend.window).into(),
                spend.start.into(),
                spend.amount.get().into(),
            ],
        );
        session.run(statement).await?;
        session.commit().await
    }
}

/// The time that an entry is counted at. One beyond is a clock gone wrong, and no day of it has a
/// number that fits.
fn plausible(time: i64) -> i64 {
    time.clamp(0, LAST)
}

/// As it is kept.
fn kept(id: &EntityId) -> EntityId {
    EntityId::new(id.kind, indexed(&id.id))
}

/// `None` for a kind that only a newer version knows.
fn read(row: &Row) -> Result<Option<Spend>, sqlx::Error> {
    let Some(of) = read_id(row, 0)? else {
        return Ok(None);
    };
    Ok(Some(Spend {
        of,
        window: row.text(2)?,
        start: row.int(3)?,
        amount: Nanodollars::new(row.int(4)?),
    }))
}

/// What a rollup of all requests has for a kind.
pub(crate) const ALL: &str = "";

/// The kind as rollups have it.
pub(crate) const fn kind_name(kind: Option<EntityKind>) -> &'static str {
    match kind {
        Some(kind) => kind.as_str(),
        None => ALL,
    }
}
