//! `/access_group/...`: groups by their name, as `models` of keys and teams name them.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Value, json};

use super::{MODELS, free_name, models};
use crate::ask::{Answer, Ask, text};
use crate::body::Sent;
use crate::fields::{Field, Type, field};
use crate::refusal::Refusal;

const FIELDS: &[Field] = &[
    field("access_group", Type::Text),
    field("model_names", Type::Texts),
    field("model_ids", Type::Texts),
];

async fn need(ask: &Ask<'_>) -> Result<Entity, Refusal> {
    let name = ask.param(0);
    let found = ask.named(EntityKind::AccessGroup, name).await?;
    found.ok_or_else(|| Refusal::missing(format!("Access group '{name}' not found")))
}

/// The models that a request names, by model group or by deployment.
async fn wanted(ask: &Ask<'_>, sent: &Sent) -> Result<Vec<String>, Refusal> {
    let mut names = sent.texts("model_names");
    let ids = sent.texts("model_ids");
    for model in ask.those(EntityKind::Model, &ids).await? {
        names.extend(text(&model.settings, "model_name").map(str::to_owned));
    }
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Err(Refusal::bad(
            "model_names or model_ids is needed, with one at least",
        ));
    }
    Ok(names)
}

pub(super) async fn new(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &["access_group"])?;
    let name = sent.text("access_group").unwrap_or_default();
    if !EntityId::is_choosable(name) {
        return Err(Refusal::bad(
            "access_group may not be empty or have control characters",
        ));
    }
    free_name(ask, name).await?;
    let names = wanted(ask, &sent).await?;
    let mut edit = ask.edit();
    let id = EntityId::new(EntityKind::AccessGroup, uuid::Uuid::new_v4().to_string());
    let mut group = edit.draft(id);
    group.unique_name = Some(name.to_owned());
    group.settings.insert(MODELS.to_owned(), json!(names));
    edit.insert(group.clone());
    edit.save().await?;
    Ok(told(&group, &sent))
}

fn told(group: &Entity, sent: &Sent) -> Value {
    let names = models(group);
    json!({
        "access_group": group.unique_name,
        "model_names": names,
        "model_ids": sent.get("model_ids"),
        "models_updated": names.len(),
    })
}

fn shown(group: &Entity) -> Value {
    let names = models(group);
    json!({
        "access_group": group.unique_name,
        "model_names": names,
        "deployment_count": names.len(),
        "spend": null,
        "budget": null,
    })
}

pub(super) async fn list(ask: &Ask<'_>) -> Answer {
    let groups = ask.every(EntityKind::AccessGroup).await?;
    Ok(json!({"access_groups": groups.iter().map(shown).collect::<Vec<_>>()}))
}

pub(super) async fn info(ask: &Ask<'_>) -> Answer {
    Ok(shown(&need(ask).await?))
}

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &[])?;
    let before = need(ask).await?;
    let mut after = before.clone();
    let names = wanted(ask, &sent).await?;
    after.settings.insert(MODELS.to_owned(), json!(names));
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    Ok(told(&after, &sent))
}

pub(super) async fn delete(ask: &Ask<'_>) -> Answer {
    let group = need(ask).await?;
    let mut edit = ask.edit();
    edit.remove(&group);
    edit.save().await?;
    Ok(json!({
        "access_group": group.unique_name,
        "models_updated": models(&group).len(),
        "message": format!("Access group '{}' deleted", ask.param(0)),
    }))
}
