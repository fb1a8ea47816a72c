//! `/v1/access_group`: groups by their id.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Map, Value, json};

use super::free_name;
use crate::ask::{Answer, Ask, text, texts};
use crate::body::Sent;
use crate::edit::Edit;
use crate::facts::Facts;
use crate::fields::{Empty, Field, Type, field, filled};
use crate::refusal::Refusal;
use crate::row::Row;

const FIELDS: &[Field] = &[
    field("description", Type::Text),
    filled("access_model_names", Type::Texts, Empty::List),
    filled("access_mcp_server_ids", Type::Texts, Empty::List),
    filled("access_agent_ids", Type::Texts, Empty::List),
    filled("assigned_team_ids", Type::Texts, Empty::List),
    filled("assigned_key_ids", Type::Texts, Empty::List),
];

const ASKED: &[Field] = &[field("access_group_name", Type::Text)];

const ROW: Row = Row {
    id: "access_group_id",
    name: Some("access_group_name"),
    columns: &[],
    fields: &[FIELDS],
    budget: None,
};

/// What may be given to teams and keys, and what of them names it.
const ASSIGNED: [(&str, EntityKind); 2] = [
    ("assigned_team_ids", EntityKind::Team),
    ("assigned_key_ids", EntityKind::Key),
];

async fn need(ask: &Ask<'_>) -> Result<Entity, Refusal> {
    let id = ask.param(0);
    let found = ask.find(EntityKind::AccessGroup, id).await?;
    found.ok_or_else(|| Refusal::missing(format!("Access group not found: {id}")))
}

async fn shown(
    ask: &Ask<'_>,
    group: &Entity,
    facts: &Facts,
) -> Result<Map<String, Value>, Refusal> {
    let mut row = ROW.of(group, facts);
    for name in ["spend", "budget_reset_at"] {
        row.shift_remove(name);
    }
    for (setting, kind) in ASSIGNED {
        let ids = texts(&group.settings, setting);
        let found = ask.those(kind, &ids).await?;
        let named: Vec<Value> = ids
            .iter()
            .map(|id| {
                let entity = found.iter().find(|entity| entity.id == *id);
                let name = entity.and_then(|entity| {
                    let alias = text(&entity.settings, "team_alias");
                    alias.or(entity.unique_name.as_deref())
                });
                json!({"id": id, "name": name})
            })
            .collect();
        let name = if kind == EntityKind::Team {
            "assigned_teams"
        } else {
            "assigned_keys"
        };
        row.insert(name.to_owned(), named.into());
    }
    row.insert("access_mcp_servers".to_owned(), json!([]));
    row.insert("access_agents".to_owned(), json!([]));
    Ok(row)
}

async fn row(ask: &Ask<'_>, group: &Entity) -> Answer {
    let facts = ask.facts(std::slice::from_ref(group)).await?;
    Ok(shown(ask, group, &facts).await?.into())
}

pub(super) async fn create(ask: &Ask<'_>) -> Answer {
    let mut sent = ask
        .body()?
        .fields(&[FIELDS, ASKED], &["access_group_name"])?;
    let name = sent
        .take_text("access_group_name")
        .flatten()
        .unwrap_or_default();
    if !EntityId::is_choosable(&name) {
        return Err(Refusal::bad(
            "access_group_name may not be empty or have control characters",
        ));
    }
    free_name(ask, &name).await?;
    let mut edit = ask.edit();
    let id = EntityId::new(EntityKind::AccessGroup, uuid::Uuid::new_v4().to_string());
    let mut group = edit.draft(id);
    group.unique_name = Some(name);
    assign(ask, &mut edit, None, &group, &sent).await?;
    sent.apply(&mut group.settings);
    edit.insert(group.clone());
    edit.save().await?;
    row(ask, &group).await
}

/// Tells the teams and keys that a group is given to, or taken from.
async fn assign(
    ask: &Ask<'_>,
    edit: &mut Edit<'_>,
    before: Option<&Entity>,
    group: &Entity,
    sent: &Sent,
) -> Result<(), Refusal> {
    for (setting, kind) in ASSIGNED {
        if !sent.has(setting) {
            continue;
        }
        let wanted = sent.texts(setting);
        let had = before.map_or_else(Vec::new, |before| texts(&before.settings, setting));
        let mut touched = wanted.clone();
        touched.extend(had.into_iter().filter(|id| !wanted.contains(id)));
        let found = ask.those(kind, &touched).await?;
        if let Some(unknown) = wanted
            .iter()
            .find(|id| !found.iter().any(|one| one.id == **id))
        {
            return Err(Refusal::bad(format!(
                "{setting}: there is no {kind} {unknown}"
            )));
        }
        for entity in &found {
            let mut groups = texts(&entity.settings, "access_group_ids");
            groups.retain(|id| *id != group.id);
            if wanted.contains(&entity.id) {
                groups.push(group.id.clone());
            }
            let mut after = entity.clone();
            after
                .settings
                .insert("access_group_ids".to_owned(), Value::from(groups));
            edit.update("updated", entity, after);
        }
    }
    Ok(())
}

pub(super) async fn all(ask: &Ask<'_>) -> Answer {
    let groups = ask.every(EntityKind::AccessGroup).await?;
    let facts = ask.facts(&groups).await?;
    let mut rows = Vec::new();
    for group in &groups {
        rows.push(shown(ask, group, &facts).await?);
    }
    Ok(json!(rows))
}

pub(super) async fn get(ask: &Ask<'_>) -> Answer {
    let group = need(ask).await?;
    row(ask, &group).await
}

pub(super) async fn put(ask: &Ask<'_>) -> Answer {
    let mut sent = ask.body()?.fields(&[FIELDS, ASKED], &[])?;
    let before = need(ask).await?;
    let mut after = before.clone();
    if let Some(name) = sent.take_text("access_group_name").flatten() {
        if before.unique_name.as_deref() != Some(&name) {
            free_name(ask, &name).await?;
        }
        after.unique_name = Some(name);
    }
    let mut edit = ask.edit();
    assign(ask, &mut edit, Some(&before), &after, &sent).await?;
    sent.apply(&mut after.settings);
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    row(ask, &after).await
}

pub(super) async fn remove(ask: &Ask<'_>) -> Answer {
    let group = need(ask).await?;
    let mut edit = ask.edit();
    let mut nobody = Sent::default();
    for (setting, _) in ASSIGNED {
        nobody.set(setting, json!([]));
    }
    assign(ask, &mut edit, Some(&group), &group, &nobody).await?;
    edit.remove(&group);
    edit.save().await?;
    Ok(json!({"message": format!("Access group {} deleted", group.id)}))
}
