//! Writes an answer for a client, with every member that the published schema requires.
//!
//! Source: messages API reference, `Message`; the official SDKs' types.

use bytes::Bytes;
use serde::Serialize;

use super::super::citations::{self, Listed};
use super::super::usage::ReplyUsage;
use crate::canonical::{Block, BlockKind, ChatResponse, FinishReason, RawJson, input_object};
use crate::dialect::{DialectId, ReplyContext};

#[derive(Serialize)]
struct Reply<'a> {
    id: String,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Piece<'a>>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    stop_details: Option<()>,
    container: Option<()>,
    diagnostics: Option<()>,
    usage: ReplyUsage,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Piece<'a> {
    Block(ReplyBlock<'a>),
    Raw(&'a RawJson),
}

/// A block of an answer.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in super::super) enum ReplyBlock<'a> {
    Text {
        text: &'a str,
        citations: Listed<'a>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: RawJson,
        caller: Caller,
    },
}

/// Who called a tool: the model itself.
#[derive(Serialize)]
pub(in super::super) struct Caller {
    r#type: &'static str,
}

// === impl Caller ===

impl Caller {
    pub(in super::super) const DIRECT: Self = Self { r#type: "direct" };
}

/// Writes an answer for a client. The API knows one choice only: the first.
pub(in super::super) fn encode(response: &ChatResponse, reply: &ReplyContext) -> Bytes {
    let choice = response.choices.iter().min_by_key(|choice| choice.index);
    let content: Vec<Piece<'_>> = choice
        .map(|choice| choice.content.iter().filter_map(piece).collect())
        .unwrap_or_default();
    let calls = content
        .iter()
        .any(|piece| matches!(piece, Piece::Block(ReplyBlock::ToolUse { .. })));
    let message = Reply {
        id: format!("msg_{}", reply.id),
        r#type: "message",
        role: "assistant",
        model: &reply.model,
        content,
        stop_reason: stop_name(choice.map(|choice| choice.finish), calls),
        stop_sequence: choice.and_then(|choice| choice.stop_sequence.as_deref()),
        stop_details: None,
        container: None,
        diagnostics: None,
        usage: ReplyUsage::new(response.usage.as_ref(), response.service_tier.as_deref()),
    };
    serde_json::to_vec(&message)
        .map(Bytes::from)
        .unwrap_or_default()
}

/// The `stop_reason` for a finish reason; some providers stop "normally" to have tools called.
pub(in super::super) fn stop_name(finish: Option<FinishReason>, calls: bool) -> &'static str {
    match finish {
        Some(FinishReason::Stop) | None if calls => "tool_use",
        Some(FinishReason::Stop) | None => "end_turn",
        Some(FinishReason::StopSequence) => "stop_sequence",
        Some(FinishReason::Length) => "max_tokens",
        Some(FinishReason::ToolUse) => "tool_use",
        Some(FinishReason::ContentFilter | FinishReason::Refusal) => "refusal",
        Some(FinishReason::Pause) => "pause_turn",
    }
}

/// A block as a client may see it; pictures and other dialects' blocks have no form here.
fn piece(block: &Block) -> Option<Piece<'_>> {
    Some(Piece::Block(match &block.kind {
        BlockKind::Text { text, citations } => ReplyBlock::Text {
            text,
            citations: Listed(citations::own(citations.as_ref())),
        },
        BlockKind::Refusal { text } => ReplyBlock::Text {
            text,
            citations: Listed(None),
        },
        BlockKind::Thinking { text, signature } => ReplyBlock::Thinking {
            thinking: text,
            signature: signature.as_deref().unwrap_or_default(),
        },
        BlockKind::RedactedThinking { data } => ReplyBlock::RedactedThinking { data },
        BlockKind::ToolUse {
            id,
            name,
            arguments,
        } => ReplyBlock::ToolUse {
            id,
            name,
            input: input_object(arguments),
            caller: Caller::DIRECT,
        },
        BlockKind::Opaque {
            origin: DialectId::Anthropic,
            raw,
            ..
        } => return Some(Piece::Raw(raw)),
        BlockKind::Opaque { .. }
        | BlockKind::Image(_)
        | BlockKind::Document(_)
        | BlockKind::Audio(_)
        | BlockKind::Video(_)
        | BlockKind::ToolResult { .. } => return None,
    }))
}
