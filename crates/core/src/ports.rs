//! What the gateway needs of a database, as traits: the engine and the management API know these,
//! and `store` implements them.

mod entities;
mod leases;
mod ledger;
mod spend;

use std::pin::Pin;

pub use self::entities::{
    AuditDraft, AuditEntry, AuditQuery, Change, EntityQuery, EntityStore, Order, Put, Sort,
};
pub use self::leases::{LeaseAsk, LeaseGrant, LeaseStore, Shared};
pub use self::ledger::Ledger;
pub use self::spend::{
    Activity, ActivityQuery, Dimension, EntryOrder, EntryQuery, EntrySort, Seer, Spend, SpendStore,
    Spender, StatusCount, StatusQuery, Totals, Written,
};

/// What a store promises.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why a store did not do what it was asked for. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// An entity of that kind and id is there already.
    #[error("it is there already")]
    Exists,
    /// Another entity of its kind has that unique name.
    #[error("another one has that name")]
    NameTaken,
    /// Somebody else changed or removed it meanwhile.
    #[error("somebody else changed it meanwhile")]
    Changed,
    /// The database cannot be reached, or is too busy; later it may work.
    #[error("the database is away: {0}")]
    Away(String),
    /// The database refused what it should not.
    #[error("the database refused: {0}")]
    Refused(String),
}

/// Some rows of many.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Those asked for.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// Which rows of many: `size` of them behind the first `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// How many come before.
    pub offset: u64,
    /// How many at most.
    pub size: u32,
}

// === impl Paging ===

impl Paging {
    /// Page `page`, counted from 1, of pages of `size` rows.
    #[must_use]
    pub fn page(page: u32, size: u32) -> Self {
        Self {
            offset: u64::from(page.saturating_sub(1)) * u64::from(size),
            size,
        }
    }
}
