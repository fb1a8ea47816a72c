//! The sums of one day, told apart in LiteLLM's `BreakdownMetrics`.

use std::collections::BTreeMap;

use lockgate_core::ports::{Activity, Totals};
use serde_json::{Map, Value, json};

use super::super::key_names::KeyNames;
use super::super::{cents, entry_row};

/// The sums of one day.
#[derive(Debug, Default)]
pub(super) struct Day {
    totals: Totals,
    models: BTreeMap<String, Part>,
    model_groups: BTreeMap<String, Part>,
    providers: BTreeMap<String, Part>,
    endpoints: BTreeMap<String, Part>,
    keys: BTreeMap<String, Totals>,
    entities: BTreeMap<String, Part>,
}

/// A part of it, told apart by key.
#[derive(Debug, Default)]
struct Part {
    totals: Totals,
    keys: BTreeMap<String, Totals>,
}

/// What entities are called and the like, by their ids.
pub(super) type Names = BTreeMap<String, Value>;

// === impl Day ===

impl Day {
    /// Adds a row of the day.
    pub(super) fn add(&mut self, row: &Activity) {
        cents::add(&mut self.totals, &row.totals);
        let model = row.model.as_deref().filter(|model| !model.is_empty());
        let group = row.model_group.as_deref().filter(|group| !group.is_empty());
        let provider = row.provider.as_deref().filter(|name| !name.is_empty());
        let endpoint = row.operation.as_deref().map(entry_row::endpoint);
        for (parts, name) in [
            (&mut self.models, model),
            (&mut self.model_groups, group.or(model)),
            (&mut self.providers, provider.or(Some("unknown"))),
            (&mut self.endpoints, endpoint),
        ] {
            if let Some(name) = name {
                parts.entry(name.to_owned()).or_default().add(row);
            }
        }
        if let Some(key) = row.key_id.as_ref().filter(|key| !key.is_empty()) {
            cents::add(self.keys.entry(key.clone()).or_default(), &row.totals);
        }
        if row.entity_id.is_some() {
            self.add_entity(row);
        }
    }

    /// Adds a row to whom it was for.
    pub(super) fn add_entity(&mut self, row: &Activity) {
        if let Some(id) = row.entity_id.as_ref().filter(|id| !id.is_empty()) {
            self.entities.entry(id.clone()).or_default().add(row);
        }
    }

    /// Whom it was for.
    pub(super) fn entities(&self) -> impl Iterator<Item = &String> {
        self.entities.keys()
    }

    /// The day as answers have it.
    pub(super) fn shown(&self, date: &str, keys: &KeyNames, names: &Names) -> Value {
        let none = Names::new();
        let parts = |parts: &BTreeMap<String, Part>| parts_shown(parts, keys, &none);
        json!({
            "date": date,
            "metrics": cents::metrics(&self.totals),
            "breakdown": {
                "mcp_servers": {},
                "models": parts(&self.models),
                "model_groups": parts(&self.model_groups),
                "providers": parts(&self.providers),
                "endpoints": parts(&self.endpoints),
                "api_keys": keys_shown(&self.keys, keys),
                "entities": parts_shown(&self.entities, keys, names),
            },
        })
    }
}

// === impl Part ===

impl Part {
    fn add(&mut self, row: &Activity) {
        cents::add(&mut self.totals, &row.totals);
        if let Some(key) = row.key_id.as_ref().filter(|key| !key.is_empty()) {
            cents::add(self.keys.entry(key.clone()).or_default(), &row.totals);
        }
    }
}

fn parts_shown(parts: &BTreeMap<String, Part>, keys: &KeyNames, names: &Names) -> Value {
    let shown = parts.iter().map(|(name, part)| {
        let metadata = names.get(name).cloned().unwrap_or_else(|| json!({}));
        let part = json!({
            "metrics": cents::metrics(&part.totals),
            "metadata": metadata,
            "api_key_breakdown": keys_shown(&part.keys, keys),
        });
        (name.clone(), part)
    });
    shown.collect::<Map<String, Value>>().into()
}

fn keys_shown(sums: &BTreeMap<String, Totals>, keys: &KeyNames) -> Value {
    let shown = sums.iter().map(|(key, totals)| {
        let told = json!({"metrics": cents::metrics(totals), "metadata": keys.metadata(key)});
        (key.clone(), told)
    });
    shown.collect::<Map<String, Value>>().into()
}
