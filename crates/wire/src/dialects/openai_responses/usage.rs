//! Token counts.

use serde::{Deserialize, Serialize};

use super::super::openai::billing::{CostDetailsIn, CostIn, Told, ToolsIn};
use super::super::openai::lenient;
use crate::canonical::{Billing, Usage};

/// The usage object as a server writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UsageIn {
    #[serde(deserialize_with = "lenient::count")]
    input_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    output_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    total_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::object")]
    input_tokens_details: Option<InputIn>,
    #[serde(deserialize_with = "lenient::object")]
    output_tokens_details: Option<OutputIn>,
    #[serde(deserialize_with = "lenient::or_none")]
    cost: Option<CostIn>,
    #[serde(deserialize_with = "lenient::or_none")]
    is_byok: Option<bool>,
    #[serde(deserialize_with = "lenient::object")]
    cost_details: Option<CostDetailsIn>,
    #[serde(deserialize_with = "lenient::count")]
    cost_in_usd_ticks: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    num_search_queries: Option<u64>,
    #[serde(deserialize_with = "lenient::object")]
    server_side_tool_usage_details: Option<ToolsIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputIn {
    #[serde(deserialize_with = "lenient::count")]
    cached_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    cache_write_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    audio_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    image_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputIn {
    #[serde(deserialize_with = "lenient::count")]
    reasoning_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    audio_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    image_tokens: Option<u64>,
}

/// The usage object for a client (API reference, `ResponseUsage`); every member is required.
#[derive(Debug, Serialize)]
pub(super) struct UsageOut {
    input_tokens: u64,
    input_tokens_details: InputOut,
    output_tokens: u64,
    output_tokens_details: OutputOut,
    total_tokens: u64,
}

#[derive(Debug, Serialize)]
struct InputOut {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Debug, Serialize)]
struct OutputOut {
    reasoning_tokens: u64,
}

// === impl UsageIn ===

impl UsageIn {
    /// The canonical counts; `None` when the object counts nothing (`{}`).
    pub(super) fn to_usage(&self) -> Option<Usage> {
        let (input, output) = (self.input_tokens, self.output_tokens);
        if input.is_none() && output.is_none() && self.total_tokens.is_none() {
            return None;
        }
        let total = self.total_tokens.unwrap_or_default();
        let input = input.unwrap_or_else(|| total.saturating_sub(output.unwrap_or_default()));
        let output = output.unwrap_or_else(|| total.saturating_sub(input));
        let (input, output) = (
            input.min(Usage::IMPLAUSIBLE),
            output.min(Usage::IMPLAUSIBLE),
        );
        let none = (InputIn::default(), OutputIn::default());
        let read = self.input_tokens_details.as_ref().unwrap_or(&none.0);
        let written = self.output_tokens_details.as_ref().unwrap_or(&none.1);
        let part = |count: Option<u64>, left: u64| count.unwrap_or_default().min(left);

        let cache_read = part(read.cached_tokens, input);
        let cache_write = part(read.cache_write_tokens, input - cache_read);
        let reasoning = part(written.reasoning_tokens, output);
        let audio_input = part(read.audio_tokens, input - cache_read - cache_write);
        let audio_output = part(written.audio_tokens, output - reasoning);
        Some(Usage {
            input_tokens: input,
            output_tokens: output,
            cache_read,
            cache_write,
            reasoning,
            audio_input,
            audio_output,
            image_input: part(
                read.image_tokens,
                input - cache_read - cache_write - audio_input,
            ),
            image_output: part(written.image_tokens, output - reasoning - audio_output),
            billing: self.billing(),
            ..Usage::default()
        })
    }

    /// What it says about its price.
    fn billing(&self) -> Billing {
        let told = Told {
            cost: self.cost,
            own_key: self.is_byok.unwrap_or(false),
            details: self.cost_details.as_ref(),
            ticks: self.cost_in_usd_ticks,
            queries: self.num_search_queries,
            tools: self.server_side_tool_usage_details.as_ref(),
        };
        told.billing()
    }
}

// === impl UsageOut ===

impl From<Usage> for UsageOut {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            input_tokens_details: InputOut {
                cached_tokens: usage.cache_read,
                cache_write_tokens: usage.cache_write,
            },
            output_tokens: usage.output_tokens,
            output_tokens_details: OutputOut {
                reasoning_tokens: usage.reasoning,
            },
            total_tokens: usage.total(),
        }
    }
}
