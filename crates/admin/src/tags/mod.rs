//! `/tag/...`: tags of requests, with the models and budgets that they stand for.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Map, Value, json};

use crate::ask::{Answer, Ask};
use crate::budgets;
use crate::facts::Facts;
use crate::fields::{Empty, Field, LIMITS, Type, field, filled};
use crate::refusal::Refusal;
use crate::row::Row;
use crate::table::AdminRoute;

const FIELDS: &[Field] = &[
    field("description", Type::Text),
    filled("models", Type::Texts, Empty::List),
    field("model_info", Type::Object),
    field("budget_id", Type::Text),
];

const ASKED: &[Field] = &[field("name", Type::Text), field("names", Type::Texts)];

const ROW: Row = Row {
    id: "name",
    name: None,
    columns: &[],
    fields: &[FIELDS],
    budget: Some("litellm_budget_table"),
};

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::TagNew => new(ask).await,
        AdminRoute::TagInfo => info(ask).await,
        AdminRoute::TagList => list(ask).await,
        AdminRoute::TagUpdate => update(ask).await,
        AdminRoute::TagDelete => delete(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

fn shown(tag: &Entity, facts: &Facts) -> Map<String, Value> {
    ROW.of(tag, facts)
}

async fn need(ask: &Ask<'_>, name: &str) -> Result<Entity, Refusal> {
    let found = ask.find(EntityKind::Tag, name).await?;
    found.ok_or_else(|| Refusal::missing(format!("Tag {name} not found")))
}

async fn told(ask: &Ask<'_>, tag: &Entity, done: &str) -> Answer {
    let facts = ask.facts(std::slice::from_ref(tag)).await?;
    Ok(json!({
        "message": format!("Tag {} {done} successfully", tag.id),
        "tag": shown(tag, &facts),
    }))
}

async fn new(ask: &Ask<'_>) -> Answer {
    let mut sent = ask.body()?.fields(&[FIELDS, LIMITS, ASKED], &["name"])?;
    let name = sent.take_text("name").flatten().unwrap_or_default();
    if !EntityId::is_choosable(&name) {
        return Err(Refusal::bad(
            "the name of a tag may not be empty or have control characters",
        ));
    }
    if ask.find(EntityKind::Tag, &name).await?.is_some() {
        return Err(Refusal::bad(format!("Tag {name} already exists")));
    }
    budgets::check(ask, &sent).await?;
    let mut edit = ask.edit();
    let mut tag = edit.draft(EntityId::new(EntityKind::Tag, name));
    sent.apply(&mut tag.settings);
    edit.insert(tag.clone());
    edit.save().await?;
    told(ask, &tag, "created").await
}

async fn info(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["names"])?;
    let names = sent.texts("names");
    let found = ask.those(EntityKind::Tag, &names).await?;
    let missing: Vec<&String> = names
        .iter()
        .filter(|name| !found.iter().any(|tag| tag.id == **name))
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::missing(format!("Tags not found: {missing:?}")));
    }
    let facts = ask.facts(&found).await?;
    let rows = found
        .iter()
        .map(|tag| (tag.id.clone(), shown(tag, &facts).into()));
    Ok(Value::Object(rows.collect()))
}

async fn list(ask: &Ask<'_>) -> Answer {
    let tags = ask.every(EntityKind::Tag).await?;
    let facts = ask.facts(&tags).await?;
    let mut rows: Vec<Map<String, Value>> = tags.iter().map(|tag| shown(tag, &facts)).collect();
    if !ask.caller().sees_all() {
        // Everybody may know which tags there are; what they cost is not for everybody.
        for row in &mut rows {
            for name in [
                "spend",
                "litellm_budget_table",
                "budget_id",
                "budget_reset_at",
            ] {
                row.shift_remove(name);
            }
        }
    }
    Ok(json!(rows))
}

async fn update(ask: &Ask<'_>) -> Answer {
    let mut sent = ask.body()?.fields(&[FIELDS, LIMITS, ASKED], &["name"])?;
    let name = sent.take_text("name").flatten().unwrap_or_default();
    let before = need(ask, &name).await?;
    budgets::check(ask, &sent).await?;
    let mut after = before.clone();
    sent.apply(&mut after.settings);
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    told(ask, &after, "updated").await
}

async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["name"])?;
    let name = sent.text("name").unwrap_or_default();
    let tag = need(ask, name).await?;
    let mut edit = ask.edit();
    edit.remove(&tag);
    edit.save().await?;
    Ok(json!({"message": format!("Tag {name} deleted successfully")}))
}
