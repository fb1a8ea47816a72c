//! Keys that are replaced when they are old: `auto_rotate` and `rotation_interval`.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{Change, EntityQuery, Paging, Put, StoreError};
use serde_json::{Value, json};

use crate::admin::{Admin, AdminRequest};
use crate::caller::Caller;
use crate::keys::rotation_at;
use crate::table::AdminRoute;

/// What came of a look at all keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Keys that were replaced.
    pub done: usize,
    /// Keys that should have been, and could not.
    pub failed: usize,
}

/// The entity by which replicas agree on who rotates.
const CLAIM: &str = "key_rotation";
/// For how long a replica that died keeps others from it, in microseconds.
const LEASE: i64 = 5 * 60 * 1_000_000;
/// Keys that are looked at together.
const PIECE: u32 = 500;

// === impl Admin ===

impl Admin {
    /// Replaces every key whose time has come, as `/key/regenerate` does, with the usual grace period.
    /// `None`: another replica is at it.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    pub async fn rotate_keys(&self) -> Result<Option<Rotated>, StoreError> {
        let Some(claim) = self.claim_rotation().await? else {
            return Ok(None);
        };
        let mut rotated = Rotated::default();
        let due = self.keys_to_rotate().await;
        for id in due.as_deref().unwrap_or_default() {
            match self.rotate(id).await {
                true => rotated.done += 1,
                false => rotated.failed += 1,
            }
        }
        // A claim that stays is over in a few minutes.
        let given_back = Change {
            removals: vec![claim],
            ..Change::default()
        };
        self.store.change(&given_back).await?;
        due.map(|_| Some(rotated))
    }

    /// Says in the store that this replica rotates; `None`: another one does.
    async fn claim_rotation(&self) -> Result<Option<EntityId>, StoreError> {
        let now = (self.clock)();
        let id = EntityId::new(EntityKind::Lease, CLAIM);
        let before = self.store.entity(&id).await?;
        let is_held = |claim: &Entity| claim.expires_at.is_some_and(|until| until > now);
        if before.as_ref().is_some_and(is_held) {
            return Ok(None);
        }
        let mut claim = Entity::new(id.clone(), now);
        claim.expires_at = Some(now + LEASE);
        let put = match before {
            None => Put::Insert(claim),
            Some(before) => {
                claim.updated_at = now.max(before.updated_at + 1);
                Put::Update {
                    entity: claim,
                    read_at: before.updated_at,
                }
            }
        };
        let change = Change {
            puts: vec![put],
            ..Change::default()
        };
        match self.store.change(&change).await {
            Ok(()) => Ok(Some(id)),
            Err(StoreError::Exists | StoreError::Changed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn keys_to_rotate(&self) -> Result<Vec<String>, StoreError> {
        let now = (self.clock)();
        let is_due = |key: &&Entity| {
            let is_open = key.expires_at.is_none_or(|at| at > now);
            let is_blocked = key.settings.get("blocked").and_then(Value::as_bool) == Some(true);
            is_open && !is_blocked && rotation_at(key).is_some_and(|at| at <= now)
        };
        let mut due = Vec::new();
        let mut query = EntityQuery::new(EntityKind::Key);
        query.paging = Paging {
            offset: 0,
            size: PIECE,
        };
        loop {
            let page = self.store.entities(&query).await?;
            due.extend(page.rows.iter().filter(is_due).map(|key| key.id.clone()));
            query.paging.offset += u64::from(PIECE);
            if query.paging.offset >= page.total {
                return Ok(due);
            }
        }
    }

    async fn rotate(&self, id: &str) -> bool {
        let request = AdminRequest {
            route: AdminRoute::KeyRegenerate,
            params: Vec::new(),
            query: String::new(),
            body: json!({ "key": id }).to_string().into_bytes(),
            caller: Caller::Gateway("key_rotation"),
            address: None,
            accepts_csv: false,
        };
        self.answer(request).await.status == 200
    }
}
