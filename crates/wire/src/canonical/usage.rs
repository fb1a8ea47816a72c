//! Token counts of one answer.

use std::ops::AddAssign;

use super::{Billing, ServiceTier};

/// Tokens read and written. All counts are tokens.
///
/// Invariant: `cache_read + cache_write + audio_input + image_input + video_input <= input_tokens`
/// and `reasoning + audio_output + image_output <= output_tokens`; every token is in a total exactly
/// once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input tokens, cached ones included.
    pub input_tokens: u64,
    /// All output tokens, reasoning included.
    pub output_tokens: u64,
    /// Input tokens read from a prompt cache.
    pub cache_read: u64,
    /// Input tokens written to a prompt cache (any lifetime).
    pub cache_write: u64,
    /// Of `cache_write`, those written with a lifetime of one hour.
    pub cache_write_1h: u64,
    /// Output tokens spent on reasoning.
    pub reasoning: u64,
    /// Input tokens that encode audio.
    pub audio_input: u64,
    /// Output tokens that encode audio.
    pub audio_output: u64,
    /// Of `cache_read`, those that encode audio.
    pub cache_read_audio: u64,
    /// Input tokens that encode pictures, where the provider tells them apart.
    pub image_input: u64,
    /// Input tokens that encode video, where the provider tells them apart.
    pub video_input: u64,
    /// Output tokens that encode pictures, where the provider tells them apart.
    pub image_output: u64,
    /// What else decides the price.
    pub billing: Billing,
}

// === impl Usage ===

impl Usage {
    /// No answer has so many tokens: counts are cut to it, so that sums of them stay numbers, in
    /// JSON too.
    pub(crate) const IMPLAUSIBLE: u64 = 1 << 50;

    /// With no count beyond what is plausible.
    pub(crate) fn plausible(self) -> Self {
        let cut = |count: u64| count.min(Self::IMPLAUSIBLE);
        Self {
            input_tokens: cut(self.input_tokens),
            output_tokens: cut(self.output_tokens),
            cache_read: cut(self.cache_read),
            cache_write: cut(self.cache_write),
            cache_write_1h: cut(self.cache_write_1h),
            reasoning: cut(self.reasoning),
            audio_input: cut(self.audio_input),
            audio_output: cut(self.audio_output),
            cache_read_audio: cut(self.cache_read_audio),
            image_input: cut(self.image_input),
            video_input: cut(self.video_input),
            image_output: cut(self.image_output),
            billing: self.billing,
        }
    }

    /// With the tier that an answer names beside its counts.
    pub(crate) fn served_as(mut self, tier: Option<&str>) -> Self {
        if let Some(tier) = tier.and_then(ServiceTier::named) {
            self.billing.service_tier = Some(tier);
        }
        self
    }

    /// Input plus output tokens. An upstream may say any number.
    pub fn total(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// Input tokens that no cache had or kept: what Anthropic calls `input_tokens`.
    pub fn uncached_input(&self) -> u64 {
        self.input_tokens
            .saturating_sub(self.cache_read.saturating_add(self.cache_write))
    }
}

impl AddAssign for Usage {
    /// Of several answers, as those of one session.
    fn add_assign(&mut self, other: Self) {
        let add = |own: &mut u64, other: u64| *own = own.saturating_add(other);
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.cache_read, other.cache_read);
        add(&mut self.cache_write, other.cache_write);
        add(&mut self.cache_write_1h, other.cache_write_1h);
        add(&mut self.reasoning, other.reasoning);
        add(&mut self.audio_input, other.audio_input);
        add(&mut self.audio_output, other.audio_output);
        add(&mut self.cache_read_audio, other.cache_read_audio);
        add(&mut self.image_input, other.image_input);
        add(&mut self.video_input, other.video_input);
        add(&mut self.image_output, other.image_output);
        self.billing.add(other.billing);
    }
}
