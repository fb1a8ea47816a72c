//! `/config/update`, `/config/field/update`, `/config/field/delete`.

use lockgate_core::entity::{EntityId, EntityKind};
use serde_json::{Map, Value, json};

use super::{SETTINGS, stored};
use crate::ask::{Answer, Ask};
use crate::fields::{Field, Type, field};
use crate::refusal::Refusal;

const SECTIONS: &[Field] = &[
    field("litellm_settings", Type::Object),
    field("general_settings", Type::Object),
    field("router_settings", Type::Object),
    field("environment_variables", Type::Object),
];

const FIELD: &[Field] = &[
    field("field_name", Type::Text),
    field("field_value", Type::Any),
    field(
        "config_type",
        Type::Choice(&["general_settings", "litellm_settings"]),
    ),
];

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[SECTIONS], &[])?;
    for (section, values) in sent.members() {
        let values = values.as_object().cloned().unwrap_or_default();
        for name in values.keys() {
            check(section, name)?;
        }
        store(ask, section, values).await?;
    }
    Ok(json!({"message": "Config updated successfully"}))
}

pub(super) async fn update_field(ask: &Ask<'_>) -> Answer {
    let sent = ask
        .body()?
        .fields(&[FIELD], &["field_name", "field_value"])?;
    let name = sent.text("field_name").unwrap_or_default();
    let section = sent.text("config_type").unwrap_or("litellm_settings");
    check(section, name)?;
    let value = sent.get("field_value").cloned().unwrap_or_default();
    let values = Map::from_iter([(name.to_owned(), value)]);
    store(ask, section, values).await
}

pub(super) async fn delete_field(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELD], &["field_name"])?;
    let name = sent.text("field_name").unwrap_or_default();
    let section = sent.text("config_type").unwrap_or("litellm_settings");
    check(section, name)?;
    let values = Map::from_iter([(name.to_owned(), Value::Null)]);
    store(ask, section, values).await
}

/// Refuses what is read from the configuration file only.
fn check(section: &str, name: &str) -> Result<(), Refusal> {
    let known = SETTINGS
        .iter()
        .any(|setting| setting.section == section && setting.name == name);
    if known {
        return Ok(());
    }
    Err(Refusal::bad(format!(
        "{section}.{name} is read from the configuration file and cannot be changed here"
    )))
}

/// Stores these members of a section; null gives back what is configured.
async fn store(ask: &Ask<'_>, section: &str, values: Map<String, Value>) -> Answer {
    let mut edit = ask.edit();
    let before = stored(ask, section).await?;
    let id = EntityId::new(EntityKind::Config, section);
    let mut after = before.clone().unwrap_or_else(|| edit.draft(id));
    for (name, value) in values {
        match value {
            Value::Null => after.settings.shift_remove(&name),
            Value::Object(_) => after.settings.insert(name, value),
            _ => {
                return Err(Refusal::bad(format!("{section}.{name} is an object")));
            }
        };
    }
    let settings = Value::Object(after.settings.clone());
    match before {
        Some(before) => {
            edit.update("updated", &before, after);
        }
        None => edit.insert(after),
    }
    edit.save().await?;
    Ok(json!({"param_name": section, "param_value": settings}))
}
