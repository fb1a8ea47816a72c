//! Where entities are kept, and every change of them.

use serde_json::{Map, Value};

use super::{Page, Paging, StoreFuture};
use crate::entity::{Entity, EntityId, EntityKind};

/// Keeps entities. Every change is one transaction, with what the audit log says about it.
pub trait EntityStore: Send + Sync {
    /// The entity `id`, if there is one.
    fn entity<'a>(&'a self, id: &'a EntityId) -> StoreFuture<'a, Option<Entity>>;

    /// Those of `ids` that there are, in no particular order.
    fn those<'a>(&'a self, ids: &'a [EntityId]) -> StoreFuture<'a, Vec<Entity>>;

    /// The entities that `query` asks for.
    fn entities<'a>(&'a self, query: &'a EntityQuery) -> StoreFuture<'a, Page<Entity>>;

    /// Does all of `change`, or nothing.
    fn change<'a>(&'a self, change: &'a Change) -> StoreFuture<'a, ()>;

    /// What was changed behind `sequence`, by whatever replica, and the sequence that this goes
    /// up to: ask again from there, there may be more. A negative `sequence` asks only where the
    /// sequence is now. An answer below what was asked for means that the database is not the
    /// same any more, such as a backup that was restored: read everything anew.
    fn changed_since(&self, sequence: i64) -> StoreFuture<'_, (Vec<EntityId>, i64)>;

    /// The audit log, the newest entry first.
    fn audit<'a>(&'a self, query: &'a AuditQuery) -> StoreFuture<'a, Page<AuditEntry>>;
}

/// Which entities, and in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityQuery {
    /// Their kind.
    pub kind: EntityKind,
    /// Only those of one of these ids.
    pub ids: Option<Vec<String>>,
    /// Only that with this unique name.
    pub unique_name: Option<String>,
    /// Only those whose id or unique name contains this, whatever its case.
    pub search: Option<String>,
    /// Only those of this team.
    pub team_id: Option<String>,
    /// Only those of one of these teams, or of `user_id`: all that a user may see.
    pub or_teams: Vec<String>,
    /// Only those of this user.
    pub user_id: Option<String>,
    /// Only those of this organization.
    pub organization_id: Option<String>,
    /// Only those that this user made.
    pub created_by: Option<String>,
    /// The order.
    pub order: Order,
    /// Which of them.
    pub paging: Paging,
}

/// The order of rows; rows that are equal in it are ordered by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: Sort,
    /// The highest first.
    pub descending: bool,
}

/// What entities are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Their id.
    Id,
    /// Their unique name.
    Name,
    /// When they were made.
    Created,
    /// When they were changed.
    Updated,
    /// When they stop to be valid.
    Expires,
    /// What was spent in all.
    Spend,
}

/// Changes that belong together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// What is new or different.
    pub puts: Vec<Put>,
    /// What goes, before anything is put: a name that becomes free may be taken in the same change.
    /// That something is not there is no error.
    pub removals: Vec<EntityId>,
    /// What the audit log says about it.
    pub audit: Vec<AuditDraft>,
}

/// One entity that is new or different.
#[derive(Debug, Clone, PartialEq)]
pub enum Put {
    /// It must not be there yet.
    Insert(Entity),
    /// It must be there, as it was when it was read.
    Update {
        /// How it is to be.
        entity: Entity,
        /// Its `updated_at` when it was read.
        read_at: i64,
    },
    /// Whether it is there or not.
    Upsert(Entity),
}

/// What is to be written into the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditDraft {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Who: a user's id.
    pub actor: String,
    /// With which key: its id.
    pub actor_key: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// `created`, `updated`, `deleted`, `blocked`, `rotated` ...
    pub action: String,
    /// What was changed.
    pub entity: EntityId,
    /// How it was, without secrets.
    pub before: Option<Map<String, Value>>,
    /// How it is, without secrets.
    pub after: Option<Map<String, Value>>,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its place in the log.
    pub sequence: i64,
    /// What it says.
    pub said: AuditDraft,
    /// SHA-256, in lower-case hex, of this entry and of the hash of the one before it: nothing can
    /// be taken out or changed without all that follow becoming false.
    pub hash: String,
}

/// Which entries of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditQuery {
    /// Only those about this.
    pub entity: Option<EntityId>,
    /// Only those about this kind.
    pub kind: Option<EntityKind>,
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only with this action.
    pub action: Option<String>,
    /// Not before, in microseconds since 1970.
    pub from: Option<i64>,
    /// Before, in microseconds since 1970.
    pub until: Option<i64>,
    /// Which of them.
    pub paging: Paging,
}

// === impl EntityQuery ===

impl EntityQuery {
    /// The first hundred of a kind, by id.
    #[must_use]
    pub fn new(kind: EntityKind) -> Self {
        Self {
            kind,
            ids: None,
            unique_name: None,
            search: None,
            team_id: None,
            or_teams: Vec::new(),
            user_id: None,
            organization_id: None,
            created_by: None,
            order: Order {
                by: Sort::Id,
                descending: false,
            },
            paging: Paging {
                offset: 0,
                size: 100,
            },
        }
    }
}
