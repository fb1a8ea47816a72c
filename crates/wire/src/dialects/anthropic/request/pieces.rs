//! Content blocks as they are written for an upstream.
//!
//! Source: messages API reference, `ContentBlockParam`.

use std::borrow::Cow;

use serde::Serialize;

use super::super::block::WireCache;
use super::super::citations;
use super::super::media::{self, Source};
use crate::canonical::{
    Block, BlockKind, Loss, Media, MediaSource, RawJson, Role, fitting_tool_id, input_object,
};
use crate::claude::thinking::is_foreign;
use crate::dialect::DialectId;

/// A block of a message.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Piece<'a> {
    Block(OutBlock<'a>),
    /// A block of this dialect, as the client wrote it.
    Raw(&'a RawJson),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum OutBlock<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        citations: Option<&'a RawJson>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<WireCache>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<WireCache>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<WireCache>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Cow<'a, RawJson>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<WireCache>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Piece<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<WireCache>,
    },
}

/// Reports what the pieces of one request lose and need.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) losses: Vec<Loss>,
    pub(super) betas: Vec<&'static str>,
}

// === impl Piece ===

impl<'a> Piece<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Block(OutBlock::Text {
            text: text.into(),
            citations: None,
            cache_control: None,
        })
    }
}

/// Writes one block of a message of `role`; `None` when it is empty or cannot be said.
pub(super) fn encode<'a>(block: &'a Block, role: Role, report: &mut Report) -> Option<Piece<'a>> {
    let cache_control = WireCache::of(block.cache.as_ref());
    let piece = match &block.kind {
        BlockKind::Text { text, citations } => {
            // The API refuses texts of nothing but white space.
            if text.trim().is_empty() {
                return None;
            }
            OutBlock::Text {
                text: Cow::Borrowed(text),
                citations: citations::own(citations.as_ref()),
                cache_control,
            }
        }
        BlockKind::Refusal { text } => {
            return (!text.trim().is_empty()).then(|| Piece::text(text.as_str()));
        }
        BlockKind::Image(_)
        | BlockKind::Document(_)
        | BlockKind::Audio(_)
        | BlockKind::Video(_) => {
            return medium(&block.kind, cache_control, role, report);
        }
        BlockKind::Thinking { text, signature } => match signature {
            Some(signature) if is_foreign(signature) => {
                report.hint("messages[].thinking_blocks");
                return None;
            }
            Some(signature) => OutBlock::Thinking {
                thinking: text,
                signature,
            },
            // Only signed thinking is taken back; another provider's is not missed.
            None => {
                report.hint("messages[].reasoning_content");
                return None;
            }
        },
        BlockKind::RedactedThinking { data } => OutBlock::RedactedThinking { data },
        BlockKind::ToolUse {
            id,
            name,
            arguments,
        } => OutBlock::ToolUse {
            id: tool_id(id),
            name,
            input: Cow::Owned(input_object(arguments)),
            cache_control,
        },
        BlockKind::ToolResult { .. } => return tool_result(&block.kind, cache_control, report),
        BlockKind::Opaque { origin, what, raw } => {
            if *origin == DialectId::Anthropic {
                return Some(Piece::Raw(raw));
            }
            return lose(report, &format!("messages[].{what}"));
        }
    };
    Some(Piece::Block(piece))
}

fn tool_result<'a>(
    kind: &'a BlockKind,
    cache_control: Option<WireCache>,
    report: &mut Report,
) -> Option<Piece<'a>> {
    let BlockKind::ToolResult {
        id,
        content,
        is_error,
        ..
    } = kind
    else {
        return None;
    };
    Some(Piece::Block(OutBlock::ToolResult {
        tool_use_id: tool_id(id),
        content: content
            .iter()
            .filter_map(|block| encode(block, Role::User, report))
            .collect(),
        is_error: *is_error,
        cache_control,
    }))
}

fn medium<'a>(
    kind: &'a BlockKind,
    cache_control: Option<WireCache>,
    role: Role,
    report: &mut Report,
) -> Option<Piece<'a>> {
    let (media, is_image) = match kind {
        BlockKind::Image(media) => (media, true),
        BlockKind::Document(media) => (media, media::is_image(media)),
        BlockKind::Audio(_) => return lose(report, "messages[].input_audio"),
        _ => return lose(report, "messages[].video_url"),
    };
    let what = if is_image {
        "messages[].image_url"
    } else {
        "messages[].file"
    };
    // The model's own turns hold text and calls only.
    if role == Role::Assistant {
        return lose(report, what);
    }
    if let MediaSource::File(id) = &media.source {
        // Google's files have URIs, OpenAI's a dash in their ids.
        if id.contains('/') || id.starts_with("file-") {
            return lose(report, what);
        }
        report.betas.push("files-api-2025-04-14");
    }
    if is_image {
        return image(media, cache_control, report);
    }
    match media::encode_document(media) {
        Some(Source::Text { data, .. }) if data.trim().is_empty() => None,
        Some(source) => Some(Piece::Block(OutBlock::Document {
            source,
            title: media.title.as_deref().filter(|title| !title.is_empty()),
            cache_control,
        })),
        None => lose(report, what),
    }
}

fn image<'a>(
    media: &'a Media,
    cache_control: Option<WireCache>,
    report: &mut Report,
) -> Option<Piece<'a>> {
    if media.detail.as_deref().is_some_and(|d| d != "auto") {
        report.hint("messages[].image_url.detail");
    }
    let Some(source) = media::encode_image(media) else {
        return lose(report, "messages[].image_url");
    };
    Some(Piece::Block(OutBlock::Image {
        source,
        cache_control,
    }))
}

fn lose<'a>(report: &mut Report, what: &str) -> Option<Piece<'a>> {
    report.add(Loss::content(what));
    None
}

// === impl Report ===

impl Report {
    /// Names a loss once, however often it occurs.
    pub(super) fn add(&mut self, loss: Loss) {
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }

    pub(super) fn hint(&mut self, what: &str) {
        self.add(Loss::hint(what));
    }

    pub(super) fn param(&mut self, what: &str) {
        self.add(Loss::param(what));
    }
}

/// A tool id as the API accepts it, the same for a call and its result.
pub(super) fn tool_id(id: &str) -> Cow<'_, str> {
    fitting_tool_id(id, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}
