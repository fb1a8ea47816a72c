//! How a deployment is kept and shown.

use lockgate_core::entity::{Entity, EntityKind};
use serde_json::{Map, Value, json};

use crate::ask::{Ask, text};
use crate::fields::{Field, Type, field};
use crate::refusal::Refusal;
use crate::time::iso;

pub(super) const FIELDS: &[Field] = &[
    field("model_name", Type::Text),
    field("litellm_params", Type::Object),
    field("model_info", Type::Object),
    field("id", Type::Text),
    field("model_id", Type::Text),
];

/// The setting that holds what is sealed.
const SEALED: &str = "sealed";
/// Parts of names that secrets have.
const SECRET_NAMES: [&str; 8] = [
    "api_key",
    "secret",
    "token",
    "password",
    "credentials",
    "private",
    "access_key",
    "authorization",
];

/// The setting that says that an administrator wrote the references to the environment in it.
pub(super) const READS_ENVIRONMENT: &str = "reads_environment";

/// Refuses to store what would not be served.
pub(super) fn served(ask: &Ask<'_>) -> Result<(), Refusal> {
    if ask.admin.directory.serves_stored() {
        return Ok(());
    }
    Err(Refusal::broken(
        "Models of the database are not served here: general_settings.store_model_in_db, or \
         STORE_MODEL_IN_DB, is off",
    ))
}

/// The team that a deployment of this `model_info` belongs to, which must be there.
pub(super) async fn of_team(
    ask: &Ask<'_>,
    info: &Map<String, Value>,
) -> Result<Option<String>, Refusal> {
    let Some(id) = text(info, "team_id").filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    if ask.find(EntityKind::Team, id).await?.is_none() {
        let message = format!("Team not found, passed team_id={id}");
        return Err(Refusal::bad(message).at("model_info"));
    }
    Ok(Some(id.to_owned()))
}

/// Whether anything in `values` is a reference to the environment.
pub(super) fn refers(values: &Map<String, Value>) -> bool {
    fn any(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains("os.environ/"),
            Value::Array(items) => items.iter().any(any),
            Value::Object(members) => refers(members),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    values.values().any(any)
}

/// Seals `values` into `entity`.
pub(crate) fn sealed(
    ask: &Ask<'_>,
    entity: &mut Entity,
    values: &Map<String, Value>,
) -> Result<(), Refusal> {
    let sealed = ask.vault().seal(&entity.id(), values);
    let sealed = sealed.ok_or_else(|| Refusal::broken("the system gave no randomness"))?;
    entity.settings.insert(SEALED.to_owned(), sealed.into());
    Ok(())
}

/// What was sealed into `entity`.
pub(crate) fn opened(ask: &Ask<'_>, entity: &Entity) -> Result<Map<String, Value>, Refusal> {
    let sealed = text(&entity.settings, SEALED);
    let opened = sealed.and_then(|sealed| ask.vault().open(&entity.id(), sealed));
    opened.ok_or_else(|| {
        Refusal::broken(format!(
            "the secrets of {} {} cannot be read: LITELLM_SALT_KEY, or else the master key, is not the \
             one that they were stored with",
            entity.kind, entity.id
        ))
    })
}

/// The same values with the secrets among them blotted out.
pub(crate) fn masked(values: &Map<String, Value>) -> Value {
    let shown = values.iter().map(|(name, value)| {
        let lower = name.to_ascii_lowercase();
        let secret = SECRET_NAMES.iter().any(|part| lower.contains(part));
        let value = match value {
            Value::Object(inner) if !secret => masked(inner),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
            _ if secret => "****".into(),
            other => other.clone(),
        };
        (name.clone(), value)
    });
    Value::Object(shown.collect())
}

/// A deployment as it is shown.
pub(super) fn shown(ask: &Ask<'_>, model: &Entity) -> Result<Value, Refusal> {
    let setting = |name: &str| model.settings.get(name).cloned().unwrap_or_default();
    let mut info = setting("model_info");
    info["id"] = model.id.as_str().into();
    info["db_model"] = true.into();
    Ok(json!({
        "model_id": model.id,
        "model_name": setting("model_name"),
        "litellm_params": masked(&opened(ask, model)?),
        "model_info": info,
        "blocked": model.settings.get("blocked") == Some(&Value::Bool(true)),
        "created_at": iso(Some(model.created_at)),
        "created_by": model.created_by,
        "updated_at": iso(Some(model.updated_at)),
        "updated_by": model.updated_by,
    }))
}

/// The deployment of this id; one of the configuration file cannot be changed here.
pub(super) async fn need(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    if let Some(found) = ask.find(EntityKind::Model, id).await? {
        return Ok(found);
    }
    if ask.admin.directory.is_configured_model(id) {
        return Err(Refusal::bad(format!(
            "Model with id={id} is in the configuration file and can be changed there only"
        )));
    }
    Err(Refusal::bad(format!("Model with id={id} not found in db")).at("id"))
}
