//! `/config/...`: settings that are changed while the gateway runs, and laid over the file.
//!
//! Only settings that take effect at once are among them: everything else is read from the
//! configuration file, and saying that it was changed here would not be true.

mod change;
mod read;
mod sections;

use lockgate_core::config::{RUN_TIME_SETTINGS, RunTimeSetting};
use serde_json::{Map, Value};

use self::sections::Section;
use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

/// The sections that settings are in, in the order in which a name is looked for.
const SECTIONS: [&str; 3] = ["general_settings", "router_settings", "litellm_settings"];
/// The section whose members may have any name, and are secrets.
const ENVIRONMENT: &str = "environment_variables";

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

/// The setting of that name: of a section, or of the first one that has it.
fn setting(section: Option<&str>, name: &str) -> Option<&'static RunTimeSetting> {
    let find = |section: &str| {
        let mut settings = RUN_TIME_SETTINGS.iter();
        settings.find(|setting| setting.section == section && setting.name == name)
    };
    match section {
        Some(section) => find(section),
        None => SECTIONS.into_iter().find_map(find),
    }
}

/// The value of a setting of the management API: as it was changed at run time, or else as it is
/// configured.
pub(crate) async fn overridden(
    ask: &Ask<'_>,
    name: &str,
    configured: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    if !ask.admin.directory.serves_stored() {
        return Ok(configured.clone());
    }
    let section = Section::find(ask, "litellm_settings").await?;
    Ok(match section.value(name) {
        Some(Value::Object(value)) => value.clone(),
        _ => configured.clone(),
    })
}
