//! `/budget/...`: budgets that several entities refer to.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Value, json};

use crate::ask::{Answer, Ask};
use crate::body::Sent;
use crate::facts::Facts;
use crate::fields::{Field, LIMITS, Type, field};
use crate::refusal::Refusal;
use crate::row::Row;
use crate::table::AdminRoute;

const FIELDS: &[Field] = &[
    field("allowed_models", Type::Texts),
    field("temp_budget_increase", Type::Amount),
    field("temp_budget_expiry", Type::Moment),
];

const ASKED: &[Field] = &[
    field("budget_id", Type::Text),
    field("budgets", Type::Texts),
    field("id", Type::Text),
];

const ROW: Row = Row {
    id: "budget_id",
    name: None,
    columns: &[],
    fields: &[LIMITS, FIELDS],
    budget: None,
};

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::BudgetNew => new(ask).await,
        AdminRoute::BudgetInfo => info(ask).await,
        AdminRoute::BudgetList => list(ask).await,
        AdminRoute::BudgetSettings => settings(ask).await,
        AdminRoute::BudgetUpdate => update(ask).await,
        AdminRoute::BudgetDelete => delete(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

/// The budget that a request refers to must be there.
pub(crate) async fn check(ask: &Ask<'_>, sent: &Sent) -> Result<(), Refusal> {
    let Some(id) = sent.text("budget_id") else {
        return Ok(());
    };
    match ask.find(EntityKind::Budget, id).await? {
        Some(_) => Ok(()),
        None => Err(Refusal::bad(format!(
            "budget_id={id} does not match any budget."
        ))),
    }
}

fn shown(budget: &Entity, facts: &Facts) -> Value {
    let mut row = ROW.of(budget, facts);
    // A budget is a limit: what is spent is counted for each that refers to it.
    row.shift_remove("spend");
    row.into()
}

async fn need(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    let found = ask.find(EntityKind::Budget, id).await?;
    found.ok_or_else(|| Refusal::missing(format!("Budget not found, budget_id={id}")))
}

async fn rows(ask: &Ask<'_>, budgets: &[Entity]) -> Answer {
    let facts = ask.facts(budgets).await?;
    let rows = budgets.iter().map(|budget| shown(budget, &facts));
    Ok(rows.collect::<Vec<_>>().into())
}

async fn row(ask: &Ask<'_>, budget: &Entity) -> Answer {
    let facts = ask.facts(std::slice::from_ref(budget)).await?;
    Ok(shown(budget, &facts))
}

async fn new(ask: &Ask<'_>) -> Answer {
    let mut sent = ask.body()?.fields(&[LIMITS, FIELDS, ASKED], &[])?;
    let id = match sent.take_text("budget_id").flatten() {
        None => uuid::Uuid::new_v4().to_string(),
        Some(id) if EntityId::is_choosable(&id) => id,
        Some(_) => {
            let message = "budget_id may not be empty or have control characters";
            return Err(Refusal::bad(message));
        }
    };
    if ask.find(EntityKind::Budget, &id).await?.is_some() {
        return Err(Refusal::bad(format!(
            "Budget with id '{id}' already exists."
        )));
    }
    let mut edit = ask.edit();
    let mut budget = edit.draft(EntityId::new(EntityKind::Budget, id));
    sent.only(LIMITS).apply(&mut budget.settings);
    sent.only(FIELDS).apply(&mut budget.settings);
    edit.insert(budget.clone());
    edit.save().await?;
    row(ask, &budget).await
}

async fn info(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["budgets"])?;
    let ids = sent.texts("budgets");
    if ids.is_empty() {
        return Err(Refusal::bad(
            "Specify list of budget id's to query. Passed in=[]",
        ));
    }
    rows(ask, &ask.those(EntityKind::Budget, &ids).await?).await
}

async fn list(ask: &Ask<'_>) -> Answer {
    rows(ask, &ask.every(EntityKind::Budget).await?).await
}

/// The fields of a budget with their values, as forms are made from them.
async fn settings(ask: &Ask<'_>) -> Answer {
    let budget = need(ask, ask.query.need("budget_id")?).await?;
    let rows = LIMITS.iter().map(|field| {
        let kind = match field.kind {
            Type::Amount => "Float",
            Type::Whole => "Integer",
            Type::Object => "Dictionary",
            _ => "String",
        };
        json!({
            "field_name": field.name,
            "field_type": kind,
            "field_description": "",
            "field_value": budget.settings.get(field.name),
            "stored_in_db": budget.settings.contains_key(field.name),
        })
    });
    Ok(rows.collect::<Vec<_>>().into())
}

async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask
        .body()?
        .fields(&[LIMITS, FIELDS, ASKED], &["budget_id"])?;
    let before = need(ask, sent.text("budget_id").unwrap_or_default()).await?;
    let mut after = before.clone();
    sent.only(LIMITS).apply(&mut after.settings);
    sent.only(FIELDS).apply(&mut after.settings);
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    row(ask, &after).await
}

async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["id"])?;
    let budget = need(ask, sent.text("id").unwrap_or_default()).await?;
    let answer = row(ask, &budget).await?;
    let mut edit = ask.edit();
    edit.remove(&budget);
    edit.save().await?;
    Ok(answer)
}
