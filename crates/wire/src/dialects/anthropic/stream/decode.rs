//! Reads an upstream's streamed answer.
//!
//! Source: messages API reference, `RawMessageStreamEvent`; the page on streaming.

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::error;
use super::super::response::{settle_finish, stop_reason};
use super::super::schema::{JSON_TOOL, JSON_VALUE_TOOL, unwrap_value};
use super::super::usage::WireUsage;
use super::wire::{BlockStart, Delta, Frame, Start};
use crate::canonical::{RawJson, StreamEvent};
use crate::dialect::{DialectId, StreamDecoder, StreamError};
use crate::sse::{SseDecoder, SseEvent};

/// The API's streams have one choice.
const CHOICE: u32 = 0;

/// Reads an upstream's streamed answer.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    sse: SseDecoder,
    frames: Vec<SseEvent>,
    started: bool,
    usage: WireUsage,
    /// The blocks that began and did not stop yet, by the API's index.
    open: Vec<(u64, Open)>,
    /// How many tools were called.
    calls: u32,
    /// The answer came through a reserved tool.
    answered: bool,
    finished: bool,
    ended: bool,
}

#[derive(Debug)]
enum Open {
    Text,
    Thinking,
    /// A tool call, by its canonical index; some servers send its whole input when it begins,
    /// which counts unless pieces follow.
    Tool {
        call: u32,
        whole: Option<String>,
    },
    /// The reserved tool whose input is the answer.
    Answer,
    /// The reserved tool whose input holds the answer.
    WrappedAnswer(String),
    /// A block without a canonical form, with the pieces of its input.
    Opaque {
        block: RawJson,
        input: String,
    },
}

// === impl StreamDecoder for Decoder ===

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let mut frames = std::mem::take(&mut self.frames);
        self.sse.push(bytes, &mut frames)?;
        let result = self.take_all(&mut frames, out);
        self.frames = frames;
        result
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let mut frames = std::mem::take(&mut self.frames);
        self.sse.finish(&mut frames);
        self.take_all(&mut frames, out)?;
        if self.ended {
            return Ok(());
        }
        if !self.finished {
            return Err(StreamError::Truncated);
        }
        self.end(out);
        Ok(())
    }
}

// === impl Decoder ===

impl Decoder {
    fn take_all(
        &mut self,
        frames: &mut Vec<SseEvent>,
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), StreamError> {
        for frame in frames.drain(..) {
            if !self.ended {
                self.take(&frame, out)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, event: &SseEvent, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        // Some gateways close every stream the way OpenAI does.
        if event.data.trim() == "[DONE]" {
            return Ok(());
        }
        let frame: Frame<'_> = serde_json::from_str(&event.data)
            .map_err(|error| StreamError::Malformed(error.to_string()))?;
        let name = frame.r#type.as_deref().unwrap_or(&event.name);
        match name {
            "message_start" => self.start(frame.message, out),
            // Nothing but the counts belongs behind the reason to stop.
            "content_block_start" | "content_block_delta" | "content_block_stop"
                if self.finished => {}
            "content_block_start" => self.block_start(frame.index, frame.content_block, out),
            "content_block_delta" => self.block_delta(frame.index, frame.delta, out),
            "content_block_stop" => self.block_stop(frame.index, out),
            "message_delta" => self.message_delta(frame.delta, frame.usage, out),
            "message_stop" => self.end(out),
            "ping" => out.push(StreamEvent::Ping),
            _ if name == "error" || frame.error.is_some() => {
                out.push(StreamEvent::Error(error::in_stream(frame.error)));
                self.ended = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, message: Option<Start>, out: &mut Vec<StreamEvent>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let (id, model, usage) = match message {
            Some(message) => (message.id, message.model, message.usage),
            None => (None, None, None),
        };
        out.push(StreamEvent::Start { id, model });
        self.count(usage, out);
    }

    fn count(&mut self, usage: Option<WireUsage>, out: &mut Vec<StreamEvent>) {
        if let Some(usage) = usage {
            self.usage.merge(usage);
            out.push(StreamEvent::Usage(self.usage.to_canonical()));
        }
    }

    fn block_start(
        &mut self,
        index: Option<u64>,
        raw: Option<&RawValue>,
        out: &mut Vec<StreamEvent>,
    ) {
        self.start(None, out);
        let Some(raw) = raw else { return };
        let index = index.unwrap_or_else(|| self.open.last().map_or(0, |(last, _)| last + 1));
        let opaque = || Open::Opaque {
            block: RawJson::from(raw.to_owned()),
            input: String::new(),
        };
        let open = match serde_json::from_str::<BlockStart<'_>>(raw.get()) {
            Ok(block) => match block.r#type.as_deref() {
                Some("text") => {
                    push_text(block.text.unwrap_or_default(), out);
                    Open::Text
                }
                Some("thinking") => {
                    push_thinking(block.thinking.unwrap_or_default(), out);
                    push_signature(block.signature.unwrap_or_default(), out);
                    Open::Thinking
                }
                Some("redacted_thinking") => {
                    out.push(StreamEvent::RedactedThinking {
                        choice: CHOICE,
                        data: block.data.unwrap_or_default(),
                    });
                    return;
                }
                Some("tool_use") => self.tool_start(block, out),
                _ => opaque(),
            },
            Err(_) => opaque(),
        };
        self.open.push((index, open));
    }

    fn tool_start(&mut self, block: BlockStart<'_>, out: &mut Vec<StreamEvent>) -> Open {
        match block.name.as_deref() {
            Some(JSON_TOOL) => {
                self.answered = true;
                return Open::Answer;
            }
            Some(JSON_VALUE_TOOL) => {
                self.answered = true;
                return Open::WrappedAnswer(String::new());
            }
            _ => {}
        }
        let call = self.calls;
        self.calls += 1;
        out.push(StreamEvent::ToolStart {
            choice: CHOICE,
            index: call,
            id: block.id.unwrap_or_default(),
            name: block.name.unwrap_or_default(),
        });
        let whole = block.input.map(RawValue::get).filter(|i| i.len() > 2);
        Open::Tool {
            call,
            whole: whole.map(str::to_owned),
        }
    }

    fn block_delta(
        &mut self,
        index: Option<u64>,
        delta: Option<Delta>,
        out: &mut Vec<StreamEvent>,
    ) {
        self.start(None, out);
        let Some(delta) = delta else { return };
        match delta.r#type.as_deref() {
            Some("text_delta") => push_text(delta.text.unwrap_or_default(), out),
            Some("thinking_delta") => push_thinking(delta.thinking.unwrap_or_default(), out),
            Some("signature_delta") => push_signature(delta.signature.unwrap_or_default(), out),
            Some("input_json_delta") => {
                self.input(index, delta.partial_json.unwrap_or_default(), out);
            }
            // Citations stand beside the text, which no other dialect needs to be complete.
            _ => {}
        }
    }

    fn input(&mut self, index: Option<u64>, json: String, out: &mut Vec<StreamEvent>) {
        if json.is_empty() {
            return;
        }
        let open = match index {
            Some(index) => self.open.iter_mut().find(|(at, _)| *at == index),
            None => self.open.last_mut(),
        };
        match open {
            Some((_, Open::Tool { call, whole })) => {
                *whole = None;
                out.push(StreamEvent::ToolArguments {
                    choice: CHOICE,
                    index: *call,
                    json,
                });
            }
            Some((_, Open::Answer)) => push_text(json, out),
            Some((_, Open::WrappedAnswer(input) | Open::Opaque { input, .. })) => {
                input.push_str(&json);
            }
            Some((_, Open::Text | Open::Thinking)) | None => {}
        }
    }

    fn block_stop(&mut self, index: Option<u64>, out: &mut Vec<StreamEvent>) {
        let at = match index {
            Some(index) => self.open.iter().position(|(at, _)| *at == index),
            None => self.open.len().checked_sub(1),
        };
        let Some(at) = at else { return };
        let (_, open) = self.open.remove(at);
        match open {
            Open::Text | Open::Thinking | Open::Answer => {}
            Open::Tool { whole: None, .. } => {}
            Open::Tool {
                call,
                whole: Some(json),
            } => out.push(StreamEvent::ToolArguments {
                choice: CHOICE,
                index: call,
                json,
            }),
            Open::WrappedAnswer(input) => push_text(unwrap_value(&input), out),
            Open::Opaque { block, input } => {
                out.push(StreamEvent::Opaque {
                    choice: CHOICE,
                    origin: DialectId::Anthropic,
                    raw: with_input(block, &input),
                });
                return;
            }
        }
        out.push(StreamEvent::BlockStop { choice: CHOICE });
    }

    fn message_delta(
        &mut self,
        delta: Option<Delta>,
        usage: Option<WireUsage>,
        out: &mut Vec<StreamEvent>,
    ) {
        self.start(None, out);
        self.count(usage, out);
        let Some(Delta {
            stop_reason: Some(reason),
            stop_sequence,
            ..
        }) = delta
        else {
            return;
        };
        if !std::mem::replace(&mut self.finished, true) {
            out.push(StreamEvent::Finish {
                choice: CHOICE,
                reason: settle_finish(stop_reason(&reason), self.calls > 0, self.answered),
                stop_sequence,
            });
        }
    }

    fn end(&mut self, out: &mut Vec<StreamEvent>) {
        self.start(None, out);
        if !std::mem::replace(&mut self.finished, true) {
            out.push(StreamEvent::Finish {
                choice: CHOICE,
                reason: settle_finish(None, self.calls > 0, self.answered),
                stop_sequence: None,
            });
        }
        out.push(StreamEvent::End);
        self.ended = true;
    }
}

fn push_text(text: String, out: &mut Vec<StreamEvent>) {
    if !text.is_empty() {
        out.push(StreamEvent::Text {
            choice: CHOICE,
            text,
        });
    }
}

fn push_thinking(text: String, out: &mut Vec<StreamEvent>) {
    if !text.is_empty() {
        out.push(StreamEvent::Thinking {
            choice: CHOICE,
            text,
        });
    }
}

fn push_signature(signature: String, out: &mut Vec<StreamEvent>) {
    if !signature.is_empty() {
        out.push(StreamEvent::Signature {
            choice: CHOICE,
            signature,
        });
    }
}

/// A server tool's block with the input that arrived in pieces after it.
fn with_input(block: RawJson, input: &str) -> RawJson {
    if input.is_empty() {
        return block;
    }
    let whole = || {
        let mut members: serde_json::Map<String, Value> = serde_json::from_str(block.get()).ok()?;
        members.insert("input".to_owned(), serde_json::from_str(input).ok()?);
        RawJson::from_value(&members).ok()
    };
    whole().unwrap_or(block)
}
