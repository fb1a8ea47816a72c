//! What a request changes, with the audit log's view of it, done in one transaction.

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{AuditDraft, Change, Put};
use serde_json::{Map, Value};

use crate::ask::Ask;
use crate::refusal::Refusal;
use crate::time::iso;

/// Members of an entity's settings that are secrets: the audit log shows that they are there.
const SECRETS: [&str; 2] = ["sealed", "password_hash"];

/// What a request changes.
pub(crate) struct Edit<'a> {
    ask: &'a Ask<'a>,
    change: Change,
}

// === impl Edit ===

impl<'a> Edit<'a> {
    pub(crate) fn new(ask: &'a Ask<'a>) -> Self {
        Self {
            ask,
            change: Change::default(),
        }
    }

    /// An entity that is to be made: nobody has seen it.
    pub(crate) fn draft(&self, id: EntityId) -> Entity {
        let mut entity = Entity::new(id, self.ask.now);
        entity.created_by = self.actor();
        entity.updated_by = self.actor();
        entity
    }

    /// Something new.
    pub(crate) fn insert(&mut self, entity: Entity) {
        self.log("created", &entity.id(), None, Some(view(&entity)));
        self.change.puts.push(Put::Insert(entity));
    }

    /// Something that was read as `before` and is to be `after`. Gives it as it will be stored.
    pub(crate) fn update(&mut self, action: &str, before: &Entity, mut after: Entity) -> Entity {
        // Later than what was read, whatever the clock says: the store compares it.
        after.updated_at = self.ask.now.max(before.updated_at + 1);
        after.updated_by = self.actor();
        self.log(action, &after.id(), Some(view(before)), Some(view(&after)));
        self.change.puts.push(Put::Update {
            entity: after.clone(),
            read_at: before.updated_at,
        });
        after
    }

    /// Something that goes.
    pub(crate) fn remove(&mut self, entity: &Entity) {
        self.log("deleted", &entity.id(), Some(view(entity)), None);
        self.change.removals.push(entity.id());
    }

    /// Something that takes the place of what goes, without a word in the audit log of its own.
    pub(crate) fn keep(&mut self, entity: Entity) {
        self.change.puts.push(Put::Upsert(entity));
    }

    /// A removal that belongs to something logged elsewhere.
    pub(crate) fn drop_quietly(&mut self, id: EntityId) {
        self.change.removals.push(id);
    }

    pub(crate) fn insert_quietly(&mut self, entity: Entity) {
        self.change.puts.push(Put::Insert(entity));
    }

    /// A line of the audit log.
    pub(crate) fn log(
        &mut self,
        action: &str,
        entity: &EntityId,
        before: Option<Map<String, Value>>,
        after: Option<Map<String, Value>>,
    ) {
        let caller = self.ask.caller();
        self.change.audit.push(AuditDraft {
            at: self.ask.now,
            actor: caller.user_id().unwrap_or_default().to_owned(),
            actor_key: caller.key_id().map(str::to_owned),
            address: self.ask.request.address.clone(),
            action: action.to_owned(),
            entity: entity.clone(),
            before,
            after,
        });
    }

    /// Does it, and tells this process.
    pub(crate) async fn save(self) -> Result<(), Refusal> {
        let admin = self.ask.admin;
        admin.store.change(&self.change).await?;
        let puts: Vec<Entity> = self
            .change
            .puts
            .into_iter()
            .map(|put| match put {
                Put::Insert(entity) | Put::Update { entity, .. } | Put::Upsert(entity) => entity,
            })
            .collect();
        admin.directory.changed(&puts, &self.change.removals);
        Ok(())
    }

    fn actor(&self) -> Option<String> {
        self.ask.caller().user_id().map(str::to_owned)
    }
}

/// An entity as the audit log shows it: without secrets.
pub(crate) fn view(entity: &Entity) -> Map<String, Value> {
    let mut view = Map::new();
    let columns = [
        ("name", &entity.unique_name),
        ("user_id", &entity.user_id),
        ("team_id", &entity.team_id),
        ("organization_id", &entity.organization_id),
    ];
    for (name, value) in columns {
        if let Some(value) = value {
            view.insert(name.to_owned(), value.as_str().into());
        }
    }
    if entity.expires_at.is_some() {
        view.insert("expires".to_owned(), iso(entity.expires_at));
    }
    for (name, value) in &entity.settings {
        let secret = SECRETS.contains(&name.as_str());
        let shown = if secret {
            "[REDACTED]".into()
        } else {
            value.clone()
        };
        view.insert(name.clone(), shown);
    }
    view
}
