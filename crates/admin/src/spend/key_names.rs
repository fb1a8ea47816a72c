//! What reports tell of keys besides their ids.

use std::collections::{BTreeSet, HashMap};

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Value, json};

use crate::ask::{Ask, text};
use crate::refusal::Refusal;

/// Keys by their ids, those that were deleted too.
#[derive(Debug, Default)]
pub(super) struct KeyNames(HashMap<String, Entity>);

// === impl KeyNames ===

impl KeyNames {
    /// Those with these ids.
    pub(super) async fn of<'i>(
        ask: &Ask<'_>,
        ids: impl Iterator<Item = &'i str>,
    ) -> Result<Self, Refusal> {
        let ids: BTreeSet<&str> = ids.filter(|id| !id.is_empty()).collect();
        let mut names = HashMap::new();
        if ids.is_empty() {
            return Ok(Self(names));
        }
        for kind in [EntityKind::DeletedKey, EntityKind::Key] {
            let wanted: Vec<EntityId> = ids.iter().map(|id| EntityId::new(kind, *id)).collect();
            let found = ask.admin.store.those(&wanted).await?;
            names.extend(found.into_iter().map(|key| (key.id.clone(), key)));
        }
        Ok(Self(names))
    }

    /// The team of a key.
    pub(super) fn team(&self, id: &str) -> Option<&str> {
        self.0.get(id)?.team_id.as_deref()
    }

    /// Its alias.
    pub(super) fn alias(&self, id: &str) -> Option<&str> {
        self.0.get(id)?.unique_name.as_deref()
    }

    /// What of it may be shown: `sk-...abcd`.
    pub(super) fn shown(&self, id: &str) -> Option<&str> {
        text(&self.0.get(id)?.settings, "key_name")
    }

    /// LiteLLM's `KeyMetadata`.
    pub(super) fn metadata(&self, id: &str) -> Value {
        let key = self.0.get(id);
        json!({
            "key_alias": self.alias(id),
            "team_id": self.team(id),
            "user_id": key.and_then(|key| key.user_id.as_deref()),
            "user_email": null,
            "key_exists": key.is_some_and(|key| key.kind == EntityKind::Key),
        })
    }
}
