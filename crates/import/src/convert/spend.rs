//! What a row says was spent.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::money::Nanodollars;
use lockgate_core::period::Period;
use lockgate_core::ports::Spend;
use serde_json::{Map, Value};

use super::Context;
use super::members::Members;
use super::time::micros;

/// What an entity spent, as LiteLLM counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowSpend {
    /// Of all time.
    pub(crate) total: Nanodollars,
    /// Since its budget began anew.
    pub(crate) window: Option<Spend>,
}

/// Whose account it is on: requests of a key are charged to it, also when it was deleted later.
pub(crate) fn account(id: &EntityId) -> EntityId {
    let kind = match id.kind {
        EntityKind::DeletedKey => EntityKind::Key,
        kind => kind,
    };
    EntityId::new(kind, id.id.as_str())
}

const SECOND: i64 = 1_000_000;

// === impl RowSpend ===

impl RowSpend {
    /// Takes `spend` and `total_spend` out of a row. With a budget that is renewed, `spend` is what
    /// was spent since; without one it is what the budget is held against, and so the total here.
    pub(super) fn take(
        id: &EntityId,
        members: &mut Members,
        budget: Option<&Map<String, Value>>,
        context: &Context<'_>,
    ) -> Option<Self> {
        let spend = members.take_number("spend")?;
        let total = members.take_number("total_spend").unwrap_or(0.0);
        let mut amount = |dollars: f64| {
            Nanodollars::from_dollars(dollars).unwrap_or_else(|| {
                members.losses.push(format!(
                    "its spend is ${dollars:e}, which is beyond what can be counted"
                ));
                Nanodollars::MAX
            })
        };
        let (spend, total) = (amount(spend), amount(total));
        let of_budget = |name: &str| budget.and_then(|budget| budget.get(name));
        let duration = members
            .text("budget_duration")
            .or_else(|| of_budget("budget_duration").and_then(Value::as_str));
        let Some(duration) = duration.map(str::to_owned) else {
            return Some(Self {
                total: spend,
                window: None,
            });
        };
        let until = members.values.get("budget_reset_at").and_then(micros);
        let until = until.or_else(|| of_budget("budget_reset_at").and_then(micros));
        let Ok(period) = duration.parse::<Period>() else {
            return Some(Self {
                total: total.max(spend),
                window: None,
            });
        };
        // LiteLLM resets late, by up to ten minutes: what was spent before belongs to the old one.
        let is_open = until.is_none_or(|until| until > context.now) && spend.is_positive();
        let window = is_open.then(|| Spend {
            of: account(id),
            window: duration,
            start: period
                .window(context.now.div_euclid(SECOND), context.zone)
                .start,
            amount: spend,
        });
        Some(Self {
            total: total.max(spend),
            window,
        })
    }
}
