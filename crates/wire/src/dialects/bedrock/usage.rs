//! Token counts: input that was read from or written to a cache is counted apart.
//!
//! Source: service model, `TokenUsage`; user guide, "Prompt caching" (`inputTokens` are those that
//! no cache had or kept).

use serde::{Deserialize, Serialize};

use crate::canonical::Usage;

/// Token counts as an upstream sends them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
    cache_details: Option<Vec<CacheDetail>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CacheDetail {
    ttl: Option<String>,
    input_tokens: Option<u64>,
}

/// Token counts as a client gets them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReplyUsage {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    cache_read_input_tokens: u64,
    cache_write_input_tokens: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cache_details: Vec<ReplyDetail>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplyDetail {
    ttl: &'static str,
    input_tokens: u64,
}

// === impl WireUsage ===

impl WireUsage {
    /// The counts in canonical form: input includes what was cached, parts never exceed totals.
    pub(super) fn to_canonical(&self) -> Usage {
        let details = self.cache_details.as_deref().unwrap_or_default();
        let written = |ttl: Option<&str>| {
            details
                .iter()
                .filter(|detail| ttl.is_none() || detail.ttl.as_deref() == ttl)
                .filter_map(|detail| detail.input_tokens)
                .fold(0, u64::saturating_add)
        };
        let cache_read = self.cache_read_input_tokens.unwrap_or_default();
        let cache_write = self
            .cache_write_input_tokens
            .unwrap_or_else(|| written(None));
        let usage = Usage {
            input_tokens: self
                .input_tokens
                .unwrap_or_default()
                .saturating_add(cache_read)
                .saturating_add(cache_write),
            output_tokens: self.output_tokens.unwrap_or_default(),
            cache_read,
            cache_write,
            cache_write_1h: written(Some("1h")).min(cache_write),
            ..Usage::default()
        };
        usage.plausible()
    }
}

// === impl ReplyUsage ===

impl ReplyUsage {
    /// Counts for a client; zeros when the upstream gave none, because the API requires numbers.
    pub(super) fn new(usage: Option<&Usage>) -> Self {
        let usage = usage.copied().unwrap_or_default();
        let short = usage.cache_write.saturating_sub(usage.cache_write_1h);
        // The service sorts them so, and leaves out what is nothing.
        let details = [("1h", usage.cache_write_1h), ("5m", short)];
        Self {
            input_tokens: usage.uncached_input(),
            output_tokens: usage.output_tokens,
            total_tokens: usage.total(),
            cache_read_input_tokens: usage.cache_read,
            cache_write_input_tokens: usage.cache_write,
            cache_details: details
                .into_iter()
                .filter(|(_, tokens)| *tokens > 0)
                .map(|(ttl, input_tokens)| ReplyDetail { ttl, input_tokens })
                .collect(),
        }
    }
}
