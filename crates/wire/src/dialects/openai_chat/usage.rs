//! Token counts: OpenAI's object with what other servers add to it or leave out.

use serde::{Deserialize, Serialize};

use super::super::openai::billing::{CostDetailsIn, CostIn, Told, ToolsIn};
use super::lenient;
use crate::canonical::{Billing, Usage};

/// The usage object as a server writes it. All spellings seen in the wild, all optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UsageIn {
    #[serde(deserialize_with = "lenient::count")]
    prompt_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    completion_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    total_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::object")]
    prompt_tokens_details: Option<PromptDetailsIn>,
    #[serde(deserialize_with = "lenient::object")]
    completion_tokens_details: Option<CompletionDetailsIn>,
    /// LiteLLM.
    #[serde(deserialize_with = "lenient::count")]
    cache_creation_input_tokens: Option<u64>,
    /// LiteLLM.
    #[serde(deserialize_with = "lenient::count")]
    cache_read_input_tokens: Option<u64>,
    /// `DeepSeek`.
    #[serde(deserialize_with = "lenient::count")]
    prompt_cache_hit_tokens: Option<u64>,
    /// Moonshot.
    #[serde(deserialize_with = "lenient::count")]
    cached_tokens: Option<u64>,
    /// Gateways that answer chat with the Responses API's names.
    #[serde(deserialize_with = "lenient::count")]
    input_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    output_tokens: Option<u64>,
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
struct PromptDetailsIn {
    #[serde(deserialize_with = "lenient::count")]
    cached_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    audio_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    cache_write_tokens: Option<u64>,
    /// LiteLLM.
    #[serde(deserialize_with = "lenient::count")]
    cache_creation_tokens: Option<u64>,
    /// LiteLLM.
    #[serde(deserialize_with = "lenient::object")]
    cache_creation_token_details: Option<CreationDetailsIn>,
    #[serde(deserialize_with = "lenient::count")]
    image_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::object")]
    cached_tokens_details: Option<CachedIn>,
}

/// What kind of input the cached tokens are.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CachedIn {
    #[serde(deserialize_with = "lenient::count")]
    audio_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CreationDetailsIn {
    #[serde(deserialize_with = "lenient::count")]
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetailsIn {
    #[serde(deserialize_with = "lenient::count")]
    reasoning_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    audio_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    image_tokens: Option<u64>,
}

/// The usage object for a client: OpenAI's `CompletionUsage`, with LiteLLM's cache counts where
/// there are any.
#[derive(Debug, Serialize)]
pub(super) struct UsageOut {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetailsOut,
    completion_tokens_details: CompletionDetailsOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_input_tokens: Option<u64>,
}

#[derive(Debug, Serialize)]
struct PromptDetailsOut {
    cached_tokens: u64,
    audio_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_token_details: Option<CreationDetailsOut>,
}

#[derive(Debug, Serialize)]
struct CreationDetailsOut {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Debug, Serialize)]
struct CompletionDetailsOut {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

// === impl UsageIn ===

impl UsageIn {
    /// The canonical counts; `None` when the object counts nothing (`{}`).
    pub(super) fn to_usage(&self) -> Option<Usage> {
        let input = self.prompt_tokens.or(self.input_tokens);
        let output = self.completion_tokens.or(self.output_tokens);
        if input.is_none() && output.is_none() && self.total_tokens.is_none() {
            return None;
        }
        let total = self.total_tokens.unwrap_or_default();
        let input = input.unwrap_or_else(|| total.saturating_sub(output.unwrap_or_default()));
        let output = output.unwrap_or_else(|| total.saturating_sub(input));
        let usage = Usage {
            input_tokens: input.min(Usage::IMPLAUSIBLE),
            output_tokens: output.min(Usage::IMPLAUSIBLE),
            ..self.details()
        };
        Some(reconcile(usage, total))
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

    /// Everything but the two totals, as the server says it.
    fn details(&self) -> Usage {
        let default_prompt = PromptDetailsIn::default();
        let prompt = self
            .prompt_tokens_details
            .as_ref()
            .unwrap_or(&default_prompt);
        let completion = self.completion_tokens_details.as_ref();
        Usage {
            cache_read: prompt
                .cached_tokens
                .or(self.cache_read_input_tokens)
                .or(self.prompt_cache_hit_tokens)
                .or(self.cached_tokens)
                .unwrap_or_default(),
            cache_write: prompt
                .cache_creation_tokens
                .or(prompt.cache_write_tokens)
                .or(self.cache_creation_input_tokens)
                .unwrap_or_default(),
            cache_write_1h: prompt
                .cache_creation_token_details
                .as_ref()
                .and_then(|details| details.ephemeral_1h_input_tokens)
                .unwrap_or_default(),
            reasoning: completion
                .and_then(|details| details.reasoning_tokens)
                .unwrap_or_default(),
            audio_input: prompt.audio_tokens.unwrap_or_default(),
            audio_output: completion
                .and_then(|details| details.audio_tokens)
                .unwrap_or_default(),
            cache_read_audio: prompt
                .cached_tokens_details
                .as_ref()
                .and_then(|details| details.audio_tokens)
                .unwrap_or_default(),
            image_input: prompt.image_tokens.unwrap_or_default(),
            image_output: completion
                .and_then(|details| details.image_tokens)
                .unwrap_or_default(),
            billing: self.billing(),
            ..Usage::default()
        }
    }
}

/// Makes the parts fit into the totals, which is what the canonical form promises.
fn reconcile(mut usage: Usage, total: u64) -> Usage {
    // xAI leaves reasoning out of `completion_tokens`, but counts it in `total_tokens`.
    let apart = usage
        .input_tokens
        .saturating_add(usage.output_tokens)
        .saturating_add(usage.reasoning);
    if usage.reasoning > 0 && total == apart {
        usage.output_tokens = usage.output_tokens.saturating_add(usage.reasoning);
    }
    usage.output_tokens = usage.output_tokens.min(Usage::IMPLAUSIBLE);
    usage.reasoning = usage.reasoning.min(usage.output_tokens);
    usage.audio_output = usage
        .audio_output
        .min(usage.output_tokens - usage.reasoning);
    usage.image_output = usage
        .image_output
        .min(usage.output_tokens - usage.reasoning - usage.audio_output);
    usage.cache_read = usage.cache_read.min(usage.input_tokens);
    usage.cache_read_audio = usage.cache_read_audio.min(usage.cache_read);
    usage.cache_write = usage.cache_write.min(usage.input_tokens - usage.cache_read);
    usage.cache_write_1h = usage.cache_write_1h.min(usage.cache_write);
    // The audio that a cache had is counted with all audio.
    let uncached = usage.input_tokens - usage.cache_read - usage.cache_write;
    usage.audio_input = usage
        .audio_input
        .saturating_sub(usage.cache_read_audio)
        .min(uncached);
    usage.image_input = usage.image_input.min(uncached - usage.audio_input);
    usage
}

// === impl UsageOut ===

impl From<Usage> for UsageOut {
    fn from(usage: Usage) -> Self {
        let written = (usage.cache_write > 0).then_some(usage.cache_write);
        let cached = usage.cache_read > 0 || usage.cache_write > 0;
        Self {
            prompt_tokens: usage.input_tokens,
            completion_tokens: usage.output_tokens,
            total_tokens: usage.total(),
            prompt_tokens_details: PromptDetailsOut {
                cached_tokens: usage.cache_read,
                audio_tokens: usage.audio_input,
                cache_write_tokens: written,
                cache_creation_tokens: written,
                cache_creation_token_details: written.map(|written| CreationDetailsOut {
                    ephemeral_5m_input_tokens: written.saturating_sub(usage.cache_write_1h),
                    ephemeral_1h_input_tokens: usage.cache_write_1h,
                }),
            },
            completion_tokens_details: CompletionDetailsOut {
                reasoning_tokens: usage.reasoning,
                audio_tokens: usage.audio_output,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
            cache_creation_input_tokens: cached.then_some(usage.cache_write),
            cache_read_input_tokens: cached.then_some(usage.cache_read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Usage> {
        serde_json::from_str::<UsageIn>(text).unwrap().to_usage()
    }

    #[test]
    fn reasoning_that_a_server_counts_apart_is_part_of_the_output() {
        let usage = read(
            r#"{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,
                "completion_tokens_details":{"reasoning_tokens":94}}"#,
        );
        let usage = usage.unwrap();
        assert_eq!((usage.output_tokens, usage.reasoning), (103, 94));
        assert_eq!(usage.total(), 135);
    }

    #[test]
    fn every_spelling_of_a_cache_read_is_understood() {
        for cached in [
            r#""prompt_tokens_details":{"cached_tokens":7}"#,
            r#""cache_read_input_tokens":7"#,
            r#""prompt_cache_hit_tokens":7,"prompt_cache_miss_tokens":3"#,
            r#""cached_tokens":7"#,
        ] {
            let text = format!(r#"{{"prompt_tokens":10,"completion_tokens":1,{cached}}}"#);
            assert_eq!(read(&text).unwrap().cache_read, 7, "{cached}");
        }
    }

    #[test]
    fn a_part_never_exceeds_its_total() {
        let usage = read(
            r#"{"prompt_tokens":10,"completion_tokens":2.0,"total_tokens":"12",
                "prompt_tokens_details":{"cached_tokens":8,"cache_creation_tokens":8,"audio_tokens":4},
                "completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":5}}"#,
        );
        let usage = usage.unwrap();
        assert_eq!((usage.cache_read, usage.cache_write), (8, 2));
        assert_eq!((usage.audio_input, usage.audio_output), (0, 0));
        assert_eq!((usage.output_tokens, usage.reasoning), (2, 2));
    }

    #[test]
    fn an_object_without_counts_is_no_usage() {
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"prompt_tokens":null}"#), None);
    }

    #[test]
    fn a_missing_count_follows_from_the_total() {
        let usage = read(r#"{"prompt_tokens":4,"total_tokens":9}"#).unwrap();
        assert_eq!(usage.output_tokens, 5);
    }
}
