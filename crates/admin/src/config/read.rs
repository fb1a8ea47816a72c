//! `/config/field/info`, `/config/list`.

use lockgate_core::config::{RUN_TIME_SETTINGS, RunTimeSetting};
use serde_json::{Map, Value, json};

use super::sections::Section;
use super::{SECTIONS, setting};
use crate::ask::{Answer, Ask};
use crate::models::masked;
use crate::refusal::Refusal;

pub(super) async fn field_info(ask: &Ask<'_>) -> Answer {
    let name = ask.query.need("field_name")?;
    let setting = setting(None, name)
        .ok_or_else(|| Refusal::bad(format!("Invalid field={name} passed in.")))?;
    let section = Section::find(ask, setting.section).await?;
    let (value, is_stored) = value(ask, &section, setting);
    Ok(json!({"field_name": name, "field_value": value, "stored_in_db": is_stored}))
}

pub(super) async fn list(ask: &Ask<'_>) -> Answer {
    let wanted = ask.query.get("config_type").unwrap_or("general_settings");
    if !SECTIONS.contains(&wanted) {
        let sections = SECTIONS.join(", ");
        return Err(Refusal::bad(format!("config_type is one of {sections}")));
    }
    let section = Section::find(ask, wanted).await?;
    let settings = RUN_TIME_SETTINGS.iter();
    let rows = settings
        .filter(|setting| setting.section == wanted)
        .map(|setting| {
            let (value, is_stored) = value(ask, &section, setting);
            json!({
                "field_name": setting.name,
                "field_type": setting.form.as_str(),
                "field_description": setting.description,
                "field_value": value,
                "stored_in_db": is_stored,
                "field_default_value": null,
                "premium_field": false,
                "nested_fields": null,
            })
        });
    Ok(rows.collect::<Vec<Value>>().into())
}

/// The value in force, without secrets, and whether it was set at run time.
fn value(ask: &Ask<'_>, section: &Section, setting: &RunTimeSetting) -> (Value, bool) {
    let stored = section.value(setting.name).cloned();
    let is_stored = stored.is_some();
    let directory = &ask.admin.directory;
    let written = || directory.written_setting(setting.section, setting.name);
    let value = stored.or_else(written).unwrap_or_default();
    if !setting.is_secret {
        return (value, is_stored);
    }
    let shown = match value {
        Value::Object(members) => masked(&members),
        Value::Array(items) => items.iter().map(hidden).collect(),
        other => other,
    };
    (shown, is_stored)
}

/// An item of a list that may hold credentials: headers are an ordinary place for one, whatever
/// their names.
fn hidden(item: &Value) -> Value {
    let Value::Object(members) = item else {
        return item.clone();
    };
    let mut members = members.clone();
    if let Some(Value::Object(headers)) = members.get_mut("headers") {
        let names = headers.keys().cloned();
        let blotted: Map<String, Value> = names.map(|name| (name, "****".into())).collect();
        *headers = blotted;
    }
    masked(&members)
}
