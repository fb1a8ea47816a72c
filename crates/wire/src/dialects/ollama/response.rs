//! Whole answers.

use std::borrow::Cow;

use bytes::Bytes;

use super::think::{Piece, ThinkSplitter};
use super::tools::OutToolCall;
use super::wire::{OutAnswer, OutLogprob, OutMessage, WireAnswer, created_at, to_json};
use super::{error, request, usage};
use crate::canonical::{Block, BlockKind, ChatResponse, Choice, FinishReason, MediaSource};
use crate::dialect::{ReplyContext, TranslateError};
use crate::operation::Operation;

/// Reads an upstream's answer.
pub(super) fn decode(body: &[u8]) -> Result<ChatResponse, TranslateError> {
    let mut answer: WireAnswer = serde_json::from_slice(body)
        .map_err(|e| TranslateError::invalid(format!("not an Ollama answer: {e}")))?;
    if let Some(raw) = &answer.error {
        return Err(TranslateError::invalid(error::message_of(raw.get())));
    }
    if answer.message.is_none() && answer.response.is_none() && answer.done.is_none() {
        return Err(TranslateError::invalid(
            "not an Ollama answer: neither `message` nor `response`",
        ));
    }
    let usage = usage::decode(&answer);
    let logprobs = answer.take_logprobs();
    let content = content(&mut answer);
    let calls_tools = content
        .iter()
        .any(|block| matches!(block.kind, BlockKind::ToolUse { .. }));
    Ok(ChatResponse {
        id: None,
        model: answer.model,
        choices: vec![Choice {
            index: 0,
            content,
            finish: finish_reason(answer.done_reason.as_deref(), calls_tools),
            stop_sequence: None,
            logprobs,
        }],
        usage,
        service_tier: None,
    })
}

fn content(answer: &mut WireAnswer) -> Vec<Block> {
    let message = answer.take_message();
    let thinking = message.thinking.filter(|t| !t.is_empty());
    let mut pieces = Vec::new();
    let text = message.content.filter(|c| !c.is_empty());
    if let Some(thinking) = thinking {
        pieces.push(Piece::Thinking(thinking));
        pieces.extend(text.map(Piece::Text));
    } else if let Some(text) = text {
        let mut splitter = ThinkSplitter::default();
        splitter.push(text, &mut pieces);
        splitter.finish(&mut pieces);
    }
    let mut blocks: Vec<Block> = pieces.into_iter().map(Piece::into_block).collect();
    blocks.extend(
        message
            .images
            .unwrap_or_default()
            .into_iter()
            .map(request::image),
    );
    let calls = message.tool_calls.unwrap_or_default();
    blocks.extend(calls.into_iter().enumerate().map(|(i, call)| {
        Block::new(BlockKind::ToolUse {
            id: call.id_or_made(answer.stamp(), i),
            arguments: call.arguments().into_owned(),
            name: call.function.name,
        })
    }));
    blocks
}

/// What `done_reason` means. Ollama says `stop` also when tools are called; a call that it
/// reports is whole even when the token limit came right after it.
pub(super) fn finish_reason(done_reason: Option<&str>, calls_tools: bool) -> FinishReason {
    match done_reason {
        _ if calls_tools => FinishReason::ToolUse,
        Some("length") => FinishReason::Length,
        Some("content_filter") => FinishReason::ContentFilter,
        _ => FinishReason::Stop,
    }
}

/// The `done_reason` for `finish`. Ollama itself knows `stop` and `length`; a filter's verdict is
/// kept, since the field is free text.
pub(super) fn done_reason(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Length => "length",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::ToolUse
        | FinishReason::Refusal
        | FinishReason::Pause => "stop",
    }
}

/// Writes an answer for a client. Ollama knows one choice.
pub(super) fn encode(response: &ChatResponse, reply: &ReplyContext) -> Bytes {
    let created_at = created_at(reply);
    let choice = response.choices.first();
    let message = choice.map_or_else(OutMessage::default, |choice| message(&choice.content));
    let mut answer = OutAnswer {
        model: &reply.model,
        created_at: &created_at,
        done: true,
        done_reason: Some(done_reason(
            choice.map_or(FinishReason::Stop, |choice| choice.finish),
        )),
        logprobs: choice
            .and_then(|choice| choice.logprobs.as_ref())
            .map(OutLogprob::list)
            .unwrap_or_default(),
        ..OutAnswer::default()
    };
    place(message, reply.operation, &mut answer);
    usage::encode(response.usage, reply.elapsed(), &mut answer);
    to_json(&answer)
}

/// Puts `message` where the client's endpoint has it.
pub(super) fn place<'a>(message: OutMessage<'a>, operation: Operation, answer: &mut OutAnswer<'a>) {
    if operation == Operation::Generate {
        answer.response = Some(message.content);
        answer.thinking = message.thinking;
        answer.tool_calls = message.tool_calls;
    } else {
        answer.message = Some(OutMessage {
            role: "assistant",
            ..message
        });
    }
}

fn message(content: &[Block]) -> OutMessage<'_> {
    let mut message = OutMessage::default();
    let mut thinking: Cow<'_, str> = Cow::Borrowed("");
    for block in content {
        match &block.kind {
            BlockKind::Text { text, .. } | BlockKind::Refusal { text } => {
                append(&mut message.content, text);
            }
            BlockKind::Thinking { text, .. } => append(&mut thinking, text),
            BlockKind::ToolUse {
                id,
                name,
                arguments,
            } => {
                let index = message.tool_calls.len();
                let call = OutToolCall::new(id, index, name, arguments);
                message.tool_calls.push(call);
            }
            BlockKind::Image(media) => {
                if let MediaSource::Base64(data) = &media.source {
                    message.images.push(data);
                }
            }
            BlockKind::Document(_)
            | BlockKind::Audio(_)
            | BlockKind::Video(_)
            | BlockKind::RedactedThinking { .. }
            | BlockKind::ToolResult { .. }
            | BlockKind::Opaque { .. } => {}
        }
    }
    message.thinking = Some(thinking).filter(|t| !t.is_empty());
    message
}

fn append<'a>(to: &mut Cow<'a, str>, text: &'a str) {
    if to.is_empty() {
        *to = Cow::Borrowed(text);
    } else {
        to.to_mut().push_str(text);
    }
}

// === impl Piece ===

impl Piece {
    fn into_block(self) -> Block {
        match self {
            Self::Text(text) => Block::text(text),
            Self::Thinking(text) => Block::new(BlockKind::Thinking {
                text,
                signature: None,
            }),
        }
    }
}
