//! `/model/update`, `/model/delete`, `/model/block`.

use lockgate_core::entity::Entity;
use serde_json::{Map, Value, json};

use super::form::{
    FIELDS, READS_ENVIRONMENT, need, of_team, opened, refers, sealed, served, shown,
};
use crate::ask::{Answer, Ask, text};
use crate::body::Sent;
use crate::refusal::Refusal;

/// What clients send back for a secret that they were not shown.
const BLOTTED: &str = "****";

/// The deployment that a request means, in whichever of its places it says so.
async fn meant(ask: &Ask<'_>, sent: &Sent) -> Result<Entity, Refusal> {
    let in_info = sent.get("model_info").and_then(|info| info["id"].as_str());
    let id = ask.request.params.first().map(String::as_str);
    let id = id
        .or(in_info)
        .or_else(|| sent.text("id"))
        .or_else(|| sent.text("model_id"));
    let id = id.ok_or_else(|| Refusal::bad("the id of the model is needed").at("id"))?;
    need(ask, id).await
}

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    served(ask)?;
    let sent = ask.body()?.fields(&[FIELDS], &[])?;
    let before = meant(ask, &sent).await?;
    let mut after = before.clone();
    if let Some(name) = sent.get("model_name") {
        after.settings.insert("model_name".to_owned(), name.clone());
    }
    if let Some(Value::Object(changes)) = sent.get("litellm_params") {
        let mut params = opened(ask, &before)?;
        if !refers(&params) && refers(changes) {
            let name = READS_ENVIRONMENT.to_owned();
            after.settings.insert(name, true.into());
        }
        merge(&mut params, changes);
        if text(&params, "model").is_none_or(str::is_empty) {
            let message = "litellm_params.model is needed: the provider and its model";
            return Err(Refusal::bad(message).at("litellm_params"));
        }
        let model = params.get("model").cloned().unwrap_or_default();
        after.settings.insert("model".to_owned(), model);
        sealed(ask, &mut after, &params)?;
    }
    if let Some(Value::Object(changes)) = sent.get("model_info") {
        let info = after.settings.get("model_info").and_then(Value::as_object);
        let mut info = info.cloned().unwrap_or_default();
        merge(&mut info, changes);
        info.shift_remove("id");
        info.shift_remove("db_model");
        after.team_id = of_team(ask, &info).await?;
        after.settings.insert("model_info".to_owned(), info.into());
    }
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    shown(ask, &after)
}

/// Changes the members that were sent; null takes one away.
fn merge(values: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        match value {
            Value::Null => {
                values.shift_remove(name);
            }
            Value::String(text) if text == BLOTTED => {}
            _ => {
                values.insert(name.clone(), value.clone());
            }
        }
    }
}

pub(super) async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &["id"])?;
    let model = meant(ask, &sent).await?;
    let mut edit = ask.edit();
    edit.remove(&model);
    edit.save().await?;
    Ok(json!({"message": format!("Model: {} deleted successfully", model.id)}))
}

pub(super) async fn block(ask: &Ask<'_>, blocked: bool) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &[])?;
    let before = meant(ask, &sent).await?;
    let mut after = before.clone();
    after.settings.insert("blocked".to_owned(), blocked.into());
    let mut edit = ask.edit();
    let action = if blocked { "blocked" } else { "unblocked" };
    let after = edit.update(action, &before, after);
    edit.save().await?;
    shown(ask, &after)
}
