//! Writes a streamed answer for a client.
//!
//! Order: `messageStart`; blocks one after the other, text and reasoning with deltas and a stop,
//! tool calls with a start before them; `messageStop`; `metadata`.

use bytes::BytesMut;
use serde_json::{Map, Value, json};

use super::super::error;
use super::super::redacted;
use super::super::response::{ExtraOut, Metrics, stop_name};
use super::super::usage::ReplyUsage;
use super::events::{DeltaOut, EventOut, ReasoningOut, StartOut, write_exception};
use crate::canonical::{FinishReason, RawJson, StreamEvent, Usage};
use crate::dialect::{DialectId, ReplyContext, StreamEncoder};
use crate::json::JsonEnd;

/// Writes a streamed answer for a client.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    reply: ReplyContext,
    started: bool,
    ended: bool,
    /// The index of the next block.
    next: u32,
    open: Option<Open>,
    /// Calls that began before the open one was complete.
    waiting: Vec<Waiting>,
    called: bool,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    stop_sequence: Option<String>,
}

/// The block that is being written.
#[derive(Debug)]
enum Open {
    Text,
    Refusal,
    Thinking { signed: bool },
    Tool { index: u32, end: JsonEnd },
}

/// A call that waits for the one before it.
#[derive(Debug)]
struct Waiting {
    index: u32,
    id: String,
    name: String,
    json: String,
}

// === impl StreamEncoder for Encoder ===

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &StreamEvent, out: &mut BytesMut) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start { .. } => self.start(out),
            StreamEvent::Text { choice: 0, text } => self.text(text, false, out),
            StreamEvent::Refusal { choice: 0, text } => self.text(text, true, out),
            StreamEvent::Thinking { choice: 0, text } => self.thinking(text, out),
            StreamEvent::Signature {
                choice: 0,
                signature,
            } => self.signature(signature, out),
            StreamEvent::RedactedThinking { choice: 0, data } => {
                let blob = ReasoningOut::RedactedContent(redacted::to_base64(data));
                self.whole(None, &[DeltaOut::ReasoningContent(blob)], out);
            }
            StreamEvent::ToolStart {
                choice: 0,
                index,
                id,
                name,
            } => self.tool_start(*index, id, name, out),
            StreamEvent::ToolArguments {
                choice: 0,
                index,
                json,
            } => self.arguments(*index, json, out),
            StreamEvent::Opaque {
                choice: 0,
                origin: DialectId::Bedrock,
                raw,
            } => self.opaque(raw, out),
            StreamEvent::BlockStop { choice: 0 } => self.block_stop(out),
            StreamEvent::Finish {
                choice: 0,
                reason,
                stop_sequence,
            } => {
                self.close_all(out);
                self.finish = Some(*reason);
                self.stop_sequence.clone_from(stop_sequence);
            }
            StreamEvent::Usage(usage) => self.usage = Some(*usage),
            StreamEvent::Error(error) => {
                self.ended = true;
                let name = error::stream_exception(error);
                write_exception(name, &error::message(error), out);
            }
            StreamEvent::End => self.end(out),
            // The API knows one choice, no log probabilities and no sign of life.
            _ => {}
        }
    }
}

// === impl Encoder ===

impl Encoder {
    pub(in super::super) fn new(reply: &ReplyContext) -> Self {
        Self {
            reply: reply.clone(),
            started: false,
            ended: false,
            next: 0,
            open: None,
            waiting: Vec::new(),
            called: false,
            usage: None,
            finish: None,
            stop_sequence: None,
        }
    }

    fn start(&mut self, out: &mut BytesMut) {
        if !std::mem::replace(&mut self.started, true) {
            EventOut::MessageStart { role: "assistant" }.write(out);
        }
    }

    fn text(&mut self, text: &str, refusal: bool, out: &mut BytesMut) {
        let open = match self.open {
            Some(Open::Text) => !refusal,
            Some(Open::Refusal) => refusal,
            _ => false,
        };
        if text.is_empty() {
            return;
        }
        if !open {
            self.close_all(out);
            let kind = if refusal { Open::Refusal } else { Open::Text };
            self.begin(kind, out);
        }
        self.delta(DeltaOut::Text(text), out);
    }

    fn thinking(&mut self, text: &str, out: &mut BytesMut) {
        if !matches!(self.open, Some(Open::Thinking { signed: false })) {
            self.close_all(out);
            self.begin(Open::Thinking { signed: false }, out);
        }
        self.delta(DeltaOut::ReasoningContent(ReasoningOut::Text(text)), out);
    }

    /// Signs the open reasoning, or begins an empty one that carries the signature for the block
    /// after it.
    fn signature(&mut self, signature: &str, out: &mut BytesMut) {
        match &mut self.open {
            Some(Open::Thinking { signed }) if !*signed => *signed = true,
            _ => {
                self.close_all(out);
                self.begin(Open::Thinking { signed: true }, out);
            }
        }
        let delta = ReasoningOut::Signature(signature);
        self.delta(DeltaOut::ReasoningContent(delta), out);
    }

    fn tool_start(&mut self, index: u32, id: &str, name: &str, out: &mut BytesMut) {
        let busy = match &self.open {
            Some(Open::Tool { end, .. }) => !end.is_complete(),
            _ => false,
        };
        if busy {
            self.waiting.push(Waiting {
                index,
                id: id.to_owned(),
                name: name.to_owned(),
                json: String::new(),
            });
            return;
        }
        self.begin_tool(index, id, name, out);
    }

    fn begin_tool(&mut self, index: u32, id: &str, name: &str, out: &mut BytesMut) {
        self.close(out);
        self.called = true;
        let end = JsonEnd::default();
        self.begin(Open::Tool { index, end }, out);
        let start = StartOut::ToolUse {
            tool_use_id: id,
            name,
        };
        EventOut::ContentBlockStart {
            content_block_index: self.next,
            start,
        }
        .write(out);
    }

    fn arguments(&mut self, index: u32, json: &str, out: &mut BytesMut) {
        match &mut self.open {
            Some(Open::Tool { index: open, end }) if *open == index => {
                end.push(json);
                let complete = end.is_complete();
                self.delta(DeltaOut::ToolUse { input: json }, out);
                if complete && !self.waiting.is_empty() {
                    self.next_waiting(out);
                }
            }
            _ => {
                if let Some(call) = self.waiting.iter_mut().find(|call| call.index == index) {
                    call.json.push_str(json);
                }
            }
        }
    }

    /// Writes the calls that waited, up to the first that is still incomplete.
    fn next_waiting(&mut self, out: &mut BytesMut) {
        while !self.waiting.is_empty() {
            if let Some(Open::Tool { end, .. }) = &self.open
                && !end.is_complete()
            {
                return;
            }
            let call = self.waiting.remove(0);
            self.begin_tool(call.index, &call.id, &call.name, out);
            if let Some(Open::Tool { end, .. }) = &mut self.open {
                end.push(&call.json);
            }
            if !call.json.is_empty() {
                self.delta(DeltaOut::ToolUse { input: &call.json }, out);
            }
        }
    }

    /// A block of this dialect, in the events that it came in.
    fn opaque(&mut self, raw: &RawJson, out: &mut BytesMut) {
        let block: Map<String, Value> = serde_json::from_str(raw.get()).unwrap_or_default();
        let Some((name, Value::Object(mut member))) = block.into_iter().next() else {
            return;
        };
        let delta = match name.as_str() {
            "toolUse" => {
                let input = member.remove("input").unwrap_or_else(|| json!({}));
                json!({ "input": input.to_string() })
            }
            "toolResult" => member.remove("content").unwrap_or_else(|| json!([])),
            "image" => json!({ "source": member.remove("source") }),
            _ => return,
        };
        let start = json!({ &*name: member });
        let delta = json!({ name: delta });
        self.whole(Some(&start), &[DeltaOut::Raw(&delta)], out);
    }

    fn whole(&mut self, start: Option<&Value>, deltas: &[DeltaOut<'_>], out: &mut BytesMut) {
        self.close_all(out);
        self.start(out);
        let content_block_index = self.next;
        if let Some(start) = start {
            EventOut::ContentBlockStart {
                content_block_index,
                start: StartOut::Raw(start),
            }
            .write(out);
        }
        for delta in deltas {
            EventOut::ContentBlockDelta {
                content_block_index,
                delta: delta.clone(),
            }
            .write(out);
        }
        EventOut::ContentBlockStop {
            content_block_index,
        }
        .write(out);
        self.next += 1;
    }

    fn begin(&mut self, kind: Open, out: &mut BytesMut) {
        self.start(out);
        self.open = Some(kind);
    }

    fn delta(&self, delta: DeltaOut<'_>, out: &mut BytesMut) {
        EventOut::ContentBlockDelta {
            content_block_index: self.next,
            delta,
        }
        .write(out);
    }

    /// While calls wait it is unclear whose stop this is; they stop when they are complete.
    fn block_stop(&mut self, out: &mut BytesMut) {
        if self.waiting.is_empty() {
            self.close(out);
        }
    }

    fn close(&mut self, out: &mut BytesMut) {
        if let Some(open) = self.open.take() {
            // Clients parse what the pieces of a call's input add up to.
            if matches!(&open, Open::Tool { end, .. } if end.is_empty()) {
                self.delta(DeltaOut::ToolUse { input: "{}" }, out);
            }
            EventOut::ContentBlockStop {
                content_block_index: self.next,
            }
            .write(out);
            self.next += 1;
        }
    }

    fn close_all(&mut self, out: &mut BytesMut) {
        self.close(out);
        while !self.waiting.is_empty() {
            self.next_waiting(out);
            self.close(out);
        }
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.start(out);
        self.close_all(out);
        self.ended = true;
        let stop = self.stop_sequence.as_deref();
        EventOut::MessageStop {
            stop_reason: stop_name(self.finish, self.called),
            additional_model_response_fields: ExtraOut::new(stop),
        }
        .write(out);
        EventOut::Metadata {
            usage: ReplyUsage::new(self.usage.as_ref()),
            metrics: Metrics::new(&self.reply),
        }
        .write(out);
    }
}
