//! Token counts of one answer.

/// Tokens read and written. All counts are tokens.
///
/// Invariant: `cache_read + cache_write + audio_input <= input_tokens` and
/// `reasoning + audio_output <= output_tokens`; every token is in a total exactly once.
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
}

// === impl Usage ===

impl Usage {
    /// Input plus output tokens.
    pub fn total(&self) -> u64 {
        self.input_tokens + self.output_tokens
    }

    /// Input tokens that no cache had or kept: what Anthropic calls `input_tokens`.
    pub fn uncached_input(&self) -> u64 {
        self.input_tokens
            .saturating_sub(self.cache_read + self.cache_write)
    }
}
