//! What the database adds to the files, as it is kept there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use lockgate_admin::Vault;
use lockgate_core::Environment;
use lockgate_core::config::{Config, Document, Stored, StoredModel, Unserved};
use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Map, Value};

/// Deployments, credentials and settings of the database, and the files that they are added to.
///
/// The management API and the follower of other replicas put changes in, from whichever task; the
/// [`Composer`](super::Composer) makes them serve.
pub(crate) struct Stock {
    vault: Vault,
    files: ArcSwap<Files>,
    held: Mutex<Held>,
}

/// The configuration files in force.
pub(super) struct Files {
    pub(super) document: Document,
    /// That of the process: what `os.environ/` reads.
    pub(super) environment: Environment,
    /// Whether the database may add to them.
    pub(super) takes_stored: bool,
}

#[derive(Default)]
struct Held {
    entities: BTreeMap<EntityId, Entity>,
    /// What is served is older.
    is_stale: bool,
}

/// What is stored, opened.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) stored: Stored,
    /// Deployments that are blocked, or cannot be opened.
    pub(super) unserved: Vec<Unserved>,
    /// What else cannot be opened.
    pub(super) problems: Vec<String>,
}

const LOCKED: &str = "what is encrypted of it cannot be read: LITELLM_SALT_KEY, or else the master \
                      key, is not the one that it was stored with";

/// Whether what the database keeps is served: unless the operator says no.
pub(crate) fn takes_stored(config: &Config) -> bool {
    const VARIABLE: &str = "STORE_MODEL_IN_DB";
    let environment = &config.environment;
    let said = config.general.store_model_in_db;
    said.unwrap_or_else(|| {
        environment.get_non_empty(VARIABLE).is_none() || environment.flag(VARIABLE)
    })
}

/// Whether entities of this kind say what is served.
pub(crate) fn is_stocked(kind: EntityKind) -> bool {
    matches!(
        kind,
        EntityKind::Model | EntityKind::Credential | EntityKind::Config
    )
}

// === impl Stock ===

impl Stock {
    /// Nothing but files. `vault` opens what is stored.
    pub(crate) fn new(
        vault: Vault,
        document: Document,
        environment: Environment,
        config: &Config,
    ) -> Self {
        let files = Files {
            document,
            environment,
            takes_stored: takes_stored(config),
        };
        Self {
            vault,
            files: ArcSwap::from_pointee(files),
            held: Mutex::default(),
        }
    }

    /// Takes over what is new or different, and what is gone. Other kinds are left out.
    pub(crate) fn changed(&self, puts: &[Entity], removals: &[EntityId]) {
        let mut held = self.held();
        for put in puts.iter().filter(|put| is_stocked(put.kind)) {
            let before = held.entities.get(&put.id());
            // A reader that was slow may bring what has been replaced since.
            if before.is_none_or(|before| before != put && before.updated_at <= put.updated_at) {
                held.entities.insert(put.id(), put.clone());
                held.is_stale = true;
            }
        }
        for id in removals {
            held.is_stale |= held.entities.remove(id).is_some();
        }
    }

    /// Takes over all that there is, of whatever age: the database is read anew.
    pub(crate) fn replace(&self, entities: Vec<Entity>) {
        let mut held = self.held();
        held.is_stale |= !entities.is_empty() || !held.entities.is_empty();
        held.entities = entities.into_iter().map(|one| (one.id(), one)).collect();
    }

    /// Whether anything changed since this was asked.
    pub(super) fn take_stale(&self) -> bool {
        std::mem::take(&mut self.held().is_stale)
    }

    pub(super) fn files(&self) -> Arc<Files> {
        self.files.load_full()
    }

    pub(super) fn set_files(&self, files: Files) {
        self.files.store(Arc::new(files));
    }

    /// Whether what is stored is served.
    pub(crate) fn is_served(&self) -> bool {
        self.files.load().takes_stored
    }

    /// The value of a setting in the files.
    pub(crate) fn written(&self, section: &str, name: &str) -> Option<Value> {
        self.files.load().document.written(section, name)
    }

    /// What is wrong with settings that somebody wants to store.
    pub(crate) fn refuses(&self, section: &str, settings: &Map<String, Value>) -> Option<String> {
        let files = self.files();
        let mut stored = Stored::default();
        stored.sections.insert(section.to_owned(), settings.clone());
        let loaded = files.document.read(&files.environment, &stored);
        let wrong = loaded.diagnostics.into_iter().find(|said| {
            said.severity == lockgate_core::config::Severity::Error
                && said.file.starts_with("database")
        });
        wrong.map(|said| format!("{}: {}", said.path, said.message))
    }

    /// What is stored, as far as it can be opened.
    pub(super) fn opened(&self) -> Opened {
        let mut opened = Opened::default();
        if !self.is_served() {
            return opened;
        }
        let held = self.held();
        let mut models: Vec<&Entity> = Vec::new();
        for entity in held.entities.values() {
            match entity.kind {
                EntityKind::Model => models.push(entity),
                EntityKind::Credential => match self.secrets(entity) {
                    Some(values) => {
                        opened.stored.credentials.insert(entity.id.clone(), values);
                    }
                    None => opened.is_locked(entity),
                },
                _ => self.open_section(entity, &mut opened),
            }
        }
        models.sort_by_key(|model| model.created_at);
        for model in models {
            match self.model(model) {
                Ok(model) => opened.stored.models.push(model),
                Err(unserved) => opened.unserved.push(unserved),
            }
        }
        opened
    }

    fn open_section(&self, section: &Entity, opened: &mut Opened) {
        let mut settings = section.settings.clone();
        if settings.shift_remove(SEALED).is_some() {
            match self.secrets(section) {
                Some(secret) => settings.extend(secret),
                None => opened.is_locked(section),
            }
        }
        opened.stored.sections.insert(section.id.clone(), settings);
    }

    fn model(&self, model: &Entity) -> Result<StoredModel, Unserved> {
        let setting = |name: &str| model.settings.get(name).cloned().unwrap_or_default();
        let unserved = |reason: &str| {
            let name = setting("model_name");
            Unserved {
                id: model.id.clone(),
                model_name: name.as_str().unwrap_or_default().to_owned(),
                reason: reason.to_owned(),
                in_database: true,
            }
        };
        if setting("blocked") == true {
            return Err(unserved("it is blocked"));
        }
        let params = self.secrets(model).ok_or_else(|| unserved(LOCKED))?;
        let info = match setting("model_info") {
            Value::Object(info) => info,
            _ => Map::new(),
        };
        let of_team = info.get("team_id").is_some_and(|team| !team.is_null());
        Ok(StoredModel {
            id: model.id.clone(),
            model_name: setting("model_name"),
            params,
            info,
            // LiteLLM lets admins of teams make models, and such may have been copied from there.
            reads_environment: !of_team || setting("reads_environment") == true,
        })
    }

    fn secrets(&self, of: &Entity) -> Option<Map<String, Value>> {
        let sealed = of.settings.get(SEALED)?.as_str()?;
        self.vault.open(&of.id(), sealed)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The member of an entity's settings that is encrypted.
const SEALED: &str = "sealed";

// === impl Opened ===

impl Opened {
    fn is_locked(&mut self, entity: &Entity) {
        let problem = format!("database/{}/{}: error: {LOCKED}", entity.kind, entity.id);
        self.problems.push(problem);
    }
}
