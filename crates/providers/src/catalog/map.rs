//! The operator's own price map, in LiteLLM's format.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::price::{BadPrice, Price, is_price};

/// Entries of the operator's file: each stands in place of the shipped one of the same name.
#[derive(Debug, Default)]
pub struct PriceMap {
    entries: HashMap<String, Own>,
}

#[derive(Debug)]
pub(super) struct Own {
    pub(super) members: Map<String, Value>,
    pub(super) price: Arc<Price>,
}

/// Why a price map is refused, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPriceMap {
    /// It is no JSON object.
    #[error("not a JSON object: {0}")]
    Json(String),
    /// An entry is no object.
    #[error("entry `{0}`: expected an object")]
    NoObject(String),
    /// An entry holds what cannot be a price, or a limit.
    #[error("entry `{entry}`, {problem}")]
    Entry {
        /// The entry's name.
        entry: String,
        /// What is wrong with it.
        problem: BadPrice,
    },
}

/// Entries that are no models: a description of the format, and rules for names that are not listed.
const NO_MODELS: [&str; 2] = ["sample_spec", "fallback_generalizations"];

// === impl PriceMap ===

impl PriceMap {
    /// Reads a map.
    ///
    /// # Errors
    ///
    /// When anything in it cannot be read. Prices are money: half a map is worse than none.
    pub fn read(text: &str) -> Result<Self, BadPriceMap> {
        let map: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| BadPriceMap::Json(error.to_string()))?;
        let mut entries = HashMap::with_capacity(map.len());
        for (key, value) in map {
            if NO_MODELS.contains(&key.as_str()) {
                continue;
            }
            let Value::Object(members) = value else {
                return Err(BadPriceMap::NoObject(key));
            };
            let price = Price::read(&key, &members)
                .and_then(|price| checked(&members).map(|()| price))
                .map_err(|problem| BadPriceMap::Entry {
                    entry: key.clone(),
                    problem,
                })?;
            let price = Arc::new(price);
            entries.insert(key, Own { members, price });
        }
        Ok(Self { entries })
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn get(&self, key: &str) -> Option<(&str, &Own)> {
        let (key, own) = self.entries.get_key_value(key)?;
        Some((key, own))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Own)> {
        self.entries.iter().map(|(key, own)| (key.as_str(), own))
    }
}

/// Prices that nothing is calculated with must be prices nevertheless: a slip of the pen in one of
/// them says something about the others.
pub(super) fn checked(members: &Map<String, Value>) -> Result<(), BadPrice> {
    for (name, value) in members.iter().filter(|(name, _)| is_price(name)) {
        let text = value.as_str();
        let wrong = match value {
            Value::Number(_) => super::Rate::read(value).is_none(),
            Value::String(_) => {
                name.contains("cost") && text.and_then(super::Rate::parse).is_none()
            }
            Value::Bool(_) => true,
            _ => false,
        };
        if wrong {
            return Err(BadPrice {
                field: name.clone(),
                expected: "a price in dollars, zero or more",
            });
        }
    }
    Ok(())
}
