//! The price of a model, ready to be calculated with.

mod bucket;
mod name;
mod off_peak;
mod rates;
mod units;

use lockgate_wire::canonical::ServiceTier;
use serde_json::{Map, Value};

pub(super) use self::bucket::{BUCKETS, PerBucket};
pub use self::bucket::{Bucket, buckets};
use self::name::TokenPrice;
use self::off_peak::Hours;
pub(super) use self::rates::List;
use self::rates::{Published, step};
pub(super) use self::units::{Unit, Units};
use super::rate::{Rate, decimal};

/// What a model costs. Everything is resolved: nothing has to be looked up for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The entry it comes from.
    key: Box<str>,
    mode: Box<str>,
    /// Standard first; empty where tokens cost nothing that anybody knows.
    lists: Vec<List>,
    off_peak: Option<(Hours, Vec<List>)>,
    pub(super) units: Units,
    /// A request that reaches a threshold is beyond it (xAI).
    inclusive: bool,
    pub(super) factors: Factors,
    max_input_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
}

/// What prices are multiplied by, in millionths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Factors {
    /// For answers served at the speed that costs more.
    pub(super) fast: i64,
    /// For answers bound to the United States.
    pub(super) us_only: i64,
    /// For regional hosts of OpenAI: in the EU, in the US.
    pub(super) residency: [i64; 2],
    /// For locations of Vertex AI other than `global`.
    pub(super) located: i64,
}

/// A price that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: expected {expected}")]
pub struct BadPrice {
    /// The member that holds it.
    pub field: String,
    /// What should stand there.
    pub expected: &'static str,
}

/// One, in millionths.
pub(super) const ONE: i64 = 1_000_000;

// === impl Price ===

impl Price {
    /// The price of the entry `key`, whose members have LiteLLM's names.
    ///
    /// # Errors
    ///
    /// When a price is none, or has another shape than LiteLLM's.
    pub fn read(key: &str, members: &Map<String, Value>) -> Result<Self, BadPrice> {
        let published = Published::read(members)?;
        let off_peak = members
            .get("off_peak_pricing")
            .filter(|block| !block.is_null());
        let off_peak = off_peak.map(|block| {
            let block = block.as_object();
            let block = block.ok_or_else(|| BadPrice::new("off_peak_pricing", "an object"))?;
            Ok((Hours::read(block)?, published.lists(&step(block)?)))
        });
        let text = |name| {
            members
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        Ok(Self {
            key: key.into(),
            mode: text("mode").into(),
            lists: published.lists(&[None; BUCKETS]),
            off_peak: off_peak.transpose()?,
            units: Units::read(members)?,
            inclusive: text("litellm_provider") == "xai",
            factors: Factors::read(members)?,
            max_input_tokens: limit(members, "max_input_tokens")?.or(limit(members, "max_tokens")?),
            max_output_tokens: limit(members, "max_output_tokens")?,
        })
    }

    /// The entry of the catalogue, or of the operator's file, that it comes from.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the model does, in LiteLLM's words; empty when nobody says.
    #[must_use]
    pub fn mode(&self) -> &str {
        &self.mode
    }

    /// The most tokens the model reads.
    #[must_use]
    pub fn max_input_tokens(&self) -> Option<u64> {
        self.max_input_tokens
    }

    /// The most tokens the model writes.
    #[must_use]
    pub fn max_output_tokens(&self) -> Option<u64> {
        self.max_output_tokens
    }

    /// Whether nothing at all is priced: an entry of limits only.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.lists.is_empty() && self.units.is_empty()
    }

    /// Whether everything is free. Budgets do not concern such a model.
    #[must_use]
    pub fn is_free(&self) -> bool {
        let lists = self
            .lists
            .iter()
            .chain(self.off_peak.iter().flat_map(|(_, lists)| lists));
        let mut rates = lists
            .flat_map(|list| &list.bands)
            .flat_map(|band| band.rates);
        !self.is_unknown() && rates.all(|rate| rate == Rate::FREE) && self.units.are_free()
    }

    /// Whether any token costs anything.
    pub(super) fn prices_tokens(&self) -> bool {
        let bands = self.lists.iter().flat_map(|list| &list.bands);
        bands
            .flat_map(|band| band.rates)
            .any(|rate| rate > Rate::FREE)
    }

    /// The prices of the tokens of a request with so many input tokens, at a time in seconds since
    /// 1970. A tier without prices of its own has the standard ones.
    pub(super) fn rates(&self, tier: ServiceTier, input: u64, at: i64) -> Option<&PerBucket<Rate>> {
        let off_peak = self
            .off_peak
            .as_ref()
            .filter(|_| tier != ServiceTier::Batch);
        let lists = match off_peak.filter(|(hours, _)| hours.include(at)) {
            Some((_, lists)) => lists,
            None => &self.lists,
        };
        let own = lists.iter().find(|list| list.tier == tier);
        let bands = &own.or_else(|| lists.first())?.bands;
        let mut crossed = bands.iter().rev();
        let band = crossed.find(|band| self.crosses(input, band.above));
        band.or_else(|| bands.first()).map(|band| &band.rates)
    }

    /// The lists that a request of this tier, or of any, may be served from.
    pub(super) fn lists(&self, tier: Option<ServiceTier>) -> impl Iterator<Item = &List> {
        let off_peak = self.off_peak.iter().flat_map(|(_, lists)| lists);
        let known = tier.filter(|tier| self.lists.iter().any(|list| list.tier == *tier));
        let tier = tier.map(|_| known.unwrap_or_default());
        let all = self.lists.iter().chain(off_peak);
        all.filter(move |list| tier.is_none_or(|tier| list.tier == tier))
    }

    /// Whether so many input tokens are beyond a threshold.
    pub(super) fn crosses(&self, input: u64, above: u64) -> bool {
        input > above || self.inclusive && input == above
    }
}

// === impl Factors ===

impl Factors {
    fn read(members: &Map<String, Value>) -> Result<Self, BadPrice> {
        let entry = members
            .get("provider_specific_entry")
            .and_then(Value::as_object);
        let specific = |name: &str| entry.map_or(Ok(ONE), |entry| factor(entry, name));
        Ok(Self {
            fast: specific("fast")?,
            us_only: specific("us")?,
            residency: [
                factor(members, "regional_processing_uplift_multiplier_eu")?,
                factor(members, "regional_processing_uplift_multiplier_us")?,
            ],
            located: factor(members, "regional_endpoint_uplift_multiplier")?,
        })
    }
}

fn factor(members: &Map<String, Value>, name: &str) -> Result<i64, BadPrice> {
    let Some(value) = members.get(name).filter(|value| !value.is_null()) else {
        return Ok(ONE);
    };
    let factor = match value {
        Value::Number(number) => decimal(&number.to_string(), 6),
        Value::String(text) => decimal(text, 6),
        _ => None,
    };
    factor.ok_or_else(|| BadPrice::new(name, "a factor"))
}

// === impl BadPrice ===

impl BadPrice {
    fn new(field: &str, expected: &'static str) -> Self {
        Self {
            field: field.to_owned(),
            expected,
        }
    }
}

/// The price under a name; `None` where there is none.
fn price(members: &Map<String, Value>, name: &str) -> Result<Option<Rate>, BadPrice> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => Rate::read(value)
            .map(Some)
            .ok_or_else(|| BadPrice::new(name, "a price in dollars, zero or more")),
    }
}

fn limit(members: &Map<String, Value>, name: &str) -> Result<Option<u64>, BadPrice> {
    let Some(value) = members.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let whole = || value.as_f64().filter(|number| *number >= 0.0);
    let limit = value
        .as_u64()
        .or_else(|| whole().map(|number| number as u64))
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    limit
        .map(Some)
        .ok_or_else(|| BadPrice::new(name, "a number of tokens"))
}

/// Whether a member is one that decides what a model costs.
#[must_use]
pub fn is_price(name: &str) -> bool {
    name.contains("cost_per_")
        || TokenPrice::named(name).is_some()
        || name.contains("_token_cost")
        || name.contains("_uplift_multiplier")
        || matches!(
            name,
            "cost_per_second"
                | "tiered_pricing"
                | "off_peak_pricing"
                | "provider_specific_entry"
                | "web_search_billing_unit"
        )
}
