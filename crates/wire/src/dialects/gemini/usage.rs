//! `usageMetadata`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::proto::{Count, Many};
use crate::canonical::{Billing, ServiceTier, Usage};
use crate::dialect::TranslateError;

/// Token counts as the API reports them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UsageMetadata {
    #[serde(alias = "prompt_token_count")]
    prompt_token_count: Option<Count>,
    #[serde(alias = "cached_content_token_count")]
    cached_content_token_count: Option<Count>,
    #[serde(
        alias = "candidates_token_count",
        alias = "responseTokenCount",
        alias = "response_token_count"
    )]
    candidates_token_count: Option<Count>,
    #[serde(alias = "thoughts_token_count")]
    thoughts_token_count: Option<Count>,
    #[serde(alias = "tool_use_prompt_token_count")]
    tool_use_prompt_token_count: Option<Count>,
    #[serde(alias = "total_token_count")]
    total_token_count: Option<Count>,
    #[serde(alias = "prompt_tokens_details")]
    prompt_tokens_details: Option<Many<ModalityCount>>,
    #[serde(alias = "cache_tokens_details")]
    cache_tokens_details: Option<Many<ModalityCount>>,
    #[serde(
        alias = "candidates_tokens_details",
        alias = "responseTokensDetails",
        alias = "response_tokens_details"
    )]
    candidates_tokens_details: Option<Many<ModalityCount>>,
    /// Vertex AI: how the request was served.
    #[serde(alias = "traffic_type")]
    traffic_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ModalityCount {
    modality: Option<String>,
    #[serde(alias = "token_count")]
    token_count: Option<Count>,
}

/// Token counts as written: the totals always, the rest where there is something to say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageOut {
    prompt_token_count: u64,
    candidates_token_count: u64,
    total_token_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    cached_content_token_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    thoughts_token_count: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prompt_tokens_details: Vec<ModalityOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cache_tokens_details: Vec<ModalityOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates_tokens_details: Vec<ModalityOut>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ModalityOut {
    modality: &'static str,
    token_count: u64,
}

// === impl UsageMetadata ===

impl UsageMetadata {
    /// The counts in canonical form, held to its invariants where the provider's do not add up.
    pub(super) fn to_usage(&self) -> Usage {
        let count = |count: Option<Count>| count.unwrap_or_default().0.min(Usage::IMPLAUSIBLE);
        // What tools of Google's own read is input, too, but counted apart.
        let input_tokens =
            count(self.prompt_token_count).saturating_add(count(self.tool_use_prompt_token_count));
        let candidates = count(self.candidates_token_count);
        let thoughts = count(self.thoughts_token_count);
        let total = count(self.total_token_count);
        // Vertex has counted thoughts among the candidates' tokens; the total tells.
        let inclusive = thoughts > 0
            && thoughts <= candidates
            && total == input_tokens.saturating_add(candidates);
        let output_tokens = match (self.candidates_token_count, inclusive) {
            (Some(_), true) => candidates,
            (Some(_), false) => candidates.saturating_add(thoughts),
            (None, _) => thoughts.max(total.saturating_sub(input_tokens)),
        };
        let cache_read = count(self.cached_content_token_count).min(input_tokens);
        let read = |kind| tokens(self.prompt_tokens_details.as_ref(), kind);
        let cached = |kind| tokens(self.cache_tokens_details.as_ref(), kind);
        let written = |kind| tokens(self.candidates_tokens_details.as_ref(), kind);
        let uncached = input_tokens - cache_read;
        let fresh = |kind| read(kind).saturating_sub(cached(kind));
        let audio_input = fresh("AUDIO").min(uncached);
        let image_input = fresh("IMAGE").min(uncached - audio_input);
        let answer = output_tokens - thoughts.min(output_tokens);
        let audio_output = written("AUDIO").min(answer);
        Usage {
            input_tokens,
            output_tokens,
            cache_read,
            reasoning: thoughts,
            audio_input,
            audio_output,
            cache_read_audio: cached("AUDIO").min(cache_read),
            image_input,
            video_input: fresh("VIDEO").min(uncached - audio_input - image_input),
            image_output: written("IMAGE").min(answer - audio_output),
            billing: Billing {
                service_tier: self.traffic_type.as_deref().and_then(ServiceTier::named),
                ..Billing::default()
            },
            ..Usage::default()
        }
    }
}

/// How many tokens of a modality there are.
fn tokens(details: Option<&Many<ModalityCount>>, kind: &str) -> u64 {
    details.map_or(0, |details| {
        details
            .0
            .iter()
            .filter(|detail| detail.modality.as_deref() == Some(kind))
            .map(|detail| {
                detail
                    .token_count
                    .unwrap_or_default()
                    .0
                    .min(Usage::IMPLAUSIBLE)
            })
            .fold(0, u64::saturating_add)
    })
}

// === impl UsageOut ===

impl UsageOut {
    /// The counts as the API reports them; zeros when the upstream gave none.
    pub(super) fn new(usage: Option<&Usage>) -> Self {
        let usage = usage.copied().unwrap_or_default();
        let candidates = usage.output_tokens.saturating_sub(usage.reasoning);
        Self {
            prompt_token_count: usage.input_tokens,
            candidates_token_count: candidates,
            total_token_count: usage.total(),
            cached_content_token_count: usage.cache_read,
            thoughts_token_count: usage.reasoning,
            prompt_tokens_details: details(usage.input_tokens, usage.audio_input),
            cache_tokens_details: details(usage.cache_read, 0),
            candidates_tokens_details: match usage.audio_output {
                0 => Vec::new(),
                audio => details(candidates, audio),
            },
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenCountOut {
    total_tokens: u64,
    prompt_tokens_details: Vec<ModalityOut>,
}

/// Writes the answer to `countTokens`.
pub(super) fn encode_count(input_tokens: u64) -> Result<Bytes, TranslateError> {
    let out = TokenCountOut {
        total_tokens: input_tokens,
        prompt_tokens_details: details(input_tokens, 0),
    };
    serde_json::to_vec(&out)
        .map(Bytes::from)
        .map_err(|e| TranslateError::invalid(e.to_string()))
}

/// What of `total` is text and what is audio; pictures are not told apart from text here.
fn details(total: u64, audio: u64) -> Vec<ModalityOut> {
    [
        ("TEXT", total.saturating_sub(audio)),
        ("AUDIO", audio.min(total)),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(modality, token_count)| ModalityOut {
        modality,
        token_count,
    })
    .collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
