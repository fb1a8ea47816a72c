//! How many input tokens a request can have, without counting them.

use memchr::memmem::Finder;

/// What a body says about the size of the question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputBound {
    /// What its own bytes amount to at most.
    tokens: u64,
    /// It leads to more than it holds.
    open: bool,
}

/// Tokens that a provider may put around a question: its own instructions for tools and thoughts.
/// The largest that is published are Anthropic's for tools, some 700 (Tool use, "Pricing").
const AROUND: u64 = 1_024;

/// Tokens that one picture or page costs at most: more than any provider says of one that is sent
/// in full detail (OpenAI: 10,000 patches for `detail: original`).
const MEDIA: u64 = 10_240;

/// What leads to more input than the body holds, where the model's window is not known.
const UNKNOWN_WINDOW: u64 = 2_000_000;

/// What pictures and documents in a body are written with.
const MEDIA_SIGNS: [&[u8]; 5] = [
    b"\"image",
    b"\"input_image\"",
    b"nline_data\"",
    b"nlineData\"",
    b"\"document\"",
];

/// What stands for something that lies elsewhere: files, conversations, what a tool will find,
/// audio and video, whose tokens are those of their seconds.
const OPEN_SIGNS: [&[u8]; 14] = [
    b"\"file_id\"",
    b"\"file_url\"",
    b"\"file_data\"",
    b"\"fileData\"",
    b"\"input_file\"",
    b"\"input_audio\"",
    b"\"video",
    b"audio/",
    b"video/",
    b"application/pdf",
    b"\"previous_response_id\"",
    b"\"conversation\"",
    b"\"cachedContent\"",
    b"\"web_search",
];

/// The most input tokens of a request with this body.
///
/// A token of a byte-level vocabulary is one byte at least, and JSON never writes a text with fewer
/// bytes than it has; so the length of a body bounds the tokens of its text.
#[must_use]
pub fn input_bound(body: &[u8]) -> InputBound {
    let media = MEDIA_SIGNS.iter().map(|sign| count(body, sign)).sum::<u64>();
    InputBound {
        tokens: (body.len() as u64)
            .saturating_add(AROUND)
            .saturating_add(media.saturating_mul(MEDIA)),
        open: OPEN_SIGNS.iter().any(|sign| Finder::new(sign).find(body).is_some()),
    }
}

fn count(body: &[u8], sign: &[u8]) -> u64 {
    Finder::new(sign).find_iter(body).count() as u64
}

// === impl InputBound ===

impl InputBound {
    /// The bound for a model that reads at most `window` tokens. A provider refuses what is longer,
    /// and charges nothing for it; but a window is a figure from a list, and may be out of date, so it
    /// only counts where the body tells nothing.
    #[must_use]
    pub fn tokens(self, window: Option<u64>) -> u64 {
        if self.open {
            self.tokens.max(window.unwrap_or(UNKNOWN_WINDOW))
        } else {
            self.tokens
        }
    }

    /// Whether the request leads to more than its body holds.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.open
    }
}
