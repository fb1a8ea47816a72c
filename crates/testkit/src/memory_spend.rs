//! Spend in memory: what the management API is tested on.

mod sums;

use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockgate_core::entity::EntityId;
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    Activity, ActivityQuery, EntryQuery, EntrySort, Page, Seer, Spend, SpendStore, Spender,
    StatusCount, StatusQuery, StoreFuture, Written,
};

/// Remembers finished requests and what was spent. Sums are made of the requests when they are
/// asked for.
#[derive(Debug, Default)]
pub struct MemorySpend {
    spend: Mutex<Vec<Spend>>,
    entries: Mutex<Vec<LedgerEntry>>,
}

impl MemorySpend {
    fn rows(&self) -> MutexGuard<'_, Vec<Spend>> {
        self.spend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> MutexGuard<'_, Vec<LedgerEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another one with the same in it.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            spend: Mutex::new(self.rows().clone()),
            entries: Mutex::new(self.ledger().clone()),
        }
    }

    fn charge(&self, entry: &LedgerEntry) {
        let mut all = self.rows();
        for charge in &entry.charges {
            let windows = charge.windows.iter();
            let windows = windows.map(|window| (window.name.clone(), window.start));
            for (window, start) in std::iter::once((String::new(), 0)).chain(windows) {
                let of = EntityId::new(charge.kind, &charge.id);
                let found = all
                    .iter_mut()
                    .find(|row| (&row.of, &row.window, row.start) == (&of, &window, start));
                match found {
                    Some(row) => row.amount += entry.cost,
                    None => all.push(Spend {
                        of,
                        window,
                        start,
                        amount: entry.cost,
                    }),
                }
            }
        }
    }
}

impl SpendStore for MemorySpend {
    fn write<'a>(&'a self, entries: &'a Arc<[LedgerEntry]>) -> StoreFuture<'a, Written> {
        let mut new = 0;
        for entry in entries.iter() {
            if !self.ledger().iter().any(|known| known.id == entry.id) {
                self.charge(entry);
                self.ledger().push(entry.clone());
                new += 1;
            }
        }
        Box::pin(ready(Ok(Written { new })))
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

    fn lower_spend<'a>(
        &'a self,
        of: Spender<'a>,
        most: Nanodollars,
    ) -> StoreFuture<'a, Vec<Spend>> {
        let mut taken = Vec::new();
        for row in self.rows().iter_mut().filter(|row| row.amount > most) {
            let concerned = match of {
                Spender::One(id) => row.of == *id,
                Spender::All(kind) => row.of.kind == kind,
            };
            if concerned {
                let amount = row.amount - most;
                row.amount = most;
                taken.push(Spend {
                    amount,
                    ..row.clone()
                });
            }
        }
        Box::pin(ready(Ok(taken)))
    }

    fn entries<'a>(&'a self, query: &'a EntryQuery) -> StoreFuture<'a, Page<LedgerEntry>> {
        let ledger = self.ledger();
        let mut found: Vec<LedgerEntry> = ledger
            .iter()
            .filter(|entry| is_meant(entry, query))
            .cloned()
            .collect();
        found.sort_by_key(|entry| (sorted_by(entry, query.order.by), entry.started_at));
        if query.order.descending {
            found.reverse();
        }
        let total = found.len() as u64;
        let offset = usize::try_from(query.paging.offset).unwrap_or(usize::MAX);
        let rows = found.into_iter().skip(offset);
        let rows = rows.take(query.paging.size as usize).collect();
        Box::pin(ready(Ok(Page { rows, total })))
    }

    fn statuses<'a>(&'a self, query: &'a StatusQuery) -> StoreFuture<'a, Vec<StatusCount>> {
        Box::pin(ready(Ok(sums::statuses(&self.ledger(), query))))
    }

    fn activity<'a>(&'a self, query: &'a ActivityQuery) -> StoreFuture<'a, Vec<Activity>> {
        Box::pin(ready(Ok(sums::activity(&self.ledger(), query))))
    }

    fn forget(&self, _: i64, _: u32) -> StoreFuture<'_, u64> {
        Box::pin(ready(Ok(0)))
    }
}

fn is_meant(entry: &LedgerEntry, query: &EntryQuery) -> bool {
    let equal = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
    let part = |wanted: &Option<String>, is: &Option<String>| match (wanted, is) {
        (None, _) => true,
        (Some(part), Some(whole)) => whole.contains(part.as_str()),
        (Some(_), None) => false,
    };
    let group = Some(entry.model_group.clone());
    let failed = entry.status >= 400;
    let ids = [&entry.id, &entry.call_id];
    let by_id = query
        .request_id
        .as_ref()
        .is_none_or(|wanted| ids.contains(&wanted) || entry.response_id.as_ref() == Some(wanted));
    by_id
        && equal(&query.key_id, &entry.key_id)
        && equal(&query.user_id, &entry.user_id)
        && equal(&query.team_id, &entry.team_id)
        && equal(&query.organization_id, &entry.organization_id)
        && equal(&query.customer_id, &entry.customer_id)
        && equal(&query.session_id, &entry.session_id)
        && equal(&query.model_group, &group)
        && equal(&query.model, &entry.model)
        && equal(&query.deployment_id, &entry.deployment_id)
        && part(&query.key_alias, &entry.key_alias)
        && part(&query.error, &entry.error)
        && query
            .tag
            .as_ref()
            .is_none_or(|tag| entry.tags.contains(tag))
        && query.failed.is_none_or(|wanted| wanted == failed)
        && query.status.is_none_or(|wanted| wanted == entry.status)
        && query.cache_hit.is_none_or(|hit| hit == entry.cache_hit)
        && query.from.is_none_or(|from| entry.started_at >= from)
        && query.until.is_none_or(|until| entry.started_at < until)
        && query.least.is_none_or(|least| entry.cost >= least)
        && query.most.is_none_or(|most| entry.cost <= most)
        && query.seen_by.as_ref().is_none_or(|seer| sees(seer, entry))
}

fn sees(seer: &Seer, entry: &LedgerEntry) -> bool {
    let same = |own: &Option<String>, is: &Option<String>| own.is_some() && own == is;
    let among =
        |own: &[String], is: &Option<String>| is.as_ref().is_some_and(|id| own.contains(id));
    same(&seer.user_id, &entry.user_id)
        || same(&seer.key_id, &entry.key_id)
        || among(&seer.teams, &entry.team_id)
        || among(&seer.organizations, &entry.organization_id)
}

fn sorted_by(entry: &LedgerEntry, by: EntrySort) -> (i64, String) {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    match by {
        EntrySort::Started => (entry.started_at, String::new()),
        EntrySort::Ended => (entry.ended_at, String::new()),
        EntrySort::Duration => (entry.ended_at - entry.started_at, String::new()),
        EntrySort::FirstToken => (count(entry.first_token_us.unwrap_or(0)), String::new()),
        EntrySort::Cost => (entry.cost.get(), String::new()),
        EntrySort::Tokens => (count(entry.tokens.total()), String::new()),
        EntrySort::Model => (0, entry.model.clone().unwrap_or_default()),
    }
}
