//! Counting tokens when no provider does: an estimate, never an invoice.
//!
//! Texts are counted with OpenAI's `o200k_base` vocabulary. Other vendors' vocabularies differ by
//! some ten percent on prose, more on code and rare scripts. The vocabulary is loaded on first use
//! (about a third of a second, 50 MB that stay); see [`warm_up`].

use lockgate_wire::canonical::{
    Block, BlockKind, ChatRequest, FunctionTool, Media, MediaSource, Tool,
};

/// Per message: role and separators (OpenAI cookbook, "How to count tokens with tiktoken").
const PER_MESSAGE: u64 = 3;
/// For the start of the answer (same source).
const PER_REQUEST: u64 = 3;
/// Per tool: what wraps name, description and schema.
const PER_TOOL: u64 = 8;
/// A picture of 1024 x 1024 in high detail (OpenAI vision guide: 4 tiles of 170, and 85).
const PER_IMAGE: u64 = 765;
/// A picture in low detail (same source).
const PER_SMALL_IMAGE: u64 = 85;
/// A page of a PDF (Anthropic PDF support: 1,500 to 3,000).
const PER_PAGE: u64 = 2_000;
/// Bytes of base64 that a page of a PDF usually takes.
const BYTES_PER_PAGE: usize = 60_000;
/// Half a minute of sound (Gemini API, token counting: 32 tokens a second).
const PER_RECORDING: u64 = 960;
/// Ten seconds of film (same source: 263 tokens a second).
const PER_FILM: u64 = 2_630;

/// Bytes that are really counted; longer texts are sampled evenly. This bounds the time a count
/// takes: some 10 ms for prose, 50 ms for the worst text.
const COUNTED: usize = 128 * 1024;
/// Texts are cut into pieces before they are counted, at a space where one is near. It costs a
/// token here and there, and keeps the time linear and the regex stack flat for a megabyte of
/// spaces.
const PIECE: usize = 1024;

/// The tokens in `text`.
#[must_use]
pub fn count(text: &str) -> u64 {
    count_all(&[text])
}

/// The input tokens of a chat request: texts are counted, media are worth a fixed figure each.
#[must_use]
pub fn estimate(request: &ChatRequest) -> u64 {
    let mut sum = Sum {
        texts: Vec::new(),
        fixed: PER_REQUEST,
    };
    for message in &request.messages {
        sum.fixed += PER_MESSAGE;
        sum.texts.extend(message.name.as_deref());
        for block in &message.content {
            sum.block(block);
        }
    }
    for tool in &request.tools {
        sum.tool(tool);
    }
    sum.fixed + count_all(&sum.texts)
}

/// Loads the vocabulary, so that the first count does not have to. Blocks for up to a second.
pub fn warm_up() {
    tiktoken_rs::o200k_base_singleton();
}

/// What a request is made of.
struct Sum<'a> {
    texts: Vec<&'a str>,
    fixed: u64,
}

// === impl Sum ===

impl<'a> Sum<'a> {
    fn block(&mut self, block: &'a Block) {
        match &block.kind {
            BlockKind::Text { text, .. }
            | BlockKind::Thinking { text, .. }
            | BlockKind::Refusal { text } => self.texts.push(text),
            BlockKind::Image(media) => self.image(media),
            BlockKind::Document(media) => self.document(media),
            BlockKind::Audio(_) => self.fixed += PER_RECORDING,
            BlockKind::Video(_) => self.fixed += PER_FILM,
            // Base64 of encrypted reasoning: four characters hold three bytes, about a token.
            BlockKind::RedactedThinking { data } => self.fixed += data.len() as u64 / 4,
            BlockKind::ToolUse {
                name, arguments, ..
            } => {
                self.fixed += PER_TOOL;
                self.texts.extend([name.as_str(), arguments.as_str()]);
            }
            BlockKind::ToolResult { content, .. } => {
                self.fixed += PER_MESSAGE;
                for block in content {
                    self.block(block);
                }
            }
            BlockKind::Opaque { raw, .. } => self.texts.push(raw.get()),
        }
    }

    fn image(&mut self, media: &Media) {
        self.fixed += match media.detail.as_deref() {
            Some("low") => PER_SMALL_IMAGE,
            _ => PER_IMAGE,
        };
    }

    fn document(&mut self, media: &'a Media) {
        match &media.source {
            MediaSource::Text(text) => self.texts.push(text),
            MediaSource::Base64(data) => {
                self.fixed += PER_PAGE * data.len().div_ceil(BYTES_PER_PAGE).max(1) as u64;
            }
            MediaSource::Url(_) | MediaSource::File(_) => self.fixed += PER_PAGE,
        }
    }

    fn tool(&mut self, tool: &'a Tool) {
        self.fixed += PER_TOOL;
        match tool {
            Tool::Function(FunctionTool {
                name,
                description,
                parameters,
                ..
            }) => {
                self.texts.push(name);
                self.texts.extend(description.as_deref());
                self.texts
                    .extend(parameters.as_ref().map(|schema| schema.get()));
            }
            Tool::Hosted(hosted) => self.texts.push(hosted.raw.get()),
            Tool::WebSearch(_) => {}
        }
    }
}

fn count_all(texts: &[&str]) -> u64 {
    let vocabulary = tiktoken_rs::o200k_base_singleton();
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let stride = bytes.div_ceil(COUNTED).max(1);
    let (mut counted, mut tokens) = (0_usize, 0_usize);
    for piece in texts.iter().flat_map(|text| pieces(text)).step_by(stride) {
        counted += piece.len();
        tokens += vocabulary.encode_ordinary(piece).len();
    }
    scale(tokens, bytes, counted)
}

/// What `tokens` in `counted` bytes mean for all `bytes`.
fn scale(tokens: usize, bytes: usize, counted: usize) -> u64 {
    if counted == 0 || counted == bytes {
        return tokens as u64;
    }
    let scaled = tokens as u128 * bytes as u128 / counted as u128;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// `text` in pieces of at most [`PIECE`] bytes.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, tail) = rest.split_at(cut(rest));
        rest = tail;
        Some(piece)
    })
}

/// Where the first piece of `text` ends: before a space in its second half, so that the space
/// stays with the word behind it, as the vocabulary has it.
fn cut(text: &str) -> usize {
    if text.len() <= PIECE {
        return text.len();
    }
    let end = text.floor_char_boundary(PIECE);
    match memchr::memrchr(b' ', &text.as_bytes()[PIECE / 2..end]) {
        Some(space) => PIECE / 2 + space,
        None => end,
    }
}
