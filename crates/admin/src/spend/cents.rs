//! Sums of money and counts as answers have them: added up as whole numbers, shown in dollars.

use std::collections::BTreeMap;

use lockgate_core::ports::Totals;
use serde_json::{Map, Value, json};

/// What is shown by the name it has, the dearest first.
pub(super) fn dearest<K: Ord>(sums: BTreeMap<K, Totals>) -> Vec<(K, Totals)> {
    let mut sums: Vec<(K, Totals)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, totals)| std::cmp::Reverse(totals.cost));
    sums
}

/// Adds `what` to `to`.
pub(super) fn add(to: &mut Totals, what: &Totals) {
    to.cost += what.cost;
    to.requests = to.requests.saturating_add(what.requests);
    to.failed = to.failed.saturating_add(what.failed);
    to.input = to.input.saturating_add(what.input);
    to.output = to.output.saturating_add(what.output);
    to.cache_read = to.cache_read.saturating_add(what.cache_read);
    to.cache_write = to.cache_write.saturating_add(what.cache_write);
    to.milliseconds = to.milliseconds.saturating_add(what.milliseconds);
}

/// Takes `what` off `from`.
pub(super) fn take(from: &mut Totals, what: &Totals) {
    from.cost -= what.cost;
    from.requests = from.requests.saturating_sub(what.requests);
    from.failed = from.failed.saturating_sub(what.failed);
    from.input = from.input.saturating_sub(what.input);
    from.output = from.output.saturating_sub(what.output);
    from.cache_read = from.cache_read.saturating_sub(what.cache_read);
    from.cache_write = from.cache_write.saturating_sub(what.cache_write);
    from.milliseconds = from.milliseconds.saturating_sub(what.milliseconds);
}

/// Input and output tokens.
pub(super) fn tokens(totals: &Totals) -> u64 {
    totals.input.saturating_add(totals.output)
}

/// LiteLLM's `SpendMetrics`: what it counts besides is 0 here.
pub(super) fn metrics(totals: &Totals) -> Map<String, Value> {
    let metrics = json!({
        "spend": totals.cost,
        "flat_cost": 0.0,
        "prompt_tokens": totals.input,
        "completion_tokens": totals.output,
        "cache_read_input_tokens": totals.cache_read,
        "cache_creation_input_tokens": totals.cache_write,
        "compression_saved_tokens": 0,
        "compression_savings_spend": 0.0,
        "prompt_caching_savings_spend": 0.0,
        "gateway_injected_caching_savings_spend": 0.0,
        "autorouter_savings_spend": 0.0,
        "total_tokens": tokens(totals),
        "successful_requests": totals.requests.saturating_sub(totals.failed),
        "failed_requests": totals.failed,
        "api_requests": totals.requests,
        "total_response_time_ms": totals.milliseconds,
        "timed_requests": totals.requests,
    });
    match metrics {
        Value::Object(metrics) => metrics,
        _ => Map::new(),
    }
}
