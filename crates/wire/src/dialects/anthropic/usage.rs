//! Token counts: the API counts uncached, cache-read and cache-written input apart.
//!
//! Source: messages API reference, objects `Usage` and `MessageDeltaUsage`.

use serde::{Deserialize, Serialize};

use crate::canonical::{Billing, ServiceTier, Usage};

/// Token counts as an upstream sends them; a stream's later counts are cumulative.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    output_tokens_details: Option<OutputDetails>,
    service_tier: Option<String>,
    server_tool_use: Option<ServerTools>,
    speed: Option<String>,
    inference_geo: Option<String>,
}

/// Calls of the tools that Anthropic runs.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct ServerTools {
    #[serde(default)]
    web_search_requests: u64,
}

/// Tokens written to the cache, by lifetime.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct CacheCreation {
    #[serde(default)]
    ephemeral_1h_input_tokens: u64,
    #[serde(default)]
    ephemeral_5m_input_tokens: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    thinking_tokens: u64,
}

/// Token counts as a client gets them, every required member present.
#[derive(Debug, Serialize)]
pub(super) struct ReplyUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: CacheCreation,
    output_tokens: u64,
    output_tokens_details: Option<OutputDetails>,
    server_tool_use: Option<()>,
    service_tier: Option<&'static str>,
    inference_geo: Option<()>,
    speed: Option<()>,
}

/// Token counts of a stream's `message_delta`.
#[derive(Debug, Serialize)]
pub(super) struct ReplyDeltaUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    output_tokens_details: Option<OutputDetails>,
    server_tool_use: Option<()>,
}

// === impl WireUsage ===

impl WireUsage {
    /// Takes over every count that `later` has.
    pub(super) fn merge(&mut self, later: Self) {
        fn take<T>(slot: &mut Option<T>, later: Option<T>) {
            if later.is_some() {
                *slot = later;
            }
        }
        take(&mut self.input_tokens, later.input_tokens);
        take(&mut self.output_tokens, later.output_tokens);
        take(
            &mut self.cache_creation_input_tokens,
            later.cache_creation_input_tokens,
        );
        take(
            &mut self.cache_read_input_tokens,
            later.cache_read_input_tokens,
        );
        take(&mut self.cache_creation, later.cache_creation);
        take(&mut self.output_tokens_details, later.output_tokens_details);
        take(&mut self.service_tier, later.service_tier);
        take(&mut self.server_tool_use, later.server_tool_use);
        take(&mut self.speed, later.speed);
        take(&mut self.inference_geo, later.inference_geo);
    }

    /// The counts in canonical form: input includes what was cached, parts never exceed totals.
    pub(super) fn to_canonical(&self) -> Usage {
        let by_lifetime = self.cache_creation.unwrap_or_default();
        let cache_write = self.cache_creation_input_tokens.unwrap_or_else(|| {
            by_lifetime
                .ephemeral_1h_input_tokens
                .saturating_add(by_lifetime.ephemeral_5m_input_tokens)
        });
        let cache_read = self.cache_read_input_tokens.unwrap_or_default();
        let output_tokens = self.output_tokens.unwrap_or_default();
        let thinking = self.output_tokens_details.unwrap_or_default();
        let usage = Usage {
            input_tokens: self
                .input_tokens
                .unwrap_or_default()
                .saturating_add(cache_read)
                .saturating_add(cache_write),
            output_tokens,
            cache_read,
            cache_write,
            cache_write_1h: by_lifetime.ephemeral_1h_input_tokens.min(cache_write),
            reasoning: thinking.thinking_tokens.min(output_tokens),
            billing: self.billing(),
            ..Usage::default()
        };
        usage.plausible()
    }

    fn billing(&self) -> Billing {
        let tools = self.server_tool_use.unwrap_or_default();
        Billing {
            service_tier: self.service_tier.as_deref().and_then(ServiceTier::named),
            web_searches: tools.web_search_requests,
            fast: self.speed.as_deref() == Some("fast"),
            us_only: self.inference_geo.as_deref() == Some("us"),
            ..Billing::default()
        }
    }

    /// The tier that served the request, as OpenAI names it.
    pub(super) fn service_tier(&self) -> Option<String> {
        self.service_tier.as_deref().map(|tier| match tier {
            "standard" => "default".to_owned(),
            other => other.to_owned(),
        })
    }
}

// === impl ReplyUsage ===

impl ReplyUsage {
    /// Counts for a client; zeros when the upstream gave none, because the API requires numbers.
    pub(super) fn new(usage: Option<&Usage>, service_tier: Option<&str>) -> Self {
        let usage = usage.copied().unwrap_or_default();
        Self {
            input_tokens: usage.uncached_input(),
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cache_read,
            cache_creation: CacheCreation {
                ephemeral_1h_input_tokens: usage.cache_write_1h,
                ephemeral_5m_input_tokens: usage.cache_write.saturating_sub(usage.cache_write_1h),
            },
            output_tokens: usage.output_tokens,
            output_tokens_details: thinking(&usage),
            server_tool_use: None,
            service_tier: service_tier.and_then(own_tier),
            inference_geo: None,
            speed: None,
        }
    }
}

// === impl ReplyDeltaUsage ===

impl ReplyDeltaUsage {
    /// The same counts for the end of a stream.
    pub(super) fn new(usage: Option<&Usage>) -> Self {
        let usage = usage.copied().unwrap_or_default();
        Self {
            input_tokens: usage.uncached_input(),
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cache_read,
            output_tokens: usage.output_tokens,
            output_tokens_details: thinking(&usage),
            server_tool_use: None,
        }
    }
}

fn thinking(usage: &Usage) -> Option<OutputDetails> {
    (usage.reasoning > 0).then_some(OutputDetails {
        thinking_tokens: usage.reasoning,
    })
}

/// The API knows three tiers only; an OpenAI `flex` or `scale` has no name here.
fn own_tier(tier: &str) -> Option<&'static str> {
    match tier {
        "default" | "standard" => Some("standard"),
        "priority" => Some("priority"),
        "batch" => Some("batch"),
        _ => None,
    }
}
