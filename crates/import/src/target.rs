//! Where an import writes to.

use lockgate_core::entity::EntityId;
use lockgate_core::ports::{EntityStore, SpendStore};
use serde_json::{Map, Value};

/// Where an import writes to.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// Takes entities.
    pub entities: &'a dyn EntityStore,
    /// Takes totals of spend and the ledger.
    pub spend: &'a dyn SpendStore,
    /// Encrypts what must not be stored in plain text.
    pub sealer: &'a dyn Sealer,
}

/// Encrypts what must not be stored in plain text, the way the management API reads it.
///
/// The parameters of a model, the values of a credential, and a part of the configuration that holds
/// secrets are one text, the setting `sealed` of the entity. The variables of a callback, in the
/// metadata of a key or a team, are a text in the place of the object `callback_vars`.
pub trait Sealer: Send + Sync {
    /// `values`, encrypted, as they are stored in `of`.
    ///
    /// # Errors
    ///
    /// When they cannot be encrypted, such as without a key.
    fn seal(&self, of: &EntityId, values: &Map<String, Value>) -> Result<String, SealError>;

    /// What was sealed in `of`; `None` if it cannot be opened. Encrypting twice gives two results,
    /// so this is how a second import sees that nothing changed.
    fn open(&self, of: &EntityId, sealed: &str) -> Option<Map<String, Value>>;
}

/// Secrets cannot be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its secrets cannot be encrypted: {0}")]
pub struct SealError(pub String);

/// Who the audit log says it was.
pub const ACTOR: &str = "litellm-import";
