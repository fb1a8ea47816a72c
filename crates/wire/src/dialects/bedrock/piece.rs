//! Content blocks as they are written, for upstreams and for clients.
//!
//! Source: service model, `ContentBlock`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::family::Family;
use super::media::{self, MediaOut};
use super::redacted;
use super::report::Report;
use crate::canonical::{
    Block, BlockKind, CacheControl, Media, RawJson, Role, fitting_tool_id, input_object,
    signature_origin,
};
use crate::dialect::DialectId;

/// A block of a message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Piece<'a> {
    Text(Cow<'a, str>),
    Image(MediaOut<'a>),
    Document(MediaOut<'a>),
    Video(MediaOut<'a>),
    Audio(MediaOut<'a>),
    ToolUse(ToolUseOut<'a>),
    ToolResult(ToolResultOut<'a>),
    ReasoningContent(ReasoningOut<'a>),
    CitationsContent(CitationsOut<'a>),
    CachePoint(CachePointOut),
    /// A block of this dialect, as it came.
    #[serde(untagged)]
    Raw(&'a RawJson),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolUseOut<'a> {
    tool_use_id: Cow<'a, str>,
    name: &'a str,
    input: RawJson,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResultOut<'a> {
    tool_use_id: Cow<'a, str>,
    content: Vec<Piece<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ReasoningOut<'a> {
    ReasoningText {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<&'a str>,
    },
    RedactedContent(String),
}

#[derive(Debug, Serialize)]
pub(super) struct CitationsOut<'a> {
    content: [TextOut<'a>; 1],
    citations: &'a RawJson,
}

#[derive(Debug, Serialize)]
struct TextOut<'a> {
    text: &'a str,
}

/// A cache point, as it is written.
#[derive(Debug, Serialize)]
pub(super) struct CachePointOut {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

// === impl CachePointOut ===

impl CachePointOut {
    /// The point for `cache`, as far as the family takes one; `tool` when it stands behind a tool.
    pub(super) fn new(
        cache: Option<&CacheControl>,
        tool: bool,
        family: Family,
        report: &mut Report,
    ) -> Option<Self> {
        let cache = cache?;
        if !family.caches() || (tool && !family.caches_tools()) {
            report.hint("cache_control");
            return None;
        }
        // Five minutes are what every model takes it for.
        let long = cache.ttl.as_deref() == Some("1h");
        let taken = family.caches_long();
        if long && !taken {
            report.hint("cache_control.ttl");
        }
        Some(Self {
            r#type: "default",
            ttl: (long && taken).then_some("1h"),
        })
    }
}

/// Writes one block of a request's message of `role`; `None` when it is empty or cannot be said.
pub(super) fn encode<'a>(
    block: &'a Block,
    role: Role,
    family: Family,
    report: &mut Report,
) -> Option<Piece<'a>> {
    Some(match &block.kind {
        // The API refuses texts of nothing but white space.
        BlockKind::Text { text, .. } | BlockKind::Refusal { text } if text.trim().is_empty() => {
            return None;
        }
        BlockKind::Image(media) => return image(media, role, report),
        BlockKind::Document(media) if media::is_image(media) => return image(media, role, report),
        BlockKind::Document(media) => {
            let document = (role != Role::Assistant)
                .then(|| media::encode_document(media, report))
                .flatten();
            return or_lost(document.map(Piece::Document), "messages[].file", report);
        }
        BlockKind::Audio(media) => {
            let audio = media::encode(media, media::AUDIO).map(Piece::Audio);
            return or_lost(audio, "messages[].input_audio", report);
        }
        BlockKind::Video(media) => {
            let video = media::encode(media, media::VIDEOS).map(Piece::Video);
            return or_lost(video, "messages[].video_url", report);
        }
        BlockKind::Thinking { signature, .. } => {
            if let Some(what) = unfit(signature.as_deref(), family) {
                report.hint(what);
                return None;
            }
            return reply(block);
        }
        BlockKind::ToolUse {
            id,
            name,
            arguments,
        } => Piece::ToolUse(ToolUseOut {
            tool_use_id: tool_id(id),
            name,
            input: input_object(arguments),
        }),
        BlockKind::ToolResult { .. } => return result(&block.kind, family, report),
        BlockKind::Opaque { origin, what, .. } if *origin != DialectId::Bedrock => {
            report.content(&format!("messages[].{what}"));
            return None;
        }
        BlockKind::Text { .. }
        | BlockKind::Refusal { .. }
        | BlockKind::RedactedThinking { .. }
        | BlockKind::Opaque { .. } => return reply(block),
    })
}

/// Writes one block of an answer, as far as the API has a form for it.
pub(super) fn reply(block: &Block) -> Option<Piece<'_>> {
    Some(match &block.kind {
        BlockKind::Text { text, citations } => match citations.as_ref().filter(|c| is_own(c)) {
            Some(citations) => Piece::CitationsContent(CitationsOut {
                content: [TextOut { text }],
                citations,
            }),
            None => Piece::Text(text.into()),
        },
        BlockKind::Refusal { text } => Piece::Text(text.into()),
        BlockKind::Thinking { text, signature } => {
            Piece::ReasoningContent(ReasoningOut::ReasoningText {
                text,
                signature: signature.as_deref(),
            })
        }
        BlockKind::RedactedThinking { data } => {
            Piece::ReasoningContent(ReasoningOut::RedactedContent(redacted::to_base64(data)))
        }
        BlockKind::ToolUse {
            id,
            name,
            arguments,
        } => Piece::ToolUse(ToolUseOut {
            tool_use_id: id.into(),
            name,
            input: input_object(arguments),
        }),
        BlockKind::Image(media) => Piece::Image(media::encode(media, media::IMAGES)?),
        BlockKind::Opaque {
            origin: DialectId::Bedrock,
            raw,
            ..
        } => Piece::Raw(raw),
        BlockKind::Opaque { .. }
        | BlockKind::Document(_)
        | BlockKind::Audio(_)
        | BlockKind::Video(_)
        | BlockKind::ToolResult { .. } => return None,
    })
}

fn result<'a>(kind: &'a BlockKind, family: Family, report: &mut Report) -> Option<Piece<'a>> {
    let BlockKind::ToolResult {
        id,
        content,
        is_error,
        ..
    } = kind
    else {
        return None;
    };
    if *is_error && !family.takes_status() {
        report.hint("messages[].is_error");
    }
    Some(Piece::ToolResult(ToolResultOut {
        tool_use_id: tool_id(id),
        content: content
            .iter()
            .filter_map(|block| result_part(block, family, report))
            .collect(),
        status: (*is_error && family.takes_status()).then_some("error"),
    }))
}

/// A part of a tool's result: all but sound, and nothing of the model's own.
fn result_part<'a>(block: &'a Block, family: Family, report: &mut Report) -> Option<Piece<'a>> {
    if let BlockKind::Audio(_) = block.kind {
        report.content("messages[].input_audio");
        return None;
    }
    encode(block, Role::User, family, report)
}

fn image<'a>(media: &'a Media, role: Role, report: &mut Report) -> Option<Piece<'a>> {
    if media.detail.as_deref().is_some_and(|d| d != "auto") {
        report.hint("messages[].image_url.detail");
    }
    // The model's own turns hold text and calls only.
    let image = (role != Role::Assistant)
        .then(|| media::encode(media, media::IMAGES))
        .flatten();
    or_lost(image.map(Piece::Image), "messages[].image_url", report)
}

fn or_lost<'a>(piece: Option<Piece<'a>>, what: &str, report: &mut Report) -> Option<Piece<'a>> {
    if piece.is_none() {
        report.content(what);
    }
    piece
}

/// What is lost of reasoning that the model would not take back: Claude takes signed reasoning
/// only, others have no use for Claude's, and nobody has one for Gemini's or OpenAI's.
fn unfit(signature: Option<&str>, family: Family) -> Option<&'static str> {
    let Some(signature) = signature else {
        return Some("messages[].reasoning_content");
    };
    let fits = match signature_origin(signature) {
        Some(DialectId::Anthropic) => family.may_be_claude(),
        origin => origin.is_none(),
    };
    (!fits).then_some("messages[].thinking_blocks")
}

/// A tool id as the API accepts it, the same for a call and its result.
pub(super) fn tool_id(id: &str) -> Cow<'_, str> {
    fitting_tool_id(id, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
    })
}

/// Whether citations are in this dialect's format, which has no types.
fn is_own(citations: &RawJson) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Citation {
        r#type: Option<serde::de::IgnoredAny>,
        location: Option<serde::de::IgnoredAny>,
        source_content: Option<serde::de::IgnoredAny>,
    }
    let list: Vec<Citation> = serde_json::from_str(citations.get()).unwrap_or_default();
    let own =
        |c: &Citation| c.r#type.is_none() && (c.location.is_some() || c.source_content.is_some());
    !list.is_empty() && list.iter().all(own)
}
