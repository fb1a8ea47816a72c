//! `/config/update`, `/config/field/update`, `/config/field/delete`.

use lockgate_core::config::{RunTimeSetting, SettingForm};
use serde_json::{Map, Value, json};

use super::sections::Section;
use super::{ENVIRONMENT, setting};
use crate::ask::{Answer, Ask};
use crate::fields::{Field, Type, field};
use crate::models::masked;
use crate::refusal::Refusal;

const FIELDS: &[Field] = &[
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
        Type::Choice(&["general_settings", "router_settings", "litellm_settings"]),
    ),
];

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    served(ask)?;
    let sent = ask.body()?.fields(&[FIELDS], &[])?;
    let mut edit = ask.edit();
    for (name, values) in sent.members() {
        let values = values.as_object().cloned().unwrap_or_default();
        check(ask, name, &values)?;
        let mut section = Section::find(ask, name).await?;
        for (name, value) in values {
            section.set(name, value);
        }
        section.put(ask, &mut edit)?;
    }
    edit.save().await?;
    Ok(json!({"message": "Config updated successfully"}))
}

pub(super) async fn update_field(ask: &Ask<'_>) -> Answer {
    served(ask)?;
    let sent = ask
        .body()?
        .fields(&[FIELD], &["field_name", "field_value"])?;
    let value = sent.get("field_value").cloned().unwrap_or_default();
    let name = sent.text("field_name").unwrap_or_default();
    store(ask, sent.text("config_type"), name, value).await
}

pub(super) async fn delete_field(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELD], &["field_name"])?;
    let name = sent.text("field_name").unwrap_or_default();
    store(ask, sent.text("config_type"), name, Value::Null).await
}

/// Stores one setting; null gives back what is configured.
async fn store(ask: &Ask<'_>, section: Option<&str>, name: &str, value: Value) -> Answer {
    let found = setting(section, name).ok_or_else(|| not_here(section.unwrap_or("it"), name))?;
    let values = Map::from_iter([(name.to_owned(), value)]);
    check(ask, found.section, &values)?;
    let mut section = Section::find(ask, found.section).await?;
    for (name, value) in values {
        section.set(name, value);
    }
    let mut edit = ask.edit();
    section.put(ask, &mut edit)?;
    edit.save().await?;
    Ok(json!({"param_name": found.section, "param_value": masked(section.values())}))
}

/// Refuses to store what would have no effect.
fn served(ask: &Ask<'_>) -> Result<(), Refusal> {
    if ask.admin.directory.serves_stored() {
        return Ok(());
    }
    Err(Refusal::broken(
        "Settings of the database have no effect here: general_settings.store_model_in_db, or \
         STORE_MODEL_IN_DB, is off",
    ))
}

/// Refuses what is read from the configuration file only, and what cannot be read.
fn check(ask: &Ask<'_>, section: &str, values: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in values.iter().filter(|(_, value)| !value.is_null()) {
        if section == ENVIRONMENT {
            if !value.is_string() {
                return Err(Refusal::bad(format!("{section}.{name} is text")));
            }
            continue;
        }
        let found = setting(Some(section), name).ok_or_else(|| not_here(section, name))?;
        check_form(found, value)?;
    }
    match ask.admin.directory.refuses_settings(section, values) {
        Some(why) => Err(Refusal::bad(why)),
        None => Ok(()),
    }
}

fn check_form(setting: &RunTimeSetting, value: &Value) -> Result<(), Refusal> {
    let fits = match setting.form {
        SettingForm::Mapping => value.is_object(),
        SettingForm::List => value.is_array(),
        SettingForm::Flag => value.is_boolean(),
        // The reader of the file decides: a duration may have a unit.
        SettingForm::Count | SettingForm::Amount | SettingForm::Text => {
            !value.is_object() && !value.is_array()
        }
    };
    if fits {
        return Ok(());
    }
    let what = match setting.form {
        SettingForm::Mapping => "an object",
        SettingForm::List => "a list",
        SettingForm::Flag => "true or false",
        SettingForm::Count | SettingForm::Amount => "a number",
        SettingForm::Text => "text",
    };
    let RunTimeSetting { section, name, .. } = setting;
    Err(Refusal::bad(format!("{section}.{name} is {what}")))
}

fn not_here(section: &str, name: &str) -> Refusal {
    Refusal::bad(format!(
        "{section}.{name} is read from the configuration file when the gateway starts, and cannot be \
         changed here"
    ))
}
