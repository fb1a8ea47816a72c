//! Entities in memory, for the tests of those who keep them in a store.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{
    AuditEntry, AuditQuery, Change, EntityQuery, EntityStore, Page, Paging, Put, Sort, StoreError,
    StoreFuture,
};
use sha2::{Digest as _, Sha256};

use crate::text::hex;

/// An [`EntityStore`] that forgets everything when it is dropped. Nothing was spent in it.
#[derive(Debug, Default)]
pub struct MemoryEntities(Mutex<State>);

#[derive(Debug, Clone, Default)]
struct State {
    entities: BTreeMap<EntityId, Entity>,
    changes: BTreeMap<EntityId, i64>,
    sequence: i64,
    audit: Vec<AuditEntry>,
}

// === impl MemoryEntities ===

impl EntityStore for MemoryEntities {
    fn entity<'a>(&'a self, id: &'a EntityId) -> StoreFuture<'a, Option<Entity>> {
        let found = self.with(|state| state.entities.get(id).cloned());
        Box::pin(std::future::ready(Ok(found)))
    }

    fn those<'a>(&'a self, ids: &'a [EntityId]) -> StoreFuture<'a, Vec<Entity>> {
        let found = self.with(|state| {
            let found = ids.iter().filter_map(|id| state.entities.get(id).cloned());
            found.collect()
        });
        Box::pin(std::future::ready(Ok(found)))
    }

    fn entities<'a>(&'a self, query: &'a EntityQuery) -> StoreFuture<'a, Page<Entity>> {
        let page = self.with(|state| state.page(query));
        Box::pin(std::future::ready(Ok(page)))
    }

    fn change<'a>(&'a self, change: &'a Change) -> StoreFuture<'a, ()> {
        let done = self.with(|state| {
            let mut next = state.clone();
            next.apply(change)?;
            *state = next;
            Ok(())
        });
        Box::pin(std::future::ready(done))
    }

    fn changed_since(&self, sequence: i64) -> StoreFuture<'_, (Vec<EntityId>, i64)> {
        let changed = self.with(|state| {
            let behind = state.changes.iter();
            let behind = behind.filter(|(_, at)| sequence >= 0 && **at > sequence);
            (behind.map(|(id, _)| id.clone()).collect(), state.sequence)
        });
        Box::pin(std::future::ready(Ok(changed)))
    }

    fn audit<'a>(&'a self, query: &'a AuditQuery) -> StoreFuture<'a, Page<AuditEntry>> {
        let page = self.with(|state| {
            let found = state
                .audit
                .iter()
                .rev()
                .filter(|entry| is_asked(query, entry));
            paged(found.cloned().collect(), query.paging)
        });
        Box::pin(std::future::ready(Ok(page)))
    }
}

impl MemoryEntities {
    fn with<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

// === impl State ===

impl State {
    fn page(&self, query: &EntityQuery) -> Page<Entity> {
        let found = self
            .entities
            .values()
            .filter(|entity| is_wanted(query, entity));
        let mut found: Vec<Entity> = found.cloned().collect();
        let by = query.order.by;
        found.sort_by(|a, b| {
            let order = match by {
                Sort::Id | Sort::Spend => a.id.cmp(&b.id),
                Sort::Name => a.unique_name.cmp(&b.unique_name),
                Sort::Created => a.created_at.cmp(&b.created_at),
                Sort::Updated => a.updated_at.cmp(&b.updated_at),
                Sort::Expires => {
                    let end = |entity: &Entity| entity.expires_at.unwrap_or(i64::MAX);
                    end(a).cmp(&end(b))
                }
            };
            let is_reversed = query.order.descending && by != Sort::Spend;
            let order = if is_reversed { order.reverse() } else { order };
            order.then_with(|| a.id.cmp(&b.id))
        });
        paged(found, query.paging)
    }

    fn apply(&mut self, change: &Change) -> Result<(), StoreError> {
        for id in &change.removals {
            self.entities.remove(id);
            self.tell(id.clone());
        }
        for put in &change.puts {
            let (Put::Insert(entity) | Put::Upsert(entity) | Put::Update { entity, .. }) = put;
            let id = entity.id();
            let there = self.entities.get(&id);
            match put {
                Put::Insert(_) if there.is_some() => return Err(StoreError::Exists),
                Put::Update { read_at, .. }
                    if there.is_none_or(|there| there.updated_at != *read_at) =>
                {
                    return Err(StoreError::Changed);
                }
                _ => {}
            }
            let mut others = self
                .entities
                .values()
                .filter(|other| other.kind == entity.kind);
            let is_taken = entity.unique_name.is_some()
                && others.any(|o| o.id != entity.id && o.unique_name == entity.unique_name);
            if is_taken {
                return Err(StoreError::NameTaken);
            }
            self.entities.insert(id.clone(), entity.clone());
            self.tell(id);
        }
        for draft in &change.audit {
            let before = self.audit.last().map_or("", |entry| entry.hash.as_str());
            let hash = hex(&Sha256::digest(format!("{before}{draft:?}")));
            self.audit.push(AuditEntry {
                sequence: i64::try_from(self.audit.len()).unwrap_or(i64::MAX) + 1,
                said: draft.clone(),
                hash,
            });
        }
        Ok(())
    }

    fn tell(&mut self, id: EntityId) {
        self.sequence += 1;
        self.changes.insert(id, self.sequence);
    }
}

fn is_wanted(query: &EntityQuery, entity: &Entity) -> bool {
    let is = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
    let contains = |text: &String| {
        let text = text.to_lowercase();
        let name = entity.unique_name.as_deref().unwrap_or_default();
        entity.id.to_lowercase().contains(&text) || name.to_lowercase().contains(&text)
    };
    let belongs = if query.or_teams.is_empty() {
        is(&query.user_id, &entity.user_id)
    } else {
        let is_user = query.user_id.is_some() && query.user_id == entity.user_id;
        let is_team = |team: &String| query.or_teams.contains(team);
        is_user || entity.team_id.as_ref().is_some_and(is_team)
    };
    query.kind == entity.kind
        && query
            .ids
            .as_ref()
            .is_none_or(|ids| ids.contains(&entity.id))
        && is(&query.unique_name, &entity.unique_name)
        && query.search.as_ref().is_none_or(contains)
        && is(&query.team_id, &entity.team_id)
        && is(&query.organization_id, &entity.organization_id)
        && is(&query.created_by, &entity.created_by)
        && belongs
}

fn is_asked(query: &AuditQuery, entry: &AuditEntry) -> bool {
    let said = &entry.said;
    query
        .entity
        .as_ref()
        .is_none_or(|entity| *entity == said.entity)
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
}

fn paged<T>(all: Vec<T>, paging: Paging) -> Page<T> {
    let total = all.len() as u64;
    let offset = usize::try_from(paging.offset).unwrap_or(usize::MAX);
    let rows = all
        .into_iter()
        .skip(offset)
        .take(paging.size as usize)
        .collect();
    Page { rows, total }
}
