//! Reads an upstream's answer.
//!
//! Source: messages API reference, `Message`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::block::{self, Unmapped};
use super::super::error;
use super::super::read;
use super::super::schema::{JSON_TOOL, JSON_VALUE_TOOL, unwrap_value};
use super::super::usage::WireUsage;
use crate::canonical::{Block, BlockKind, ChatResponse, Choice, FinishReason};
use crate::dialect::TranslateError;

#[derive(Deserialize)]
struct WireMessage<'a> {
    r#type: Option<String>,
    id: Option<String>,
    model: Option<String>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    usage: Option<WireUsage>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Reads an upstream's answer.
pub(in super::super) fn decode(body: &[u8]) -> Result<ChatResponse, TranslateError> {
    let message: WireMessage<'_> = serde_json::from_slice(body).map_err(|error| {
        TranslateError::invalid(format!("the upstream's answer is no message: {error}"))
    })?;
    if message.error.is_some() {
        return Err(TranslateError::invalid(
            error::in_stream(message.error).message,
        ));
    }
    let is_message = message.r#type.as_deref() == Some("message");
    if !is_message && message.content.is_none() {
        return Err(TranslateError::invalid(
            "the upstream's answer is no message: it has no `content`",
        ));
    }
    let (content, answered) = content(message.content)?;
    let calls = content
        .iter()
        .any(|block| matches!(block.kind, BlockKind::ToolUse { .. }));
    let finish = message.stop_reason.as_deref().and_then(stop_reason);
    let finish = settle_finish(finish, calls, answered);
    Ok(ChatResponse {
        id: message.id,
        model: message.model,
        choices: vec![Choice {
            index: 0,
            content,
            finish,
            stop_sequence: message.stop_sequence,
            logprobs: None,
        }],
        service_tier: message.usage.as_ref().and_then(WireUsage::service_tier),
        usage: message.usage.map(|usage| usage.to_canonical()),
    })
}

/// The finish reason, where the API's own does not say it all.
///
/// `calls`: tools are called that the client knows; `answered`: the answer came through a
/// reserved tool (see [`super::super::schema`]), which is no tool call to the client.
pub(in super::super) fn settle_finish(
    finish: Option<FinishReason>,
    calls: bool,
    answered: bool,
) -> FinishReason {
    match finish {
        Some(FinishReason::ToolUse) if answered && !calls => FinishReason::Stop,
        Some(finish) => finish,
        None if calls => FinishReason::ToolUse,
        None => FinishReason::Stop,
    }
}

/// What a `stop_reason` means; `None` for one that is not known.
pub(in super::super) fn stop_reason(name: &str) -> Option<FinishReason> {
    Some(match name {
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence,
        "max_tokens" | "model_context_window_exceeded" | "compaction" => FinishReason::Length,
        "tool_use" => FinishReason::ToolUse,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::Pause,
        _ => return None,
    })
}

/// The blocks, and whether one of them came through a reserved tool.
fn content(raw: Option<&RawValue>) -> Result<(Vec<Block>, bool), TranslateError> {
    let Some(raw) = raw else {
        return Ok((Vec::new(), false));
    };
    if read::is_string(raw.get().as_bytes())
        && let Ok(text) = serde_json::from_str::<String>(raw.get())
    {
        return Ok((vec![Block::text(text)], false));
    }
    let items: Vec<&RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| TranslateError::invalid("the upstream's `content` is no list of blocks"))?;
    let mut blocks = Vec::with_capacity(items.len());
    let mut unmapped = Unmapped::default();
    for (at, item) in items.into_iter().enumerate() {
        let path = format_args!("content.{at}");
        if block::decode(item, &path, &mut unmapped, &mut blocks).is_err() {
            // A block that breaks its own type's rules still belongs to the answer.
            blocks.push(block::opaque("unknown".to_owned(), item));
        }
    }
    let mut answered = false;
    for block in &mut blocks {
        let answer = match &block.kind {
            BlockKind::ToolUse {
                name, arguments, ..
            } if name == JSON_TOOL => arguments.clone(),
            BlockKind::ToolUse {
                name, arguments, ..
            } if name == JSON_VALUE_TOOL => unwrap_value(arguments),
            _ => continue,
        };
        *block = Block::text(answer);
        answered = true;
    }
    Ok((blocks, answered))
}
