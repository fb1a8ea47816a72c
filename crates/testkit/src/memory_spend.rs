//! Spend in memory: what the management API is tested on.

use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockgate_core::entity::EntityId;
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    Activity, ActivityQuery, EntryQuery, Page, Spend, SpendStore, StoreFuture, Written,
};

/// Remembers what was spent as far as it was set; writes no ledger.
#[derive(Debug, Default)]
pub struct MemorySpend(Mutex<Vec<Spend>>);

impl MemorySpend {
    fn rows(&self) -> MutexGuard<'_, Vec<Spend>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpendStore for MemorySpend {
    fn write<'a>(&'a self, _: &'a Arc<[LedgerEntry]>) -> StoreFuture<'a, Written> {
        Box::pin(ready(Ok(Written::default())))
    }

    fn all_spend<'a>(&'a self, _: Option<&'a Spend>, _: u32) -> StoreFuture<'a, Vec<Spend>> {
        Box::pin(ready(Ok(self.rows().clone())))
    }

    fn spend<'a>(&'a self, of: &'a [EntityId]) -> StoreFuture<'a, Vec<Spend>> {
        let all = self.rows();
        let found = all.iter().filter(|row| of.contains(&row.of)).cloned();
        Box::pin(ready(Ok(found.collect())))
    }

    fn set_spend<'a>(&'a self, of: &'a EntityId, amount: Nanodollars) -> StoreFuture<'a, ()> {
        let mut all = self.rows();
        all.retain(|row| row.of != *of);
        all.push(Spend {
            of: of.clone(),
            window: String::new(),
            start: 0,
            amount,
        });
        Box::pin(ready(Ok(())))
    }

    fn entries<'a>(&'a self, _: &'a EntryQuery) -> StoreFuture<'a, Page<LedgerEntry>> {
        let nothing = Page {
            rows: Vec::new(),
            total: 0,
        };
        Box::pin(ready(Ok(nothing)))
    }

    fn activity<'a>(&'a self, _: &'a ActivityQuery) -> StoreFuture<'a, Vec<Activity>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn forget(&self, _: i64, _: u32) -> StoreFuture<'_, u64> {
        Box::pin(ready(Ok(0)))
    }
}
