//! What answers tell about entities besides what is stored in them: spend, and shared budgets.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::money::Nanodollars;
use lockgate_core::period::Period;
use lockgate_core::ports::Spend;
use serde_json::Value;

use crate::ask::{Ask, text};
use crate::refusal::Refusal;
use crate::time::{iso, seconds};

/// Spend and budgets of some entities.
pub(crate) struct Facts {
    spend: HashMap<EntityId, Vec<Spend>>,
    budgets: HashMap<String, Entity>,
    now: i64,
    zone: TimeZone,
}

/// What an entity spent, and until when that counts.
pub(crate) struct Spent {
    /// Since the budget's period began; all there is when it has none.
    pub(crate) now: f64,
    /// Of all time.
    pub(crate) ever: f64,
    /// When the period ends.
    pub(crate) until: Value,
}

// === impl Facts ===

impl Facts {
    pub(crate) async fn gather(ask: &Ask<'_>, of: &[Entity]) -> Result<Self, Refusal> {
        let accounts: Vec<EntityId> = of.iter().map(account).collect();
        let mut spend: HashMap<EntityId, Vec<Spend>> = HashMap::new();
        if let Some(store) = &ask.admin.spend
            && !accounts.is_empty()
        {
            for row in store.spend(&accounts).await? {
                spend.entry(row.of.clone()).or_default().push(row);
            }
        }
        let mut ids: Vec<String> = of
            .iter()
            .filter_map(|entity| text(&entity.settings, "budget_id"))
            .map(str::to_owned)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let budgets = if ids.is_empty() {
            Vec::new()
        } else {
            ask.those(EntityKind::Budget, &ids).await?
        };
        Ok(Self {
            spend,
            budgets: budgets.into_iter().map(|b| (b.id.clone(), b)).collect(),
            now: ask.now,
            zone: ask.admin.settings.zone.clone(),
        })
    }

    /// The budget that `entity` refers to.
    pub(crate) fn budget(&self, entity: &Entity) -> Option<&Entity> {
        self.budgets.get(text(&entity.settings, "budget_id")?)
    }

    /// A setting of the entity, or else of its budget.
    pub(crate) fn setting<'s>(&'s self, entity: &'s Entity, name: &str) -> Option<&'s Value> {
        entity
            .settings
            .get(name)
            .or_else(|| self.budget(entity)?.settings.get(name))
    }

    pub(crate) fn spent(&self, entity: &Entity) -> Spent {
        let rows = self.spend.get(&account(entity));
        let rows = rows.map_or(&[][..], Vec::as_slice);
        let amount =
            |found: Option<&Spend>| found.map_or(Nanodollars::ZERO, |row| row.amount).dollars();
        let ever = amount(rows.iter().find(|row| row.window.is_empty()));
        let duration = self
            .setting(entity, "budget_duration")
            .and_then(Value::as_str);
        let period = duration.and_then(|text| Some((text, text.parse::<Period>().ok()?)));
        let Some((name, period)) = period else {
            return Spent {
                now: ever,
                ever,
                until: Value::Null,
            };
        };
        let window = period.window(seconds(self.now), &self.zone);
        let open = rows
            .iter()
            .find(|row| row.window == name && row.start == window.start);
        Spent {
            now: amount(open),
            ever,
            until: iso(window.end.checked_mul(1_000_000)),
        }
    }
}

/// Whose account an entity's spend is on: a key that was regenerated keeps the account of the first.
pub(crate) fn account(entity: &Entity) -> EntityId {
    match text(&entity.settings, ACCOUNT) {
        Some(id) if entity.kind == EntityKind::Key => EntityId::new(EntityKind::Key, id),
        _ => entity.id(),
    }
}

/// The setting of a key that names its account: the id of the key that it was at first.
pub(crate) const ACCOUNT: &str = "account_id";
