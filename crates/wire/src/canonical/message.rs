//! Messages and the blocks they are made of.

use super::RawJson;
use crate::dialect::DialectId;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions of the operator.
    System,
    /// Instructions of the developer: OpenAI's newer name for `System`; the same elsewhere.
    Developer,
    /// The person, and the tools that answer on the person's side.
    User,
    /// The model.
    Assistant,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The participant's name, where the dialect knows one.
    pub name: Option<String>,
    /// What is said, in order.
    pub content: Vec<Block>,
}

/// One piece of content with its attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The content.
    pub kind: BlockKind,
    /// A prompt cache breakpoint behind this block.
    pub cache: Option<CacheControl>,
}

/// The kinds of content.
#[derive(Debug, Clone, PartialEq)]
pub enum BlockKind {
    /// Plain text.
    Text {
        /// The text.
        text: String,
        /// Citations in the origin's own format, kept for the same dialect.
        citations: Option<RawJson>,
    },
    /// A picture.
    Image(Media),
    /// A PDF or text document.
    Document(Media),
    /// A sound recording.
    Audio(Media),
    /// A film.
    Video(Media),
    /// The model's reasoning.
    Thinking {
        /// The reasoning; may be empty when only its signature is known.
        text: String,
        /// The provider's proof that it wrote it; must return to it unchanged. With an empty
        /// `text` it belongs to the block that follows (Gemini signs answers, too).
        signature: Option<String>,
    },
    /// Reasoning that the provider encrypted (Anthropic `redacted_thinking`).
    RedactedThinking {
        /// The encrypted reasoning.
        data: String,
    },
    /// The model calls a tool.
    ToolUse {
        /// Echoed by the result. See [`super::split_thought_id`] for what may be appended to it.
        id: String,
        /// The tool's name.
        name: String,
        /// The arguments as JSON text; empty means `{}`.
        arguments: String,
    },
    /// A tool's answer.
    ToolResult {
        /// The call's id.
        id: String,
        /// The tool's name, where the dialect gives it.
        name: Option<String>,
        /// Text, images or documents.
        content: Vec<Block>,
        /// The tool failed.
        is_error: bool,
    },
    /// The model declines to answer, in its own words (OpenAI `refusal`).
    Refusal {
        /// Those words.
        text: String,
    },
    /// Something only its own dialect understands (a server tool's call or result).
    Opaque {
        /// Whose it is.
        origin: DialectId,
        /// Its type as that dialect names it, for the report of what was left out.
        what: String,
        /// The block itself.
        raw: RawJson,
    },
}

/// A picture, document, recording or film.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Media {
    /// Where the bytes are.
    pub source: MediaSource,
    /// MIME type, when known (`image/png`).
    pub mime: Option<String>,
    /// File name or title, when known.
    pub title: Option<String>,
    /// OpenAI's `detail` for images: `low`, `high` or `auto`.
    pub detail: Option<String>,
}

/// Where the bytes of a medium are.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaSource {
    /// Here, in standard base64.
    Base64(String),
    /// At a URL (not a `data:` one; those are decoded to `Base64`).
    Url(String),
    /// In the provider's file store, by id or URI.
    File(String),
    /// Here, as plain text.
    Text(String),
}

/// A prompt cache breakpoint (Anthropic `cache_control: {type: "ephemeral"}`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CacheControl {
    /// How long to keep it (`5m`, `1h`); the provider's default when absent.
    pub ttl: Option<String>,
}

// === impl Message ===

impl Message {
    /// A message of `role` with one text block.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            name: None,
            content: vec![Block::text(text)],
        }
    }
}

// === impl Block ===

impl Block {
    /// A block without attributes.
    pub fn new(kind: BlockKind) -> Self {
        Self { kind, cache: None }
    }

    /// A plain text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(BlockKind::Text {
            text: text.into(),
            citations: None,
        })
    }

    /// The text of a text block.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            BlockKind::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// What the loss of `block` is called where instructions are text and it is none.
pub(crate) fn no_instruction(block: &Block) -> String {
    let what = match &block.kind {
        BlockKind::Opaque { what, .. } => what,
        _ => "system",
    };
    format!("messages[].{what}")
}

// === impl Media ===

impl Media {
    /// A medium from a URL as OpenAI writes it: `data:` URLs are taken apart, others kept.
    pub fn from_url(url: &str) -> Self {
        let Some((head, data)) = url
            .strip_prefix("data:")
            .and_then(|rest| rest.split_once(','))
        else {
            return Self {
                source: MediaSource::Url(url.to_owned()),
                ..Self::default()
            };
        };
        let mut parts = head.split(';');
        let mime = parts.next().filter(|m| !m.is_empty()).map(str::to_owned);
        let source = if parts.any(|p| p.eq_ignore_ascii_case("base64")) {
            MediaSource::Base64(data.to_owned())
        } else {
            MediaSource::Text(data.to_owned())
        };
        Self {
            source,
            mime,
            ..Self::default()
        }
    }

    /// The medium as a URL: a `data:` one when the bytes are here; `None` for a stored file.
    pub fn to_url(&self, default_mime: &str) -> Option<String> {
        let mime = self.mime.as_deref().unwrap_or(default_mime);
        match &self.source {
            MediaSource::Url(url) => Some(url.clone()),
            MediaSource::Base64(data) => Some(format!("data:{mime};base64,{data}")),
            MediaSource::Text(text) => {
                use base64::Engine as _;
                let data = base64::engine::general_purpose::STANDARD.encode(text);
                Some(format!("data:{mime};base64,{data}"))
            }
            MediaSource::File(_) => None,
        }
    }
}

impl Default for MediaSource {
    fn default() -> Self {
        Self::Text(String::new())
    }
}
