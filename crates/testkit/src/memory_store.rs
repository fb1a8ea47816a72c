//! A store in memory: what the management API is tested on.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{
    AuditEntry, AuditQuery, Change, EntityQuery, EntityStore, Page, Paging, Put, Sort, StoreError,
    StoreFuture,
};

/// Keeps entities as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Kept>);

#[derive(Debug, Default, Clone)]
struct Kept {
    entities: BTreeMap<EntityId, Entity>,
    changes: Vec<EntityId>,
    audit: Vec<AuditEntry>,
}

// === impl MemoryStore ===

impl MemoryStore {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for MemoryStore {
    /// Another store with the same in it.
    fn clone(&self) -> Self {
        Self(Mutex::new(self.kept().clone()))
    }
}

impl EntityStore for MemoryStore {
    fn entity<'a>(&'a self, id: &'a EntityId) -> StoreFuture<'a, Option<Entity>> {
        let found = self.kept().entities.get(id).cloned();
        Box::pin(ready(Ok(found)))
    }

    fn those<'a>(&'a self, ids: &'a [EntityId]) -> StoreFuture<'a, Vec<Entity>> {
        let kept = self.kept();
        let found = kept.entities.values().filter(|e| ids.contains(&e.id()));
        Box::pin(ready(Ok(found.cloned().collect())))
    }

    fn entities<'a>(&'a self, query: &'a EntityQuery) -> StoreFuture<'a, Page<Entity>> {
        let kept = self.kept();
        let found = kept
            .entities
            .values()
            .filter(|entity| matches(query, entity));
        let mut rows: Vec<Entity> = found.cloned().collect();
        rows.sort_by(|a, b| {
            let order = compare(query.order.by, a, b);
            let order = if query.order.descending {
                order.reverse()
            } else {
                order
            };
            order.then_with(|| a.id.cmp(&b.id))
        });
        Box::pin(ready(Ok(page(rows, query.paging))))
    }

    fn change<'a>(&'a self, change: &'a Change) -> StoreFuture<'a, ()> {
        let mut kept = self.kept();
        let mut next = kept.clone();
        let done = next.apply(change);
        if done.is_ok() {
            *kept = next;
        }
        Box::pin(ready(done))
    }

    fn changed_since(&self, sequence: i64) -> StoreFuture<'_, (Vec<EntityId>, i64)> {
        let kept = self.kept();
        let now = i64::try_from(kept.changes.len()).unwrap_or(i64::MAX);
        let seen = usize::try_from(sequence).unwrap_or(kept.changes.len());
        let changed = kept.changes.get(seen..).unwrap_or_default().to_vec();
        Box::pin(ready(Ok((changed, now))))
    }

    fn audit<'a>(&'a self, query: &'a AuditQuery) -> StoreFuture<'a, Page<AuditEntry>> {
        let kept = self.kept();
        let wanted = |entry: &&AuditEntry| {
            let said = &entry.said;
            query.entity.as_ref().is_none_or(|id| *id == said.entity)
                && query.kind.is_none_or(|kind| kind == said.entity.kind)
                && query
                    .actor
                    .as_ref()
                    .is_none_or(|actor| *actor == said.actor)
                && query
                    .action
                    .as_ref()
                    .is_none_or(|action| *action == said.action)
                && query.from.is_none_or(|from| said.at >= from)
                && query.until.is_none_or(|until| said.at < until)
        };
        let rows = kept.audit.iter().rev().filter(wanted).cloned().collect();
        Box::pin(ready(Ok(page(rows, query.paging))))
    }
}

fn page<T>(rows: Vec<T>, paging: Paging) -> Page<T> {
    let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let offset = usize::try_from(paging.offset).unwrap_or(usize::MAX);
    let size = usize::try_from(paging.size).unwrap_or(usize::MAX);
    Page {
        rows: rows.into_iter().skip(offset).take(size).collect(),
        total,
    }
}

fn matches(query: &EntityQuery, entity: &Entity) -> bool {
    let same = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
    let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let in_name = |part: &String| {
        let name = entity.unique_name.as_deref().unwrap_or_default();
        holds(&entity.id, part) || holds(name, part)
    };
    let visible = if query.or_teams.is_empty() {
        same(&query.user_id, &entity.user_id)
    } else {
        let of_team = entity
            .team_id
            .as_ref()
            .is_some_and(|id| query.or_teams.contains(id));
        of_team || (query.user_id.is_some() && query.user_id == entity.user_id)
    };
    visible
        && entity.kind == query.kind
        && query
            .ids
            .as_ref()
            .is_none_or(|ids| ids.contains(&entity.id))
        && same(&query.unique_name, &entity.unique_name)
        && query.search.as_ref().is_none_or(in_name)
        && same(&query.team_id, &entity.team_id)
        && same(&query.organization_id, &entity.organization_id)
        && same(&query.created_by, &entity.created_by)
}

fn compare(by: Sort, a: &Entity, b: &Entity) -> Ordering {
    match by {
        // Nothing is spent here.
        Sort::Id | Sort::Spend => a.id.cmp(&b.id),
        Sort::Name => a.unique_name.cmp(&b.unique_name),
        Sort::Created => a.created_at.cmp(&b.created_at),
        Sort::Updated => a.updated_at.cmp(&b.updated_at),
        Sort::Expires => a.expires_at.cmp(&b.expires_at),
    }
}

// === impl Kept ===

impl Kept {
    fn apply(&mut self, change: &Change) -> Result<(), StoreError> {
        for id in &change.removals {
            self.entities.remove(id);
            self.changes.push(id.clone());
        }
        for put in &change.puts {
            self.put(put)?;
        }
        for said in &change.audit {
            self.audit.push(AuditEntry {
                sequence: i64::try_from(self.audit.len()).unwrap_or(i64::MAX) + 1,
                said: said.clone(),
                hash: String::new(),
            });
        }
        Ok(())
    }

    fn put(&mut self, put: &Put) -> Result<(), StoreError> {
        let (Put::Insert(entity) | Put::Update { entity, .. } | Put::Upsert(entity)) = put;
        let id = entity.id();
        let there = self.entities.get(&id).map(|entity| entity.updated_at);
        match (put, there) {
            (Put::Insert(_), Some(_)) => return Err(StoreError::Exists),
            (Put::Update { read_at, .. }, there) if there != Some(*read_at) => {
                return Err(StoreError::Changed);
            }
            _ => {}
        }
        let taken = |other: &Entity| {
            other.kind == entity.kind
                && other.id != entity.id
                && other.unique_name == entity.unique_name
        };
        if entity.unique_name.is_some() && self.entities.values().any(taken) {
            return Err(StoreError::NameTaken);
        }
        self.entities.insert(id.clone(), entity.clone());
        self.changes.push(id);
        Ok(())
    }
}
