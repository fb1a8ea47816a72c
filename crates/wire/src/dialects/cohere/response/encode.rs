//! Writes a whole chat answer for a client.
//!
//! Source: API reference, `V2ChatResponse`; the official SDKs' types.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use super::super::citations;
use super::super::logprobs::ItemOut;
use super::super::tools::CallOut;
use super::super::usage::UsageOut;
use crate::canonical::{Block, BlockKind, ChatResponse, FinishReason, RawJson};
use crate::dialect::{DialectId, ReplyContext};

#[derive(Debug, Serialize)]
struct ResponseOut<'a> {
    id: Cow<'a, str>,
    finish_reason: &'static str,
    message: MessageOut<'a>,
    usage: UsageOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<Vec<ItemOut<'a>>>,
}

#[derive(Debug, Serialize)]
struct MessageOut<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Vec<PartOut<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_plan: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    citations: Option<&'a RawJson>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum PartOut<'a> {
    Known(Part<'a>),
    Raw(&'a RawJson),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Part<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str },
}

/// Writes an answer for a client. The API knows one choice only: the first.
pub(in super::super) fn encode(response: &ChatResponse, reply: &ReplyContext) -> Bytes {
    let choice = response.choices.iter().min_by_key(|choice| choice.index);
    let content = choice.map_or(&[][..], |choice| &choice.content);
    let message = MessageOut::new(content);
    let finish = choice.map(|choice| choice.finish);
    let logprobs = choice.and_then(|choice| choice.logprobs.as_ref());
    let out = ResponseOut {
        id: reply.uuid(),
        finish_reason: finish_name(finish, !message.tool_calls.is_empty()),
        message,
        usage: response.usage.unwrap_or_default().into(),
        logprobs: logprobs.map(|l| l.content.iter().map(ItemOut::from).collect()),
    };
    // Strings, numbers and JSON text always serialise.
    serde_json::to_vec(&out).unwrap_or_default().into()
}

/// The `finish_reason`; some providers stop "normally" to have tools called. The API's v2 has no
/// word for a content filter, and an answer that one cut off is not complete.
pub(in super::super) fn finish_name(finish: Option<FinishReason>, called: bool) -> &'static str {
    match finish {
        Some(FinishReason::Stop) | None if called => "TOOL_CALL",
        Some(FinishReason::Stop | FinishReason::Refusal | FinishReason::Pause) | None => "COMPLETE",
        Some(FinishReason::StopSequence) => "STOP_SEQUENCE",
        Some(FinishReason::Length) => "MAX_TOKENS",
        Some(FinishReason::ToolUse) => "TOOL_CALL",
        Some(FinishReason::ContentFilter) => "ERROR",
    }
}

// === impl MessageOut ===

impl<'a> MessageOut<'a> {
    /// What is said before a call is the plan for it. Without any call there is always a text,
    /// which clients take for granted.
    fn new(content: &'a [Block]) -> Self {
        let is_call = |block: &Block| matches!(block.kind, BlockKind::ToolUse { .. });
        let has_calls = content.iter().any(is_call);
        let mut parts = Vec::new();
        let mut plan = String::new();
        let mut tool_calls = Vec::new();
        let mut has_text = false;
        for block in content {
            match &block.kind {
                BlockKind::Text { text, .. } | BlockKind::Refusal { text } if has_calls => {
                    plan.push_str(text);
                }
                BlockKind::Text { text, .. } | BlockKind::Refusal { text } => {
                    has_text = true;
                    parts.push(PartOut::Known(Part::Text { text }));
                }
                BlockKind::Thinking { text, .. } if !text.is_empty() => {
                    parts.push(PartOut::Known(Part::Thinking { thinking: text }));
                }
                BlockKind::ToolUse {
                    id,
                    name,
                    arguments,
                } => tool_calls.push(CallOut::new(id, name, arguments)),
                BlockKind::Opaque {
                    origin: DialectId::Cohere,
                    raw,
                    ..
                } => parts.push(PartOut::Raw(raw)),
                // Pictures, proofs and other dialects' blocks have no form here.
                _ => {}
            }
        }
        if !has_text && !has_calls {
            parts.push(PartOut::Known(Part::Text { text: "" }));
        }
        Self {
            role: "assistant",
            content: (!parts.is_empty()).then_some(parts),
            tool_plan: (!plan.is_empty()).then_some(plan),
            tool_calls,
            citations: citations::own(content).filter(|_| !has_calls),
        }
    }
}
