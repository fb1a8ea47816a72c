//! What a request used, as far as it decides what it cost.

use lockgate_wire::canonical::{ServiceTier, Usage};

/// What is known about a request when it ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Token counts, when anybody gave any.
    pub usage: Option<Usage>,
    /// The counts are ours, because the provider gave none.
    pub estimated: bool,
    /// The tier that was asked for. The one that the answer names wins.
    pub tier: Option<ServiceTier>,
    /// When the answer was made, in seconds since 1970.
    pub at: i64,
    /// What is not counted in tokens.
    pub quantities: Quantities,
    /// Size of a picture or resolution of a video: `1024x1024`, `4K`, `720p`.
    pub size: Option<&'a str>,
    /// How much a search of the web was to find.
    pub search_context: SearchContext,
}

/// What is not counted in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quantities {
    /// Queries of a search, or units that a rerank is charged by.
    pub queries: u64,
    /// Results that a search may have at most.
    pub results: u64,
    /// Milliseconds from the request to the end of its answer.
    pub elapsed_ms: u64,
    /// Milliseconds of audio that was sent.
    pub audio_input_ms: u64,
    /// Milliseconds of video that was sent.
    pub video_input_ms: u64,
    /// Milliseconds of audio or video that was made.
    pub output_ms: u64,
    /// Characters that were sent, for speech.
    pub input_characters: u64,
    /// Characters of the answer.
    pub output_characters: u64,
    /// Pictures that were sent.
    pub input_images: u64,
    /// Pictures that were made.
    pub output_images: u64,
    /// Pixels of all pictures that were made.
    pub output_pixels: u64,
    /// Pages that were read.
    pub pages: u64,
    /// Pages that were annotated.
    pub annotated_pages: u64,
    /// Credits that the provider took.
    pub credits: u64,
    /// Questions to a map.
    pub maps_queries: u64,
    /// Sessions of a code interpreter.
    pub code_sessions: u64,
    /// Searches of files.
    pub file_searches: u64,
    /// Tokens of what is cited (Perplexity's `citation_tokens`).
    pub citation_tokens: u64,
}

/// How much a search of the web was to find (OpenAI's `search_context_size`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SearchContext {
    /// `low`
    Low,
    /// `medium`, and what is not said.
    #[default]
    Medium,
    /// `high`
    High,
}

// === impl Facts ===

impl Facts<'_> {
    /// The tier that counts.
    pub(super) fn served_as(&self) -> ServiceTier {
        let served = self.usage.and_then(|usage| usage.billing.service_tier);
        served.or(self.tier).unwrap_or_default()
    }

    /// Whether anything is known to have been used.
    pub(super) fn is_empty(&self) -> bool {
        let used = |usage: Usage| usage.total() > 0 || usage.billing.web_searches > 0;
        let other = Quantities {
            elapsed_ms: 0,
            ..self.quantities
        };
        !self.usage.is_some_and(used) && other == Quantities::default()
    }
}
