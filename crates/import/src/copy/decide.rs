//! What is to become of one entity.

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{EntityQuery, Paging, StoreError};
use serde_json::Value;

use super::{Copier, audit_query};
use crate::convert::Draft;
use crate::target::{ACTOR, Target};

/// What is to become of one entity.
pub(super) enum Decision {
    /// It is not there.
    New,
    /// It is there, as an earlier import wrote it, and LiteLLM's changed since.
    Changed {
        /// Its `updated_at` when it was read.
        read_at: i64,
    },
    /// It is there, just so.
    Unchanged,
    /// It was changed or removed here since the last import.
    Kept,
    /// It cannot be copied.
    Failed(String),
}

impl Copier<'_> {
    pub(super) async fn decide(
        &self,
        draft: &mut Draft,
        existing: Option<Entity>,
    ) -> Result<Decision, StoreError> {
        let Some(target) = self.target else {
            return Ok(Decision::New);
        };
        // Some tables do not know when their rows were made: then it is when they came here.
        let entity = &mut draft.entity;
        if entity.created_at == 0 {
            entity.created_at = existing.as_ref().map_or(self.now, |there| there.created_at);
        }
        if entity.updated_at == 0 {
            entity.updated_at = existing.as_ref().map_or(self.now, |there| there.updated_at);
        }
        if let Err(why) = seal(draft, existing.as_ref(), target) {
            return Ok(Decision::Failed(why));
        }
        let id = draft.entity.id();
        let Some(existing) = existing else {
            let removed = !self.is_first && !self.overwrite && was_here(target, &id).await?;
            if removed {
                return Ok(Decision::Kept);
            }
            let taken = self.name_taken(target, &draft.entity).await?;
            return Ok(taken.map_or(Decision::New, Decision::Failed));
        };
        if existing == draft.entity {
            return Ok(Decision::Unchanged);
        }
        if !self.overwrite && !is_as_imported(target, &id).await? {
            return Ok(Decision::Kept);
        }
        if existing.unique_name != draft.entity.unique_name
            && let Some(why) = self.name_taken(target, &draft.entity).await?
        {
            return Ok(Decision::Failed(why));
        }
        Ok(Decision::Changed {
            read_at: existing.updated_at,
        })
    }

    /// Says so when another one here has the name of `entity`.
    async fn name_taken(
        &self,
        target: Target<'_>,
        entity: &Entity,
    ) -> Result<Option<String>, StoreError> {
        let Some(name) = &entity.unique_name else {
            return Ok(None);
        };
        let mut query = EntityQuery::new(entity.kind);
        query.unique_name = Some(name.clone());
        query.paging = Paging { offset: 0, size: 2 };
        let page = target.entities.entities(&query).await?;
        let other = page
            .rows
            .iter()
            .find(|one| one.id != entity.id && !self.gone.contains(&one.id()));
        Ok(other.map(|other| format!("another {} here has its name: {}", entity.kind, other.id)))
    }
}

/// Puts what is secret into the settings; as it is there already, if it did not change.
fn seal(draft: &mut Draft, existing: Option<&Entity>, target: Target<'_>) -> Result<(), String> {
    let id = draft.entity.id();
    for to_seal in &draft.to_seal {
        let there = existing.and_then(|existing| pointed(&existing.settings, &to_seal.pointer));
        let same =
            there.filter(|there| target.sealer.open(&id, there).as_ref() == Some(&to_seal.values));
        let sealed = match same {
            Some(there) => there.to_owned(),
            None => {
                let sealed = target.sealer.seal(&id, &to_seal.values);
                sealed.map_err(|error| error.to_string())?
            }
        };
        put(&mut draft.entity, &to_seal.pointer, sealed.into());
    }
    Ok(())
}

/// The text at `pointer`.
fn pointed<'s>(settings: &'s serde_json::Map<String, Value>, pointer: &str) -> Option<&'s str> {
    let (first, rest) = split(pointer);
    settings.get(first)?.pointer(rest)?.as_str()
}

/// Puts `value` at `pointer`, whose parent is there.
fn put(entity: &mut Entity, pointer: &str, value: Value) {
    let (first, rest) = split(pointer);
    if rest.is_empty() {
        entity.settings.insert(first.to_owned(), value);
    } else if let Some(place) = entity
        .settings
        .get_mut(first)
        .and_then(|member| member.pointer_mut(rest))
    {
        *place = value;
    }
}

fn split(pointer: &str) -> (&str, &str) {
    let path = pointer.strip_prefix('/').unwrap_or(pointer);
    let end = path.find('/').unwrap_or(path.len());
    path.split_at(end)
}

pub(super) async fn was_here(target: Target<'_>, id: &EntityId) -> Result<bool, StoreError> {
    let mut query = audit_query();
    query.entity = Some(id.clone());
    query.actor = Some(ACTOR.to_owned());
    Ok(!target.entities.audit(&query).await?.rows.is_empty())
}

/// Whether an import was the last to write it.
pub(super) async fn is_as_imported(target: Target<'_>, id: &EntityId) -> Result<bool, StoreError> {
    let mut query = audit_query();
    query.entity = Some(id.clone());
    let newest = target.entities.audit(&query).await?.rows;
    Ok(newest
        .first()
        .is_some_and(|entry| entry.said.actor == ACTOR))
}
