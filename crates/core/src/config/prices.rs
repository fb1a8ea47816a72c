//! What the operator says about prices.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Prices of the operator's own, and what is taken off and put on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceSettings {
    /// The file that `model_cost_map_url`, or the variable `LITELLM_MODEL_COST_MAP_URL`, names.
    pub map: Option<PriceMapFile>,
    /// `cost_discount_config` and `cost_margin_config`
    pub terms: CostTerms,
}

/// A price map in LiteLLM's format, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceMapFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// What is taken off a cost, and put on it, by provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CostTerms {
    /// The share of the listed price that is not paid, from 0 to 1.
    pub discounts: BTreeMap<String, f64>,
    /// What is charged on top; `global` is for providers that are not named.
    pub margins: BTreeMap<String, CostMargin>,
}

/// What is charged on top of a cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CostMargin {
    /// A share of the cost: 0.1 is ten percent.
    pub percentage: f64,
    /// Dollars for each request.
    pub fixed_amount: f64,
}
