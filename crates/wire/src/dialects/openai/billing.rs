//! What servers of OpenAI's dialects say about the cost of an answer.
//!
//! Sources: OpenRouter, "Usage Accounting" (`cost`, and `cost_details` where the customer's own key
//! was used); Perplexity API reference, `UsageInfo` (`cost.total_cost`, `num_search_queries`); xAI,
//! "Cost Tracking" (`cost_in_usd_ticks`, `server_side_tool_usage_details`).

use serde::Deserialize;

use super::lenient;
use crate::canonical::Billing;

/// Trillionths of a dollar in a tick of xAI's, of which a dollar has ten billion.
const PER_TICK: u64 = 100;

/// A cost as one number, or in parts with their total.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum CostIn {
    Amount(f64),
    Parts { total_cost: f64 },
}

/// What OpenRouter's customer paid to the owner of the model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CostDetailsIn {
    #[serde(deserialize_with = "lenient::number")]
    upstream_inference_cost: Option<f64>,
}

/// Calls of the tools that xAI runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ToolsIn {
    #[serde(deserialize_with = "lenient::count")]
    web_search_calls: Option<u64>,
}

/// All of it, from a usage object.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told<'u> {
    pub(crate) cost: Option<CostIn>,
    /// The customer's own key was used: `cost` is the broker's fee alone.
    pub(crate) own_key: bool,
    pub(crate) details: Option<&'u CostDetailsIn>,
    pub(crate) ticks: Option<u64>,
    pub(crate) queries: Option<u64>,
    pub(crate) tools: Option<&'u ToolsIn>,
}

// === impl Told ===

impl Told<'_> {
    pub(crate) fn billing(self) -> Billing {
        let fee = self.cost.and_then(|cost| match cost {
            CostIn::Amount(dollars)
            | CostIn::Parts {
                total_cost: dollars,
            } => Billing::dollars(dollars),
        });
        let upstream = self.details.filter(|_| self.own_key);
        let upstream = upstream.and_then(|details| details.upstream_inference_cost);
        let upstream = upstream.and_then(Billing::dollars).unwrap_or_default();
        let ticks = self.ticks.map(|ticks| ticks.saturating_mul(PER_TICK));
        let searches = self.tools.and_then(|tools| tools.web_search_calls);
        Billing {
            reported_cost: ticks.or_else(|| fee.map(|fee| fee.saturating_add(upstream))),
            web_searches: self.queries.or(searches).unwrap_or_default(),
            ..Billing::default()
        }
    }
}
