//! Writes an answer for a client, with every member that the published schema requires.
//!
//! Source: service model, `ConverseResponse`.

use bytes::Bytes;
use serde::Serialize;

use super::super::piece::{self, Piece};
use super::super::usage::ReplyUsage;
use crate::canonical::{ChatResponse, FinishReason};
use crate::dialect::ReplyContext;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    output: Output<'a>,
    stop_reason: &'static str,
    usage: ReplyUsage,
    metrics: Metrics,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_response_fields: Option<ExtraOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<Tier>,
}

#[derive(Serialize)]
struct Output<'a> {
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Piece<'a>>,
}

/// How long the answer took.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Metrics {
    latency_ms: u64,
}

/// The stop sequence, where Claude has it.
#[derive(Debug, Serialize)]
pub(in super::super) struct ExtraOut<'a> {
    stop_sequence: &'a str,
}

#[derive(Serialize)]
struct Tier {
    r#type: &'static str,
}

// === impl Metrics ===

impl Metrics {
    pub(in super::super) fn new(reply: &ReplyContext) -> Self {
        Self {
            latency_ms: u64::try_from(reply.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

// === impl ExtraOut ===

impl<'a> ExtraOut<'a> {
    pub(in super::super) fn new(stop_sequence: Option<&'a str>) -> Option<Self> {
        stop_sequence.map(|stop_sequence| Self { stop_sequence })
    }
}

/// Writes an answer for a client. The API knows one choice only: the first.
pub(in super::super) fn encode(response: &ChatResponse, reply: &ReplyContext) -> Bytes {
    let choice = response.choices.iter().min_by_key(|choice| choice.index);
    let content: Vec<Piece<'_>> = choice
        .map(|choice| choice.content.iter().filter_map(piece::reply).collect())
        .unwrap_or_default();
    let calls = content
        .iter()
        .any(|piece| matches!(piece, Piece::ToolUse(_)));
    let stop = choice.and_then(|choice| choice.stop_sequence.as_deref());
    let message = Reply {
        output: Output {
            message: Message {
                role: "assistant",
                content,
            },
        },
        stop_reason: stop_name(choice.map(|choice| choice.finish), calls),
        usage: ReplyUsage::new(response.usage.as_ref()),
        metrics: Metrics::new(reply),
        additional_model_response_fields: ExtraOut::new(stop),
        service_tier: response.service_tier.as_deref().and_then(own_tier),
    };
    serde_json::to_vec(&message)
        .map(Bytes::from)
        .unwrap_or_default()
}

/// The `stopReason` for a finish reason; some providers stop "normally" to have tools called.
pub(in super::super) fn stop_name(finish: Option<FinishReason>, calls: bool) -> &'static str {
    match finish {
        Some(FinishReason::Stop) | None if calls => "tool_use",
        Some(FinishReason::Stop | FinishReason::Pause) | None => "end_turn",
        Some(FinishReason::StopSequence) => "stop_sequence",
        Some(FinishReason::Length) => "max_tokens",
        Some(FinishReason::ToolUse) => "tool_use",
        Some(FinishReason::ContentFilter | FinishReason::Refusal) => "content_filtered",
    }
}

fn own_tier(tier: &str) -> Option<Tier> {
    let r#type = match tier {
        "default" | "standard" => "default",
        "flex" => "flex",
        "priority" => "priority",
        "reserved" => "reserved",
        _ => return None,
    };
    Some(Tier { r#type })
}
