//! A section of the configuration as it is stored: what may hold credentials is encrypted.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Map, Value};

use super::{ENVIRONMENT, setting};
use crate::ask::Ask;
use crate::edit::Edit;
use crate::models::{opened, sealed};
use crate::refusal::Refusal;

/// A section, opened.
pub(super) struct Section {
    name: String,
    before: Option<Entity>,
    values: Map<String, Value>,
}

/// The member of the stored settings that is encrypted.
const SEALED: &str = "sealed";

// === impl Section ===

impl Section {
    /// The section of that name; an empty one where nothing is stored.
    pub(super) async fn find(ask: &Ask<'_>, name: &str) -> Result<Self, Refusal> {
        let before = ask.find(EntityKind::Config, name).await?;
        let mut values = Map::new();
        if let Some(entity) = &before {
            values.clone_from(&entity.settings);
            if values.shift_remove(SEALED).is_some() {
                values.extend(opened(ask, entity)?);
            }
        }
        Ok(Self {
            name: name.to_owned(),
            before,
            values,
        })
    }

    /// What is stored under a name.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Everything that is stored.
    pub(super) fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Stores a value; null gives back what is configured.
    pub(super) fn set(&mut self, name: String, value: Value) {
        if value.is_null() {
            self.values.shift_remove(&name);
        } else {
            self.values.insert(name, value);
        }
    }

    /// Makes the change part of an edit.
    pub(super) fn put(&self, ask: &Ask<'_>, edit: &mut Edit<'_>) -> Result<(), Refusal> {
        let id = EntityId::new(EntityKind::Config, self.name.as_str());
        let mut after = match &self.before {
            Some(before) => before.clone(),
            None => edit.draft(id),
        };
        let (secret, plain): (Map<_, _>, Map<_, _>) = self
            .values
            .clone()
            .into_iter()
            .partition(|(name, _)| self.is_secret(name));
        after.settings = plain;
        if !secret.is_empty() {
            sealed(ask, &mut after, &secret)?;
        }
        match &self.before {
            Some(before) => {
                edit.update("updated", before, after);
            }
            None => edit.insert(after),
        }
        Ok(())
    }

    fn is_secret(&self, name: &str) -> bool {
        self.name == ENVIRONMENT
            || setting(Some(&self.name), name).is_some_and(|setting| setting.is_secret)
    }
}
