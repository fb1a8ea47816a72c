//! Reads an upstream's streamed answer.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::envelope::{self, Opened};
use super::super::response::{self, Outcome};
use super::super::{PARAGRAPH, error, logprobs};
use super::calls::Calls;
use super::read::{ItemEvent, ItemHead, Kind, Piece, ResponseEvent};
use crate::canonical::{BlockKind, FinishReason, StreamEvent};
use crate::dialect::{DialectId, StreamDecoder, StreamError};
use crate::sse::{SseDecoder, SseEvent};

/// The decoder: frames in, events out.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    sse: SseDecoder,
    started: bool,
    /// The answer's id, from which ids are made for calls that have none.
    seed: String,
    calls: Calls,
    /// Pieces of the item that is being written came.
    streamed: bool,
    /// Reasoning of that item came as a summary, or as it is: one of both is enough.
    reasoning: Option<Reasoning>,
    /// Any item was complete.
    any: bool,
    refused: bool,
    /// `End` or `Error` was sent, or the stream proved unreadable.
    done: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reasoning {
    Summary,
    Raw,
}

// === impl Decoder ===

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let mut frames = Vec::new();
        self.sse.push(bytes, &mut frames)?;
        self.frames(&frames, out)
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let mut frames = Vec::new();
        self.sse.finish(&mut frames);
        self.frames(&frames, out)?;
        // The last event says why the model stopped, and there is nothing else that does.
        if std::mem::replace(&mut self.done, true) {
            Ok(())
        } else {
            Err(StreamError::Truncated)
        }
    }
}

impl Decoder {
    fn frames(
        &mut self,
        frames: &[SseEvent],
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), StreamError> {
        for frame in frames {
            if self.done {
                return Ok(());
            }
            let before = out.len();
            let read = self.frame(frame, out);
            self.begin(before, out);
            self.done |= read.is_err();
            read?;
        }
        Ok(())
    }

    /// An answer that never said that it begins does so before its first content, which was put
    /// behind `before` other events.
    fn begin(&mut self, before: usize, out: &mut Vec<StreamEvent>) {
        let says = |events: &[StreamEvent]| events.iter().any(StreamEvent::is_content);
        if !self.started && out.get(before..).is_some_and(says) {
            self.started = true;
            let (id, model) = (None, None);
            out.insert(before, StreamEvent::Start { id, model });
        }
    }

    fn frame(&mut self, frame: &SseEvent, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let data = frame.data.trim();
        // LiteLLM ends its streams the way the chat API does.
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        let head: Kind<'_> = read(data)?;
        let kind = head.kind.as_deref().unwrap_or(&frame.name);
        let bare = head.kind.is_none() && head.error.is_some_and(|error| error.get() != "null");
        match kind {
            "response.output_text.delta" => self.text(read(data)?, out),
            "response.reasoning_summary_text.delta" => {
                self.thinking(read(data)?, Reasoning::Summary, out);
            }
            "response.reasoning_text.delta" => self.thinking(read(data)?, Reasoning::Raw, out),
            "response.reasoning_summary_part.added" if self.reasoning.is_some() => {
                let delta = Some(PARAGRAPH.to_owned());
                let gap = Piece {
                    delta,
                    ..Piece::default()
                };
                self.thinking(gap, Reasoning::Summary, out);
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.calls.delta(read(data)?, out);
            }
            "response.function_call_arguments.done" | "response.custom_tool_call_input.done" => {
                let piece: Piece = read(data)?;
                let at = self
                    .calls
                    .find(piece.item_id.as_deref(), piece.output_index);
                if let (Some(at), Some(json)) = (at, piece.arguments.or(piece.input)) {
                    self.calls.whole(at, json, out);
                }
            }
            "response.refusal.delta" => self.refusal(read(data)?, out),
            "response.output_item.added" => self.added(&read(data)?, out),
            // The proof of reasoning comes behind its parts.
            "response.content_part.done" if self.reasoning.is_none() => {
                out.push(StreamEvent::BlockStop { choice: 0 });
            }
            "response.output_item.done" => {
                let event: ItemEvent<'_> = read(data)?;
                if let Some(item) = event.item {
                    self.item(item, event.output_index, out);
                }
            }
            "response.created" | "response.in_progress" | "response.queued" => {
                self.start(&read(data)?, out)?;
            }
            "response.completed" | "response.incomplete" => self.end(&read(data)?, out)?,
            "response.failed" | "response.cancelled" | "error" => self.fail(data, out),
            _ if bare => self.fail(data, out),
            _ => {}
        }
        Ok(())
    }

    fn start(
        &mut self,
        event: &ResponseEvent<'_>,
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), StreamError> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        let raw = event.response.map_or("{}", RawValue::get);
        let outcome: Outcome<'_> = read(raw)?;
        self.seed = outcome.id.clone().unwrap_or_default();
        out.push(StreamEvent::Start {
            id: outcome.id,
            model: outcome.model,
        });
        Ok(())
    }

    fn text(&mut self, piece: Piece, out: &mut Vec<StreamEvent>) {
        self.streamed = true;
        if let Some(text) = piece.delta.filter(|text| !text.is_empty()) {
            out.push(StreamEvent::Text { choice: 0, text });
        }
        let tokens = piece.logprobs.and_then(logprobs::decode);
        out.extend(tokens.map(|logprobs| StreamEvent::Logprobs {
            choice: 0,
            logprobs,
        }));
    }

    fn thinking(&mut self, piece: Piece, kind: Reasoning, out: &mut Vec<StreamEvent>) {
        if *self.reasoning.get_or_insert(kind) != kind {
            return;
        }
        self.streamed = true;
        if let Some(text) = piece.delta.filter(|text| !text.is_empty()) {
            out.push(StreamEvent::Thinking { choice: 0, text });
        }
    }

    fn refusal(&mut self, piece: Piece, out: &mut Vec<StreamEvent>) {
        self.streamed = true;
        self.refused = true;
        if let Some(text) = piece.delta {
            out.push(StreamEvent::Refusal { choice: 0, text });
        }
    }

    fn added(&mut self, event: &ItemEvent<'_>, out: &mut Vec<StreamEvent>) {
        let head: ItemHead = item_head(event.item);
        if is_call(&head) {
            self.calls.start(&head, event.output_index, &self.seed, out);
        } else {
            self.streamed = false;
            self.reasoning = None;
        }
    }

    /// A whole item: what of it did not come in pieces.
    fn item(&mut self, raw: &RawValue, output_index: Option<u64>, out: &mut Vec<StreamEvent>) {
        self.any = true;
        let head = item_head(Some(raw));
        if is_call(&head) {
            let at = self.calls.start(&head, output_index, &self.seed, out);
            for block in response::blocks(raw) {
                if let BlockKind::ToolUse { arguments, .. } = block.kind {
                    self.calls.whole(at, arguments, out);
                }
            }
            return;
        }
        let streamed = std::mem::take(&mut self.streamed);
        self.reasoning = None;
        match head.kind.as_deref() {
            Some("message") if streamed => {}
            Some("message") => self.blocks(raw, out),
            Some("reasoning") if streamed => {
                out.extend(head.encrypted_content.as_deref().and_then(proof));
            }
            Some("reasoning") => self.blocks(raw, out),
            // A picture has no event of its own.
            _ => out.push(StreamEvent::Opaque {
                choice: 0,
                origin: DialectId::OpenAiResponses,
                raw: raw.to_owned().into(),
            }),
        }
        out.push(StreamEvent::BlockStop { choice: 0 });
    }

    fn blocks(&mut self, raw: &RawValue, out: &mut Vec<StreamEvent>) {
        let choice = 0;
        for block in response::blocks(raw) {
            match block.kind {
                BlockKind::Text { text, .. } => out.push(StreamEvent::Text { choice, text }),
                BlockKind::Refusal { text } => {
                    self.refused = true;
                    out.push(StreamEvent::Refusal { choice, text });
                }
                BlockKind::Thinking { text, signature } => {
                    if !text.is_empty() {
                        out.push(StreamEvent::Thinking { choice, text });
                    }
                    out.extend(
                        signature.map(|signature| StreamEvent::Signature { choice, signature }),
                    );
                }
                BlockKind::RedactedThinking { data } => {
                    out.push(StreamEvent::RedactedThinking { choice, data });
                }
                _ => {}
            }
            out.push(StreamEvent::BlockStop { choice });
        }
    }

    fn end(
        &mut self,
        event: &ResponseEvent<'_>,
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), StreamError> {
        self.start(event, out)?;
        let raw = event.response.map_or("{}", RawValue::get);
        let outcome: Outcome<'_> = read(raw)?;
        if !self.any && !self.streamed && !self.calls.any() {
            // Nothing came before: here is all of it.
            for (index, item) in outcome.output.iter().flatten().enumerate() {
                self.item(item, Some(index as u64), out);
            }
        }
        let reason = match outcome.finish() {
            Some(FinishReason::Stop) | None if self.calls.any() => FinishReason::ToolUse,
            Some(FinishReason::Stop) | None if self.refused => FinishReason::Refusal,
            Some(reason) => reason,
            None => FinishReason::Stop,
        };
        out.extend(outcome.usage().map(StreamEvent::Usage));
        out.push(StreamEvent::Finish {
            choice: 0,
            reason,
            stop_sequence: None,
        });
        out.push(StreamEvent::End);
        self.done = true;
        Ok(())
    }

    fn fail(&mut self, data: &str, out: &mut Vec<StreamEvent>) {
        self.done = true;
        let error = error::decode_event(data.as_bytes());
        out.push(StreamEvent::Error(error));
    }
}

/// What `encrypted_content` says at the end of reasoning that came in pieces.
fn proof(content: &str) -> Option<StreamEvent> {
    let choice = 0;
    Some(match envelope::open(content) {
        Opened::Signature("") => return None,
        Opened::Signature(signature) => StreamEvent::Signature {
            choice,
            signature: signature.to_owned(),
        },
        Opened::Redacted(data) => StreamEvent::RedactedThinking {
            choice,
            data: data.to_owned(),
        },
    })
}

fn item_head(item: Option<&RawValue>) -> ItemHead {
    item.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}

fn is_call(head: &ItemHead) -> bool {
    matches!(
        head.kind.as_deref(),
        Some("function_call" | "custom_tool_call")
    )
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, StreamError> {
    serde_json::from_str(text).map_err(|e| StreamError::Malformed(e.to_string()))
}
