//! `/config/...`: settings that can be changed while the gateway runs.
//!
//! Only settings of the management API itself are among them: everything else is read from the
//! configuration file, and saying that it was changed here would not be true.

mod change;
mod read;

use lockgate_core::entity::{Entity, EntityKind};
use serde_json::{Map, Value};

use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

/// A setting that can be changed while the gateway runs.
pub(super) struct Setting {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
}

pub(super) const SETTINGS: [Setting; 4] = [
    Setting {
        section: "litellm_settings",
        name: "default_key_generate_params",
        description: "What a request for a key leaves out",
    },
    Setting {
        section: "litellm_settings",
        name: "upperbound_key_generate_params",
        description: "What no key may exceed",
    },
    Setting {
        section: "litellm_settings",
        name: "default_internal_user_params",
        description: "What a request for a user leaves out",
    },
    Setting {
        section: "litellm_settings",
        name: "default_team_params",
        description: "What a request for a team leaves out",
    },
];

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::ConfigUpdate => change::update(ask).await,
        AdminRoute::ConfigFieldUpdate => change::update_field(ask).await,
        AdminRoute::ConfigFieldDelete => change::delete_field(ask).await,
        AdminRoute::ConfigFieldInfo => read::field_info(ask).await,
        AdminRoute::ConfigList => read::list(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

/// What is stored of a section.
pub(super) async fn stored(ask: &Ask<'_>, section: &str) -> Result<Option<Entity>, Refusal> {
    ask.find(EntityKind::Config, section).await
}

/// The value of a setting: as it was changed at run time, or else as it is configured.
pub(crate) async fn overridden(
    ask: &Ask<'_>,
    name: &str,
    configured: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let stored = stored(ask, "litellm_settings").await?;
    let value = stored.and_then(|mut section| section.settings.shift_remove(name));
    Ok(match value {
        Some(Value::Object(value)) => value,
        _ => configured.clone(),
    })
}
