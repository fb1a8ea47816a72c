//! How many input tokens a request can have, without counting them.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, Match};

use super::worst::Without;

/// What a body says about the size of the question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputBound {
    /// What its own bytes amount to at most.
    tokens: u64,
    /// It leads to more than it holds.
    open: bool,
    /// It has a picture.
    media: bool,
    /// It may ask for what is written to a cache.
    cache: bool,
    /// It may ask for another speed.
    speed: bool,
}

/// Tokens that a provider may put around a question: its own instructions for tools and thoughts.
/// The largest that is published are Anthropic's for tools, some 700 (Tool use, "Pricing").
const AROUND: u64 = 1_024;

/// Tokens that one picture costs at most: more than any provider says of one that is sent
/// in full detail (OpenAI: 10,000 patches for `detail: original`).
const MEDIA: u64 = 10_240;

/// What leads to more input than the body holds, where the model's window is not known.
const UNKNOWN_WINDOW: u64 = 2_000_000;

/// What pictures in a body are written with.
const MEDIA_SIGNS: [&[u8]; 4] = [
    b"\"image",
    b"\"input_image\"",
    b"nline_data\"",
    b"nlineData\"",
];

/// What stands for something that lies elsewhere: files, documents, conversations, what a tool of the
/// provider's will find; audio and video, whose tokens are those of their seconds. Nobody but who
/// hides something writes letters as escapes.
const OPEN_SIGNS: [&[u8]; 26] = [
    b"\"document\"",
    b"\"file_id\"",
    b"\"file_url\"",
    b"ile_data\"",
    b"ileData\"",
    b"\"input_file\"",
    b"\"input_audio\"",
    b"\"video",
    b"audio/",
    b"video/",
    b"application/pdf",
    b"\"previous_response_id\"",
    b"\"conversation\"",
    b"\"cachedContent\"",
    b"\"cached_content\"",
    b"\"container",
    b"\"mcp",
    b"\"web_search",
    b"\"web_fetch",
    b"\"file_search",
    b"\"code_",
    b"\"google",
    b"\"url_context\"",
    b"\"urlContext\"",
    b"\"codeExecution\"",
    ESCAPE,
];

/// How whoever wants something cached says so: `cache_control` (Anthropic, messages API), `cachePoint`
/// (Amazon Bedrock, Converse), `prompt_cache_breakpoint` (OpenAI, chat completions).
const CACHE: &[u8] = b"cache";
/// How whoever wants answers at another speed says so: `speed` (Anthropic, messages API).
const SPEED: &[u8] = b"\"speed\"";

/// How an escaped letter begins; its next digit is one of [`LETTERS`].
const ESCAPE: &[u8] = b"\\u00";
const LETTERS: RangeInclusive<u8> = b'4'..=b'7';

/// Finds all signs in one pass.
enum Signs {
    /// Many bytes at a time. There are no more signs than fit into one register.
    Packed(Searcher),
    /// Byte by byte, where the processor knows nothing better.
    Single(AhoCorasick),
}

/// `None` where it cannot be built, which leaves everything open.
static SIGNS: LazyLock<Option<Signs>> = LazyLock::new(|| {
    let signs = || {
        MEDIA_SIGNS
            .iter()
            .chain(&OPEN_SIGNS)
            .chain([&CACHE, &SPEED])
    };
    match packed::Builder::new().extend(signs()).build() {
        Some(packed) => Some(Signs::Packed(packed)),
        None => AhoCorasick::new(signs()).ok().map(Signs::Single),
    }
});

/// The most input tokens of a request with this body.
///
/// A token of a byte-level vocabulary is one byte at least, and JSON never writes a text with fewer
/// bytes than it has; so the length of a body bounds the tokens of its text.
#[must_use]
pub fn input_bound(body: &[u8]) -> InputBound {
    let mut bound = InputBound {
        tokens: (body.len() as u64).saturating_add(AROUND),
        open: SIGNS.is_none(),
        ..InputBound::default()
    };
    let mut note = |found: Match| match &body[found.range()] {
        CACHE => bound.cache = true,
        SPEED => bound.speed = true,
        ESCAPE => bound.open |= body.get(found.end()).is_some_and(|d| LETTERS.contains(d)),
        _ if found.pattern().as_usize() < MEDIA_SIGNS.len() => {
            bound.media = true;
            bound.tokens = bound.tokens.saturating_add(MEDIA);
        }
        _ => bound.open = true,
    };
    match SIGNS.as_ref() {
        Some(Signs::Packed(signs)) => signs.find_iter(body).for_each(&mut note),
        Some(Signs::Single(signs)) => signs.find_iter(body).for_each(&mut note),
        None => {}
    }
    bound
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

    /// What a request with this body cannot do, where everything that costs more is asked for by name.
    #[must_use]
    pub fn without(self) -> Without {
        Without {
            long_cache: !(self.open || self.cache),
            cache: !(self.open || self.cache),
            media: self.is_text(),
            fast: !(self.open || self.speed),
            ..Without::default()
        }
    }

    /// The bound of a body that becomes larger with the members of another one: those are not counted,
    /// but what they may lead to is.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            tokens: self.tokens,
            open: self.open || other.open,
            media: self.media || other.media,
            cache: self.cache || other.cache,
            speed: self.speed || other.speed,
        }
    }

    /// Whether all that is sent is text.
    #[must_use]
    pub fn is_text(self) -> bool {
        !(self.open || self.media)
    }

    /// Whether the request leads to more than its body holds.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.open
    }
}
