//! `/customer/...`, also `/end_user/...`: end users of applications.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Value, json};

use crate::ask::{Answer, Ask};
use crate::body::Sent;
use crate::budgets;
use crate::fields::{Empty, Field, LIMITS, Type, field, filled};
use crate::refusal::Refusal;
use crate::row::Row;
use crate::table::AdminRoute;

const FIELDS: &[Field] = &[
    field("alias", Type::Text),
    filled("blocked", Type::Flag, Empty::No),
    field("allowed_model_region", Type::Choice(&["eu", "us"])),
    field("default_model", Type::Text),
    field("budget_id", Type::Text),
    field("object_permission", Type::Object),
];

const ASKED: &[Field] = &[
    field("user_id", Type::Text),
    field("user_ids", Type::Texts),
    field("spend", Type::Amount),
];

const ROW: Row = Row {
    id: "user_id",
    name: None,
    columns: &[],
    fields: &[FIELDS],
    budget: Some("litellm_budget_table"),
};

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::CustomerNew => new(ask).await,
        AdminRoute::CustomerInfo => info(ask).await,
        AdminRoute::CustomerList => list(ask).await,
        AdminRoute::CustomerUpdate => update(ask).await,
        AdminRoute::CustomerDelete => delete(ask).await,
        AdminRoute::CustomerBlock => block(ask, true).await,
        AdminRoute::CustomerUnblock => block(ask, false).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

async fn rows(ask: &Ask<'_>, customers: &[Entity]) -> Result<Vec<Value>, Refusal> {
    let facts = ask.facts(customers).await?;
    let rows = customers.iter().map(|one| ROW.of(one, &facts).into());
    Ok(rows.collect())
}

async fn row(ask: &Ask<'_>, customer: &Entity) -> Answer {
    let rows = rows(ask, std::slice::from_ref(customer)).await?;
    Ok(rows.into_iter().next().unwrap_or_default())
}

async fn need(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    let found = ask.find(EntityKind::Customer, id).await?;
    found.ok_or_else(|| {
        Refusal::missing(format!("End User Id={id} does not exist in db")).at("user_id")
    })
}

fn apply(sent: &Sent, customer: &mut Entity) {
    sent.only(FIELDS).apply(&mut customer.settings);
    sent.only(LIMITS).apply(&mut customer.settings);
}

async fn new(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS, LIMITS, ASKED], &["user_id"])?;
    let id = sent.text("user_id").unwrap_or_default();
    if !EntityId::is_choosable(id) {
        return Err(Refusal::bad(
            "user_id may not be empty or have control characters",
        ));
    }
    if ask.find(EntityKind::Customer, id).await?.is_some() {
        let message =
            format!("Customer already exists, passed user_id={id}. Please pass a new user_id.");
        return Err(Refusal::bad(message).at("user_id"));
    }
    budgets::check(ask, &sent).await?;
    let mut edit = ask.edit();
    let mut customer = edit.draft(EntityId::new(EntityKind::Customer, id));
    apply(&sent, &mut customer);
    edit.insert(customer.clone());
    edit.save().await?;
    row(ask, &customer).await
}

async fn info(ask: &Ask<'_>) -> Answer {
    let customer = need(ask, ask.query.need("end_user_id")?).await?;
    row(ask, &customer).await
}

async fn list(ask: &Ask<'_>) -> Answer {
    let customers = ask.every(EntityKind::Customer).await?;
    Ok(rows(ask, &customers).await?.into())
}

async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS, LIMITS, ASKED], &["user_id"])?;
    let before = need(ask, sent.text("user_id").unwrap_or_default()).await?;
    budgets::check(ask, &sent).await?;
    let mut after = before.clone();
    apply(&sent, &mut after);
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    row(ask, &after).await
}

async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["user_ids"])?;
    let ids = sent.texts("user_ids");
    let found = ask.those(EntityKind::Customer, &ids).await?;
    let missing: Vec<&str> = ids
        .iter()
        .filter(|id| !found.iter().any(|customer| customer.id == **id))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let message = format!("End User Id(s)={} do not exist in db", missing.join(", "));
        return Err(Refusal::missing(message).at("user_ids"));
    }
    let mut edit = ask.edit();
    for customer in &found {
        edit.remove(customer);
    }
    edit.save().await?;
    Ok(json!({
        "deleted_customers": found.len(),
        "message": format!("Successfully deleted customers with ids: {}", ids.join(", ")),
    }))
}

/// Blocks customers, who need not have been seen before, or lets them in again.
async fn block(ask: &Ask<'_>, blocked: bool) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["user_ids"])?;
    let ids = sent.texts("user_ids");
    let found = ask.those(EntityKind::Customer, &ids).await?;
    let mut edit = ask.edit();
    let mut changed = Vec::new();
    for id in &ids {
        let before = found.iter().find(|customer| customer.id == *id);
        let name = EntityId::new(EntityKind::Customer, id);
        if !EntityId::is_choosable(id) {
            return Err(Refusal::bad(
                "user_ids may not be empty or have control characters",
            ));
        }
        let mut after = before.cloned().unwrap_or_else(|| edit.draft(name));
        after.settings.insert("blocked".to_owned(), blocked.into());
        match before {
            Some(before) => {
                let action = if blocked { "blocked" } else { "unblocked" };
                after = edit.update(action, before, after);
            }
            None => edit.insert(after.clone()),
        }
        changed.push(after);
    }
    edit.save().await?;
    let name = if blocked {
        "blocked_users"
    } else {
        "unblocked_users"
    };
    Ok(json!({name: rows(ask, &changed).await?}))
}
