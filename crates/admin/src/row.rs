//! An entity as an answer shows it.

use lockgate_core::entity::Entity;
use serde_json::{Map, Value};

use crate::facts::Facts;
use crate::fields::{Field, IN_METADATA};
use crate::time::iso;

/// How entities of one kind are shown.
pub(crate) struct Row {
    /// What the id is called.
    pub(crate) id: &'static str,
    /// What the unique name is called, where there is one.
    pub(crate) name: Option<&'static str>,
    /// Whom it belongs to.
    pub(crate) columns: &'static [Column],
    /// The settings that are shown.
    pub(crate) fields: &'static [&'static [Field]],
    /// What the limits of its budget are called, where they are shown apart.
    pub(crate) budget: Option<&'static str>,
}

/// Whom an entity belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    User,
    Team,
    Organization,
}

/// What a budget consists of, in the order of LiteLLM's table of budgets.
const BUDGET: [&str; 12] = [
    "soft_budget",
    "max_budget",
    "max_parallel_requests",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "model_max_budget",
    "budget_duration",
    "allowed_models",
    "temp_budget_increase",
    "temp_budget_expiry",
    "budget_reset_at",
];

// === impl Row ===

impl Row {
    /// The row of `entity`.
    pub(crate) fn of(&self, entity: &Entity, facts: &Facts) -> Map<String, Value> {
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put(self.id, entity.id.as_str().into());
        if let Some(name) = self.name {
            put(name, entity.unique_name.clone().into());
        }
        for column in self.columns {
            let (name, value) = match column {
                Column::User => ("user_id", &entity.user_id),
                Column::Team => ("team_id", &entity.team_id),
                Column::Organization => ("organization_id", &entity.organization_id),
            };
            put(name, value.clone().into());
        }
        for field in self.fields.iter().copied().flatten() {
            let value = entity.settings.get(field.name).cloned();
            put(field.name, value.unwrap_or_else(|| field.empty.value()));
        }
        let spent = facts.spent(entity);
        put("spend", spent.now.into());
        put("budget_reset_at", spent.until.clone());
        if let Some(name) = self.budget {
            put(name, budget(entity, facts, spent.until));
        }
        put("created_at", iso(Some(entity.created_at)));
        put("created_by", entity.created_by.clone().into());
        put("updated_at", iso(Some(entity.updated_at)));
        put("updated_by", entity.updated_by.clone().into());
        show_in_metadata(entity, &mut row);
        row
    }
}

/// The limits that hold for an entity: its own, and else those of the budget it refers to.
fn budget(entity: &Entity, facts: &Facts, until: Value) -> Value {
    let mut table = Map::new();
    let id = entity.settings.get("budget_id").cloned();
    let limited = BUDGET
        .iter()
        .any(|name| facts.setting(entity, name).is_some());
    if id.is_none() && !limited {
        return Value::Null;
    }
    table.insert("budget_id".to_owned(), id.unwrap_or_default());
    for name in BUDGET {
        let value = facts.setting(entity, name).cloned();
        table.insert(name.to_owned(), value.unwrap_or_default());
    }
    table.insert("budget_reset_at".to_owned(), until);
    table.into()
}

fn show_in_metadata(entity: &Entity, row: &mut Map<String, Value>) {
    let Some(Value::Object(metadata)) = row.get_mut("metadata") else {
        return;
    };
    for name in IN_METADATA {
        if let Some(value) = entity.settings.get(*name) {
            metadata.insert((*name).to_owned(), value.clone());
        }
    }
}

/// A row that shows some members under other names, or more of them.
pub(crate) fn with(mut row: Map<String, Value>, more: Value) -> Value {
    if let Value::Object(more) = more {
        row.extend(more);
    }
    row.into()
}
