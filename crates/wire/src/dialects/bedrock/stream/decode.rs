//! Reads an upstream's streamed answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::error;
use super::super::redacted;
use super::super::response::{Tier, settle_finish, stop_reason};
use super::super::usage::WireUsage;
use super::events::{BlockStart, Delta, Event, Payload, ReasoningDelta, ToolStart, event};
use crate::canonical::{RawJson, StreamEvent};
use crate::claude::schema::{JSON_TOOL, JSON_VALUE_TOOL, unwrap_value};
use crate::dialect::{DialectId, StreamDecoder, StreamError};
use crate::event_stream::{EventStreamDecoder, Frame};

/// The API's streams have one choice.
const CHOICE: u32 = 0;

/// Reads an upstream's streamed answer.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    frames: EventStreamDecoder,
    answer: Answer,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Answer {
    started: bool,
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
    /// Text or reasoning, which is passed on as it comes.
    Said,
    /// A tool call, by its canonical index.
    Tool(u32),
    /// The reserved tool whose input is the answer.
    Answer,
    /// The reserved tool whose input holds the answer.
    WrappedAnswer(String),
    /// Encrypted reasoning, which may come in pieces.
    Redacted(Vec<u8>),
    /// A block without a canonical form: its only member, that member's name, the pieces of its
    /// input.
    Opaque {
        name: String,
        block: Map<String, Value>,
        input: String,
    },
}

// === impl StreamDecoder for Decoder ===

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        self.frames.feed(bytes);
        while let Some(frame) = self.frames.next_frame()? {
            self.answer.take(&frame, out)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        if self.answer.ended {
            return Ok(());
        }
        self.frames.finish()?;
        if !self.answer.finished {
            return Err(StreamError::Truncated);
        }
        self.answer.end(out);
        Ok(())
    }
}

// === impl Answer ===

impl Answer {
    fn take(&mut self, frame: &Frame<'_>, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        if self.ended {
            return Ok(());
        }
        let name = match event(frame) {
            Event::Named(name) => name,
            Event::Failed(name) => {
                // Errors of the framing have their sentence in a header and no payload.
                let message = frame.header(":error-message");
                let mut error = error::in_stream(&name, frame.payload());
                if let Some(message) = message {
                    message.clone_into(&mut error.message);
                }
                out.push(StreamEvent::Error(error));
                self.ended = true;
                return Ok(());
            }
        };
        if !matches!(
            name,
            "messageStart"
                | "contentBlockStart"
                | "contentBlockDelta"
                | "contentBlockStop"
                | "messageStop"
                | "metadata"
        ) {
            return Ok(());
        }
        let payload: Payload<'_> = serde_json::from_slice(frame.payload())
            .map_err(|error| StreamError::Malformed(format!("{name}: {error}")))?;
        self.start(out);
        let index = payload.content_block_index;
        match name {
            // Nothing but the counts belongs behind the end of the message.
            "contentBlockStart" | "contentBlockDelta" | "contentBlockStop" if self.finished => {}
            "contentBlockStart" => self.block_start(index, payload.start, out),
            "contentBlockDelta" => self.block_delta(index, payload.delta, out),
            "contentBlockStop" => self.block_stop(index, out),
            "messageStop" => self.message_stop(payload, out),
            "metadata" => self.metadata(payload.usage, payload.service_tier, out),
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, out: &mut Vec<StreamEvent>) {
        if !std::mem::replace(&mut self.started, true) {
            out.push(StreamEvent::Start {
                id: None,
                model: None,
            });
        }
    }

    fn block_start(
        &mut self,
        index: Option<u64>,
        raw: Option<&RawValue>,
        out: &mut Vec<StreamEvent>,
    ) {
        let Some(raw) = raw else { return };
        let index = index.unwrap_or_else(|| self.open.last().map_or(0, |(last, _)| last + 1));
        let start: BlockStart = serde_json::from_str(raw.get()).unwrap_or_default();
        let open = match start.tool_use {
            // The service runs its own tools; that is nothing the client could do.
            Some(call) if call.r#type.is_none() => self.tool_start(call, out),
            _ => match opaque(raw) {
                Some(open) => open,
                None => return,
            },
        };
        self.open.push((index, open));
    }

    fn tool_start(&mut self, call: ToolStart, out: &mut Vec<StreamEvent>) -> Open {
        match call.name.as_deref() {
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
        let index = self.calls;
        self.calls += 1;
        out.push(StreamEvent::ToolStart {
            choice: CHOICE,
            index,
            id: call.tool_use_id.unwrap_or_default(),
            name: call.name.unwrap_or_default(),
        });
        Open::Tool(index)
    }

    fn block_delta(
        &mut self,
        index: Option<u64>,
        delta: Option<Delta>,
        out: &mut Vec<StreamEvent>,
    ) {
        let Some(delta) = delta else { return };
        if let Some(text) = delta.text.filter(|text| !text.is_empty()) {
            self.open_at(index, || Open::Said);
            out.push(StreamEvent::Text {
                choice: CHOICE,
                text,
            });
        }
        if let Some(reasoning) = delta.reasoning_content {
            self.reasoning(index, reasoning, out);
        }
        if let Some(json) = delta.tool_use.and_then(|delta| delta.input) {
            self.input(index, json, out);
        }
        // Citations stand beside the text, which no other dialect needs to be complete.
        if let Some((_, Open::Opaque { block, .. })) = self.find(index) {
            if let Some(Value::Object(image)) = delta.image {
                block.extend(image);
            }
            if let Some(parts) = delta.tool_result {
                let content = block.entry("content").or_insert(Value::Array(Vec::new()));
                content.as_array_mut().into_iter().for_each(|content| {
                    content.extend(parts.iter().cloned());
                });
            }
        }
    }

    fn reasoning(&mut self, index: Option<u64>, delta: ReasoningDelta, out: &mut Vec<StreamEvent>) {
        if let Some(blob) = delta.redacted_content {
            let open = self.open_at(index, || Open::Redacted(Vec::new()));
            if let Open::Redacted(bytes) = open {
                bytes.extend(STANDARD.decode(&blob).unwrap_or_else(|_| blob.into_bytes()));
            }
            return;
        }
        self.open_at(index, || Open::Said);
        let choice = CHOICE;
        if let Some(text) = delta.text.filter(|text| !text.is_empty()) {
            out.push(StreamEvent::Thinking { choice, text });
        }
        if let Some(signature) = delta.signature.filter(|signature| !signature.is_empty()) {
            out.push(StreamEvent::Signature { choice, signature });
        }
    }

    fn input(&mut self, index: Option<u64>, json: String, out: &mut Vec<StreamEvent>) {
        if json.is_empty() {
            return;
        }
        let choice = CHOICE;
        match self.find(index) {
            Some((_, Open::Tool(index))) => out.push(StreamEvent::ToolArguments {
                choice,
                index: *index,
                json,
            }),
            Some((_, Open::Answer)) => out.push(StreamEvent::Text { choice, text: json }),
            Some((_, Open::WrappedAnswer(input) | Open::Opaque { input, .. })) => {
                input.push_str(&json);
            }
            Some((_, Open::Said | Open::Redacted(_))) | None => {}
        }
    }

    fn block_stop(&mut self, index: Option<u64>, out: &mut Vec<StreamEvent>) {
        let at = match index {
            Some(index) => self.open.iter().position(|(at, _)| *at == index),
            None => self.open.len().checked_sub(1),
        };
        if let Some(at) = at {
            let (_, open) = self.open.remove(at);
            close(open, out);
        }
    }

    fn message_stop(&mut self, payload: Payload<'_>, out: &mut Vec<StreamEvent>) {
        for (_, open) in self.open.drain(..) {
            close(open, out);
        }
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let finish = payload.stop_reason.as_deref().and_then(stop_reason);
        let extra = payload.additional_model_response_fields.unwrap_or_default();
        out.push(StreamEvent::Finish {
            choice: CHOICE,
            reason: settle_finish(finish, self.calls > 0, self.answered),
            stop_sequence: extra.stop_sequence,
        });
    }

    /// The counts come last.
    fn metadata(
        &mut self,
        usage: Option<WireUsage>,
        tier: Option<Tier>,
        out: &mut Vec<StreamEvent>,
    ) {
        let tier = tier.and_then(|tier| tier.r#type);
        let usage = usage.map(|usage| usage.to_canonical().served_as(tier.as_deref()));
        out.extend(usage.map(StreamEvent::Usage));
        if self.finished {
            self.end(out);
        }
    }

    fn end(&mut self, out: &mut Vec<StreamEvent>) {
        out.push(StreamEvent::End);
        self.ended = true;
    }

    fn find(&mut self, index: Option<u64>) -> Option<&mut (u64, Open)> {
        match index {
            Some(index) => self.open.iter_mut().find(|(at, _)| *at == index),
            None => self.open.last_mut(),
        }
    }

    /// The open block at `index`; text and reasoning begin without an event that says so.
    fn open_at(&mut self, index: Option<u64>, open: impl FnOnce() -> Open) -> &mut Open {
        let index = index.unwrap_or_default();
        let at = match self.open.iter().position(|(at, _)| *at == index) {
            Some(at) => at,
            None => {
                self.open.push((index, open()));
                self.open.len() - 1
            }
        };
        &mut self.open[at].1
    }
}

/// A block of another type, of which `raw` is the start.
fn opaque(raw: &RawValue) -> Option<Open> {
    let start: Map<String, Value> = serde_json::from_str(raw.get()).ok()?;
    let (name, block) = start.into_iter().next()?;
    let Value::Object(block) = block else {
        return None;
    };
    Some(Open::Opaque {
        name,
        block,
        input: String::new(),
    })
}

/// Says what a block comes to once it is complete.
fn close(open: Open, out: &mut Vec<StreamEvent>) {
    let choice = CHOICE;
    match open {
        Open::Said | Open::Tool(_) | Open::Answer => {}
        Open::WrappedAnswer(input) => {
            let text = unwrap_value(&input);
            if !text.is_empty() {
                out.push(StreamEvent::Text { choice, text });
            }
        }
        Open::Redacted(bytes) => {
            let data = redacted::from_bytes(bytes);
            out.push(StreamEvent::RedactedThinking { choice, data });
            return;
        }
        Open::Opaque {
            name,
            mut block,
            input,
        } => {
            if let Ok(input) = serde_json::from_str(&input) {
                block.insert("input".to_owned(), input);
            }
            let whole = Map::from_iter([(name, Value::Object(block))]);
            if let Ok(raw) = RawJson::from_value(&whole) {
                let origin = DialectId::Bedrock;
                out.push(StreamEvent::Opaque {
                    choice,
                    origin,
                    raw,
                });
            }
            return;
        }
    }
    out.push(StreamEvent::BlockStop { choice });
}
