//! A store in memory that does what the traits say, and can be told to be away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    Activity, ActivityQuery, AuditDraft, AuditEntry, AuditQuery, Change, EntityQuery, EntityStore,
    EntryQuery, Page, Put, Spend, SpendStore, StoreError, StoreFuture, Written,
};
use lockgate_import::{SealError, Sealer, Target};
use serde_json::{Map, Value};

#[derive(Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entities: BTreeMap<EntityId, Entity>,
    audit: Vec<AuditDraft>,
    spend: BTreeMap<(EntityId, String, i64), Nanodollars>,
    entries: BTreeMap<String, LedgerEntry>,
    changes: usize,
    /// Changes beyond so many fail.
    most_changes: Option<usize>,
}

/// Seals with a counter in front, so that two sealed texts never are the same.
#[derive(Default)]
pub(crate) struct Wax(Mutex<u64>);

impl Memory {
    pub(crate) fn target<'a>(&'a self, sealer: &'a Wax) -> Target<'a> {
        Target {
            entities: self,
            spend: self,
            sealer,
        }
    }

    pub(crate) fn get(&self, kind: EntityKind, id: &str) -> Option<Entity> {
        self.state
            .lock()
            .unwrap()
            .entities
            .get(&EntityId::new(kind, id))
            .cloned()
    }

    pub(crate) fn everything(&self) -> Vec<Entity> {
        self.state
            .lock()
            .unwrap()
            .entities
            .values()
            .cloned()
            .collect()
    }

    pub(crate) fn spends(&self) -> BTreeMap<(EntityId, String, i64), Nanodollars> {
        self.state.lock().unwrap().spend.clone()
    }

    pub(crate) fn ledger(&self) -> Vec<LedgerEntry> {
        self.state
            .lock()
            .unwrap()
            .entries
            .values()
            .cloned()
            .collect()
    }

    pub(crate) fn audit_log(&self) -> Vec<AuditDraft> {
        self.state.lock().unwrap().audit.clone()
    }

    /// Puts something in that was never imported.
    pub(crate) fn insert(&self, entity: Entity) {
        self.state
            .lock()
            .unwrap()
            .entities
            .insert(entity.id(), entity);
    }

    /// Takes `most` more changes.
    pub(crate) fn go_away_after(&self, most: Option<usize>) {
        let mut state = self.state.lock().unwrap();
        state.most_changes = most.map(|most| state.changes + most);
    }

    /// A change that somebody makes through the management API.
    pub(crate) fn administer(&self, id: &EntityId, edit: Option<impl FnOnce(&mut Entity)>) {
        let mut state = self.state.lock().unwrap();
        match edit {
            Some(edit) => edit(state.entities.get_mut(id).unwrap()),
            None => drop(state.entities.remove(id).unwrap()),
        }
        state.audit.push(AuditDraft {
            at: 0,
            actor: "an admin".to_owned(),
            actor_key: None,
            address: None,
            action: "updated".to_owned(),
            entity: id.clone(),
            before: None,
            after: None,
        });
    }
}

impl State {
    fn apply(&mut self, change: &Change) -> Result<(), StoreError> {
        if self.most_changes.is_some_and(|most| self.changes >= most) {
            return Err(StoreError::Away("pulled the plug".to_owned()));
        }
        let mut after = self.entities.clone();
        for put in &change.puts {
            let (Put::Insert(entity) | Put::Upsert(entity) | Put::Update { entity, .. }) = put;
            let there = after.get(&entity.id());
            match put {
                Put::Insert(_) if there.is_some() => return Err(StoreError::Exists),
                Put::Update { read_at, .. }
                    if there.map(|one| one.updated_at) != Some(*read_at) =>
                {
                    return Err(StoreError::Changed);
                }
                _ => {}
            }
            let taken = after.values().any(|one| {
                one.kind == entity.kind
                    && one.id != entity.id
                    && one.unique_name.is_some()
                    && one.unique_name == entity.unique_name
            });
            if taken {
                return Err(StoreError::NameTaken);
            }
            after.insert(entity.id(), entity.clone());
        }
        for id in &change.removals {
            after.remove(id);
        }
        self.entities = after;
        self.audit.extend(change.audit.iter().cloned());
        self.changes += 1;
        Ok(())
    }
}

fn done<'a, T: Send + 'a>(value: T) -> StoreFuture<'a, T> {
    Box::pin(async move { Ok(value) })
}

fn refused<'a, T: Send + 'a>() -> StoreFuture<'a, T> {
    Box::pin(async {
        Err(StoreError::Refused(
            "an import has no need of it".to_owned(),
        ))
    })
}

fn page<T>(rows: Vec<T>, offset: u64, size: u32) -> Page<T> {
    let total = rows.len() as u64;
    let skipped = usize::try_from(offset).unwrap();
    let rows = rows.into_iter().skip(skipped).take(size as usize).collect();
    Page { rows, total }
}

impl EntityStore for Memory {
    fn entity<'a>(&'a self, id: &'a EntityId) -> StoreFuture<'a, Option<Entity>> {
        done(self.get(id.kind, &id.id))
    }

    fn those<'a>(&'a self, ids: &'a [EntityId]) -> StoreFuture<'a, Vec<Entity>> {
        let state = self.state.lock().unwrap();
        done(
            ids.iter()
                .filter_map(|id| state.entities.get(id).cloned())
                .collect(),
        )
    }

    fn entities<'a>(&'a self, query: &'a EntityQuery) -> StoreFuture<'a, Page<Entity>> {
        let mut rows = self.everything();
        rows.retain(|one| {
            let named = query.unique_name.is_none() || one.unique_name == query.unique_name;
            one.kind == query.kind && named
        });
        done(page(rows, query.paging.offset, query.paging.size))
    }

    fn change<'a>(&'a self, change: &'a Change) -> StoreFuture<'a, ()> {
        let outcome = self.state.lock().unwrap().apply(change);
        Box::pin(async { outcome })
    }

    fn changed_since(&self, _: i64) -> StoreFuture<'_, (Vec<EntityId>, i64)> {
        refused()
    }

    fn audit<'a>(&'a self, query: &'a AuditQuery) -> StoreFuture<'a, Page<AuditEntry>> {
        let mut log = self.audit_log();
        log.retain(|one| {
            query.entity.as_ref().is_none_or(|id| *id == one.entity)
                && query.actor.as_ref().is_none_or(|actor| *actor == one.actor)
        });
        let entries = log
            .into_iter()
            .enumerate()
            .rev()
            .map(|(place, said)| AuditEntry {
                sequence: i64::try_from(place).unwrap(),
                said,
                hash: String::new(),
            });
        done(page(
            entries.collect(),
            query.paging.offset,
            query.paging.size,
        ))
    }
}

impl SpendStore for Memory {
    fn write<'a>(&'a self, _: &'a Arc<[LedgerEntry]>) -> StoreFuture<'a, Written> {
        refused()
    }

    fn all_spend<'a>(&'a self, _: Option<&'a Spend>, _: u32) -> StoreFuture<'a, Vec<Spend>> {
        refused()
    }

    fn spend<'a>(&'a self, of: &'a [EntityId]) -> StoreFuture<'a, Vec<Spend>> {
        let rows = self.spends().into_iter();
        done(
            rows.filter(|((id, ..), _)| of.contains(id))
                .map(|((of, window, start), amount)| Spend {
                    of,
                    window,
                    start,
                    amount,
                })
                .collect(),
        )
    }

    fn set_spend<'a>(&'a self, of: &'a EntityId, amount: Nanodollars) -> StoreFuture<'a, ()> {
        let key = (of.clone(), String::new(), 0);
        self.state.lock().unwrap().spend.insert(key, amount);
        done(())
    }

    fn set_window<'a>(&'a self, spend: &'a Spend) -> StoreFuture<'a, ()> {
        let key = (spend.of.clone(), spend.window.clone(), spend.start);
        self.state.lock().unwrap().spend.insert(key, spend.amount);
        done(())
    }

    fn write_past<'a>(&'a self, entries: &'a [LedgerEntry]) -> StoreFuture<'a, Written> {
        let mut state = self.state.lock().unwrap();
        let before = state.entries.len();
        for entry in entries {
            state
                .entries
                .entry(entry.id.clone())
                .or_insert_with(|| entry.clone());
        }
        let new = (state.entries.len() - before) as u64;
        done(Written { new })
    }

    fn entries<'a>(&'a self, _: &'a EntryQuery) -> StoreFuture<'a, Page<LedgerEntry>> {
        refused()
    }

    fn activity<'a>(&'a self, _: &'a ActivityQuery) -> StoreFuture<'a, Vec<Activity>> {
        refused()
    }

    fn forget(&self, _: i64, _: u32) -> StoreFuture<'_, u64> {
        refused()
    }
}

impl Sealer for Wax {
    fn seal(&self, of: &EntityId, values: &Map<String, Value>) -> Result<String, SealError> {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        let values = serde_json::to_string(values).unwrap();
        Ok(format!("sealed {count} for {}: {values}", of.id))
    }

    fn open(&self, of: &EntityId, sealed: &str) -> Option<Map<String, Value>> {
        let (_, values) = sealed.split_once(&format!(" for {}: ", of.id))?;
        serde_json::from_str(values).ok()
    }
}
