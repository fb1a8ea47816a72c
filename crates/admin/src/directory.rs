//! Who is told what the management API changed.

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::Spend;
use serde_json::{Map, Value};

/// What this process serves from. It is told after a change was stored and before it is answered,
/// so that who made a key can use it at once; other replicas find out by asking the store.
pub trait DirectorySink: Send + Sync {
    /// These are new or different, and those are gone.
    fn changed(&self, puts: &[Entity], removals: &[EntityId]);

    /// So much was taken off what these spent.
    fn forgiven(&self, taken: &[Spend]);

    /// Whether a deployment with this id is in the configuration file, and so cannot be changed here.
    fn is_configured_model(&self, id: &str) -> bool;

    /// Whether deployments, credentials and settings that are stored are served.
    fn serves_stored(&self) -> bool {
        true
    }

    /// The value of a setting in the configuration files.
    fn written_setting(&self, _section: &str, _name: &str) -> Option<Value> {
        None
    }

    /// What is wrong with settings that are to be stored, if anything is.
    fn refuses_settings(&self, _section: &str, _settings: &Map<String, Value>) -> Option<String> {
        None
    }
}
