//! `/config/field/info`, `/config/list`.

use serde_json::{Map, Value, json};

use super::{SETTINGS, Setting, stored};
use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;

pub(super) async fn field_info(ask: &Ask<'_>) -> Answer {
    let name = ask.query.need("field_name")?;
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    let setting =
        setting.ok_or_else(|| Refusal::bad(format!("Invalid field={name} passed in.")))?;
    let (value, _) = value(ask, setting).await?;
    Ok(json!({"field_name": name, "field_value": value}))
}

pub(super) async fn list(ask: &Ask<'_>) -> Answer {
    let section = ask.query.get("config_type").unwrap_or("litellm_settings");
    let mut rows = Vec::new();
    for setting in SETTINGS.iter().filter(|setting| setting.section == section) {
        let (value, is_stored) = value(ask, setting).await?;
        rows.push(json!({
            "field_name": setting.name,
            "field_type": "Dictionary",
            "field_description": setting.description,
            "field_value": value,
            "stored_in_db": is_stored,
            "field_default_value": {},
            "premium_field": false,
            "nested_fields": null,
        }));
    }
    Ok(rows.into())
}

/// The value in force, and whether it was set at run time.
async fn value(ask: &Ask<'_>, setting: &Setting) -> Result<(Value, bool), Refusal> {
    let stored = stored(ask, setting.section).await?;
    if let Some(value) = stored.and_then(|mut s| s.settings.shift_remove(setting.name)) {
        return Ok((value, true));
    }
    let settings = &ask.admin.settings;
    let configured: &Map<String, Value> = match setting.name {
        "default_key_generate_params" => &settings.default_key_generate_params,
        "upperbound_key_generate_params" => &settings.upperbound_key_generate_params,
        "default_internal_user_params" => &settings.default_internal_user_params,
        _ => &settings.default_team_params,
    };
    Ok((configured.clone().into(), false))
}
