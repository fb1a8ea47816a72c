//! How much an entity may spend, and in which periods.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::reader::{Reader, amount};
use crate::money::Nanodollars;
use crate::period::Period;

const PERIOD: &str = "a duration such as 30d";
const BUDGET: &str = "an amount with a duration";
const TIME: &str = "a date and time";

/// A hard budget: nothing that could go beyond it is begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetTerms {
    /// What a window of it is called in the ledger: the duration, with the model in front where it
    /// is for one model only; empty for a budget of all time. See [`crate::ledger::Window::name`].
    pub name: Box<str>,
    /// The model group it is for, `None`: all.
    pub model: Option<Box<str>>,
    /// The amount.
    pub most: Nanodollars,
    /// When it begins anew; `None`: never.
    pub period: Option<Period>,
}

/// More to spend for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raise {
    /// How much more.
    pub by: Nanodollars,
    /// Until when, in seconds since 1970.
    pub until: i64,
}

// === impl BudgetTerms ===

impl BudgetTerms {
    /// A budget of `most` for each `period`, for `model` or for all.
    #[must_use]
    pub fn new(model: Option<&str>, most: Nanodollars, period: Option<Period>) -> Self {
        let period_name = period.map_or_else(String::new, |period| period.to_string());
        let name = match model {
            Some(model) => format!("{model}/{period_name}"),
            None => period_name,
        };
        Self {
            name: name.into(),
            model: model.map(Into::into),
            most,
            period,
        }
    }
}

/// All budgets of an entity, each window once: where two are about the same, the lower one counts.
pub(super) fn read(reader: &mut Reader<'_>) -> Box<[BudgetTerms]> {
    let mut all = Vec::new();
    let most = reader.amount("max_budget");
    if let (Some(most), Some(period)) = (most, period(reader, "budget_duration")) {
        put(&mut all, BudgetTerms::new(None, most, period));
    }
    windows(reader, &mut all);
    by_model(reader, &mut all);
    all.into()
}

/// `budget_limits`: several windows, all of which hold.
fn windows(reader: &mut Reader<'_>, all: &mut Vec<BudgetTerms>) {
    let Some(value) = reader.value("budget_limits") else {
        return;
    };
    let Some(items) = value.as_array() else {
        reader.refuse("budget_limits", "a list of budgets");
        return;
    };
    for item in items {
        match item.as_object().and_then(|item| budget(item, None)) {
            Some(budget) => put(all, budget),
            None => reader.refuse("budget_limits", BUDGET),
        }
    }
}

/// `model_max_budget`: an object or an amount for each model.
fn by_model(reader: &mut Reader<'_>, all: &mut Vec<BudgetTerms>) {
    let Some(map) = reader.map("model_max_budget") else {
        return;
    };
    for (model, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let found = match value {
            Value::Object(item) => budget(item, Some(model)),
            other => amount(other).map(|most| BudgetTerms::new(Some(model), most, None)),
        };
        match found {
            Some(budget) => put(all, budget),
            None => reader.refuse(&format!("model_max_budget.{model}"), BUDGET),
        }
    }
}

/// LiteLLM has two names for each member.
fn budget(item: &Map<String, Value>, model: Option<&str>) -> Option<BudgetTerms> {
    let said = |names: [&str; 2]| {
        let found = names.iter().filter_map(|name| item.get(*name));
        found.into_iter().find(|value| !value.is_null())
    };
    let most = amount(said(["max_budget", "budget_limit"])?)?;
    let period = match said(["budget_duration", "time_period"]) {
        None => None,
        Some(text) => Some(text.as_str()?.parse().ok()?),
    };
    Some(BudgetTerms::new(model, most, period))
}

fn put(all: &mut Vec<BudgetTerms>, budget: BudgetTerms) {
    match all.iter_mut().find(|other| other.name == budget.name) {
        Some(other) => other.most = other.most.min(budget.most),
        None => all.push(budget),
    }
}

/// The period under `name`; `Some(None)`: none is said, `None`: it cannot be read.
fn period(reader: &mut Reader<'_>, name: &str) -> Option<Option<Period>> {
    let Some(value) = reader.value(name) else {
        return Some(None);
    };
    let period = value.as_str().and_then(|text| text.parse().ok());
    if period.is_none() {
        reader.refuse(name, PERIOD);
    }
    period.map(Some)
}

/// `temp_budget_increase` until `temp_budget_expiry`; one without the other raises nothing.
pub(super) fn raise(reader: &mut Reader<'_>) -> Option<Raise> {
    let by = reader.amount("temp_budget_increase");
    let expiry = reader.value("temp_budget_expiry")?;
    let until = expiry.as_str().and_then(time);
    if until.is_none() {
        reader.refuse("temp_budget_expiry", TIME);
    }
    Some(Raise {
        by: by?,
        until: until?,
    })
}

/// With an offset, or else in UTC.
fn time(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_second());
    }
    let civil = text.parse::<DateTime>();
    let civil = civil
        .or_else(|_| text.parse::<Date>().map(DateTime::from))
        .ok()?;
    let at = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(at.timestamp().as_second())
}
