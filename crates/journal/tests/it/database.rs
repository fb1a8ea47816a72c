//! A database in memory that fails when it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use lockgate_core::entity::EntityId;
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    Activity, ActivityQuery, EntryQuery, Page, Spend, SpendStore, StoreError, StoreFuture, Written,
};

/// What the database does when it is given a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Writes it.
    Well,
    /// Cannot be reached.
    Away,
    /// Writes it, and is gone before it can say so.
    Mute,
    /// Refuses anything.
    Broken,
    /// Never answers.
    Asleep,
}

/// Keeps entries by their id.
pub(crate) struct Database(Mutex<State>);

struct State {
    mood: Mood,
    /// Moods for the next batches; after them, `mood`.
    moods: Vec<Mood>,
    /// Ids that it cannot take.
    poison: Vec<String>,
    written: HashMap<String, LedgerEntry>,
    batches: Vec<usize>,
}

// === impl Database ===

impl Database {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            mood: Mood::Well,
            moods: Vec::new(),
            poison: Vec::new(),
            written: HashMap::new(),
            batches: Vec::new(),
        })))
    }

    pub(crate) fn is(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// The moods of the next batches, the last one first.
    pub(crate) fn will_be(&self, moods: Vec<Mood>) {
        self.state().moods = moods;
    }

    pub(crate) fn cannot_take(&self, ids: &[&str]) {
        self.state().poison = ids.iter().map(|&id| id.to_owned()).collect();
    }

    /// The ids that it has, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.state().written.keys().cloned().collect();
        ids.sort();
        ids
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.state().written.contains_key(id)
    }

    pub(crate) fn entry(&self, id: &str) -> LedgerEntry {
        self.state().written[id].clone()
    }

    /// The sizes of the batches that it was given.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.state().batches.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn take(&self, entries: &[LedgerEntry]) -> Result<Written, StoreError> {
        let mut state = self.state();
        state.batches.push(entries.len());
        let mood = state.moods.pop().unwrap_or(state.mood);
        match mood {
            Mood::Away | Mood::Asleep => return Err(StoreError::Away("it is down".to_owned())),
            Mood::Broken => return Err(StoreError::Refused("no such table".to_owned())),
            Mood::Well | Mood::Mute => {}
        }
        if entries.iter().any(|e| state.poison.contains(&e.id)) {
            return Err(StoreError::Refused("a row is bad".to_owned()));
        }
        let before = state.written.len();
        for entry in entries {
            state
                .written
                .entry(entry.id.clone())
                .or_insert_with(|| entry.clone());
        }
        if mood == Mood::Mute {
            return Err(StoreError::Away("the connection broke".to_owned()));
        }
        let new = (state.written.len() - before) as u64;
        Ok(Written { new })
    }
}

fn not_asked_for<'a, T: Send + 'a>() -> StoreFuture<'a, T> {
    Box::pin(async { Err(StoreError::Refused("nobody asks for this here".to_owned())) })
}

impl SpendStore for Database {
    fn write<'a>(&'a self, entries: &'a Arc<[LedgerEntry]>) -> StoreFuture<'a, Written> {
        Box::pin(async move {
            if self.state().mood == Mood::Asleep {
                std::future::pending::<()>().await;
            }
            self.take(entries)
        })
    }

    fn all_spend<'a>(&'a self, _: Option<&'a Spend>, _: u32) -> StoreFuture<'a, Vec<Spend>> {
        not_asked_for()
    }

    fn spend<'a>(&'a self, _: &'a [EntityId]) -> StoreFuture<'a, Vec<Spend>> {
        not_asked_for()
    }

    fn set_spend<'a>(&'a self, _: &'a EntityId, _: Nanodollars) -> StoreFuture<'a, ()> {
        not_asked_for()
    }

    fn entries<'a>(&'a self, _: &'a EntryQuery) -> StoreFuture<'a, Page<LedgerEntry>> {
        not_asked_for()
    }

    fn activity<'a>(&'a self, _: &'a ActivityQuery) -> StoreFuture<'a, Vec<Activity>> {
        not_asked_for()
    }

    fn forget(&self, _: i64, _: u32) -> StoreFuture<'_, u64> {
        not_asked_for()
    }
}
