//! `/model/new`

use lockgate_core::entity::{EntityId, EntityKind};
use serde_json::Value;

use super::form::{FIELDS, READS_ENVIRONMENT, of_team, sealed, served, shown};
use crate::ask::{Answer, Ask, text};
use crate::refusal::Refusal;

pub(super) async fn new(ask: &Ask<'_>) -> Answer {
    served(ask)?;
    let sent = ask
        .body()?
        .fields(&[FIELDS], &["model_name", "litellm_params"])?;
    let params = sent.get("litellm_params").and_then(Value::as_object);
    let params = params.cloned().unwrap_or_default();
    let provider_model = text(&params, "model").unwrap_or_default();
    if provider_model.is_empty() {
        let message = "litellm_params.model is needed: the provider and its model";
        return Err(Refusal::bad(message).at("litellm_params"));
    }
    let mut info = sent.get("model_info").and_then(Value::as_object).cloned();
    let chosen = info.as_mut().and_then(|info| info.shift_remove("id"));
    let id = match chosen {
        Some(Value::String(id)) if EntityId::is_choosable(&id) => id,
        None | Some(Value::Null) => uuid::Uuid::new_v4().to_string(),
        Some(_) => return Err(Refusal::bad("model_info.id is no id").at("model_info")),
    };
    let there = ask.find(EntityKind::Model, &id).await?.is_some();
    if there || ask.admin.directory.is_configured_model(&id) {
        return Err(Refusal::bad(format!("Model with id={id} already exists")).at("model_info"));
    }
    let mut edit = ask.edit();
    let mut model = edit.draft(EntityId::new(EntityKind::Model, id));
    let info = info.unwrap_or_default();
    model.team_id = of_team(ask, &info).await?;
    for (name, value) in [
        ("model_name", sent.get("model_name").cloned()),
        ("model", Some(provider_model.into())),
        ("model_info", Some(info.into())),
        (READS_ENVIRONMENT, Some(true.into())),
    ] {
        model
            .settings
            .insert(name.to_owned(), value.unwrap_or_default());
    }
    sealed(ask, &mut model, &params)?;
    edit.insert(model.clone());
    edit.save().await?;
    shown(ask, &model)
}
