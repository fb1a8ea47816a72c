//! `/key/delete`: the key opens nothing any more; what it was is kept for reports.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Value, json};

use super::{rights, secret};
use crate::ask::{Answer, Ask};
use crate::edit::Edit;
use crate::fields::{Field, Type, field};
use crate::jwt_mappings;
use crate::refusal::Refusal;
use crate::time::iso;

const FIELDS: &[Field] = &[
    field("keys", Type::Texts),
    field("key_aliases", Type::Texts),
];

pub(super) async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &[])?;
    if sent.get("keys").is_none() && sent.get("key_aliases").is_none() {
        return Err(Refusal::fields(vec![json!({
            "type": "value_error",
            "loc": ["body"],
            "msg": "Value error, at least one of keys or key_aliases must be provided",
            "input": null,
        })]));
    }
    let named = sent.texts("keys");
    let mut ids: Vec<String> = named.iter().map(|key| secret::id_of(key)).collect();
    let aliases = sent.texts("key_aliases");
    for alias in &aliases {
        let found = ask.named(EntityKind::Key, alias).await?;
        ids.extend(found.map(|key| key.id));
    }
    let found = ask.those(EntityKind::Key, &ids).await?;
    if found.is_empty() {
        return Err(Refusal::missing("No keys found").at("keys"));
    }
    let mut edit = ask.edit();
    for key in &found {
        rights::change(ask, key, "/key/delete").await?;
        remove(ask, &mut edit, key);
        jwt_mappings::follow(ask, &mut edit, &key.id, None).await?;
    }
    edit.save().await?;
    // What was asked for by its whole key is told by it, as it was asked.
    let told = |key: &Entity| {
        let place = ids.iter().position(|id| *id == key.id);
        let name = place.and_then(|place| named.get(place));
        Value::from(name.unwrap_or(&key.id).as_str())
    };
    if named.is_empty() {
        return Ok(json!({"deleted_keys": aliases}));
    }
    Ok(json!({"deleted_keys": found.iter().map(told).collect::<Vec<_>>()}))
}

/// Takes a key away and remembers it.
pub(crate) fn remove(ask: &Ask<'_>, edit: &mut Edit<'_>, key: &Entity) {
    let mut deleted = key.clone();
    deleted.kind = EntityKind::DeletedKey;
    // Its alias may be given to another.
    let alias = deleted.unique_name.take();
    let by = ask.caller().user_id().map(str::to_owned);
    for (name, value) in [
        ("key_alias", alias.into()),
        ("deleted_at", iso(Some(ask.now))),
        ("deleted_by", by.into()),
    ] {
        deleted.settings.insert(name.to_owned(), value);
    }
    deleted.updated_at = ask.now;
    edit.keep(deleted);
    edit.remove(key);
    edit.drop_quietly(EntityId::new(EntityKind::RetiredKey, key.id.clone()));
}
