//! `/credentials...`: named credentials of providers. What was stored is never shown again.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Map, Value, json};

use crate::ask::{Answer, Ask};
use crate::fields::{Field, Type, field};
use crate::models::{masked, opened, sealed};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

const FIELDS: &[Field] = &[
    field("credential_name", Type::Text),
    field("credential_values", Type::Object),
    field("credential_info", Type::Object),
    field("model_id", Type::Text),
];

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::CredentialCreate => create(ask).await,
        AdminRoute::CredentialList => list(ask).await,
        AdminRoute::CredentialByName => shown(&need(ask).await?, ask),
        AdminRoute::CredentialByModel => by_model(ask).await,
        AdminRoute::CredentialUpdate => update(ask).await,
        AdminRoute::CredentialDelete => delete(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

async fn need(ask: &Ask<'_>) -> Result<Entity, Refusal> {
    let name = ask.param(0);
    let found = ask.find(EntityKind::Credential, name).await?;
    found.ok_or_else(|| {
        Refusal::missing(format!("Credential not found. Got credential name: {name}"))
    })
}

/// A credential without what it is made of: every value is a secret, whatever its name.
fn shown(credential: &Entity, ask: &Ask<'_>) -> Answer {
    let values = opened(ask, credential)?;
    let blotted: Map<String, Value> = values
        .into_iter()
        .map(|(name, _)| (name, Value::from("****")))
        .collect();
    let info = credential.settings.get("credential_info").cloned();
    Ok(json!({
        "credential_name": credential.id,
        "credential_values": blotted,
        "credential_info": info.unwrap_or_else(|| json!({})),
    }))
}

fn told(done: &str) -> Value {
    json!({"success": true, "message": format!("Credential {done} successfully")})
}

async fn create(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &["credential_name"])?;
    let name = sent.text("credential_name").unwrap_or_default();
    if !EntityId::is_choosable(name) {
        return Err(Refusal::bad(
            "credential_name may not be empty or have control characters",
        ));
    }
    if ask.find(EntityKind::Credential, name).await?.is_some() {
        return Err(Refusal::exists(format!("Credential {name} already exists")));
    }
    let values = match (sent.get("credential_values"), sent.text("model_id")) {
        (Some(Value::Object(values)), _) => values.clone(),
        (_, Some(model)) => of_model(ask, model).await?,
        _ => {
            let message = "Either credential_values or model_id must be provided";
            return Err(Refusal::bad(message).at("credential_values"));
        }
    };
    let mut edit = ask.edit();
    let mut credential = edit.draft(EntityId::new(EntityKind::Credential, name));
    if let Some(info) = sent.get("credential_info") {
        credential
            .settings
            .insert("credential_info".to_owned(), info.clone());
    }
    sealed(ask, &mut credential, &values)?;
    edit.insert(credential);
    edit.save().await?;
    Ok(told("created"))
}

/// What of a deployment's parameters is its credential: all but the model.
async fn of_model(ask: &Ask<'_>, id: &str) -> Result<Map<String, Value>, Refusal> {
    let model = ask.find(EntityKind::Model, id).await?;
    let model =
        model.ok_or_else(|| Refusal::missing(format!("Model not found. Got model ID: {id}")))?;
    let mut params = opened(ask, &model)?;
    params.shift_remove("model");
    Ok(params)
}

async fn list(ask: &Ask<'_>) -> Answer {
    let credentials = ask.every(EntityKind::Credential).await?;
    let rows: Result<Vec<Value>, Refusal> = credentials
        .iter()
        .map(|credential| shown(credential, ask))
        .collect();
    Ok(json!({"success": true, "credentials": rows?}))
}

async fn by_model(ask: &Ask<'_>) -> Answer {
    let id = ask.param(0);
    let values = of_model(ask, id).await?;
    Ok(json!({
        "credential_name": format!("{id}-credential"),
        "credential_values": masked(&values),
        "credential_info": {},
    }))
}

async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &[])?;
    let before = need(ask).await?;
    let mut after = before.clone();
    if let Some(Value::Object(changes)) = sent.get("credential_values") {
        let mut values = opened(ask, &before)?;
        for (name, value) in changes {
            match value {
                Value::Null => values.shift_remove(name),
                Value::String(text) if text == "****" => None,
                _ => values.insert(name.clone(), value.clone()),
            };
        }
        sealed(ask, &mut after, &values)?;
    }
    if let Some(info) = sent.get("credential_info") {
        after
            .settings
            .insert("credential_info".to_owned(), info.clone());
    }
    let mut edit = ask.edit();
    edit.update("updated", &before, after);
    edit.save().await?;
    Ok(told("updated"))
}

async fn delete(ask: &Ask<'_>) -> Answer {
    let credential = need(ask).await?;
    let mut edit = ask.edit();
    edit.remove(&credential);
    edit.save().await?;
    Ok(told("deleted"))
}
