//! Writes a streamed answer for a client.
//!
//! Source: messages API reference, `RawMessageStreamEvent`; the page on streaming. Order:
//! `message_start`; blocks one after the other, each with its start, deltas and stop;
//! `message_delta`; `message_stop`. The SDKs take a delta for the block that began last, so blocks
//! never overlap.

use bytes::{BufMut, BytesMut};

use super::super::citations::Listed;
use super::super::error;
use super::super::response::{Caller, ReplyBlock, stop_name};
use super::super::usage::{ReplyDeltaUsage, ReplyUsage};
use super::frames::{Delta, End, Frame, Piece, Start};
use crate::canonical::{FinishReason, RawJson, StreamEvent, Usage, input_object};
use crate::dialect::{DialectId, ReplyContext, StreamEncoder};
use crate::json::{self, JsonEnd, JsonObject};

/// Writes a streamed answer for a client.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    id: String,
    model: String,
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
        if self.ended || choice(event) != 0 {
            return;
        }
        match event {
            // `message_start` waits for what comes next: it may be the input counts.
            StreamEvent::Start { .. } => {}
            StreamEvent::Text { text, .. } => self.text(text, false, out),
            StreamEvent::Refusal { text, .. } => self.text(text, true, out),
            StreamEvent::Thinking { text, .. } => self.thinking(text, out),
            StreamEvent::Signature { signature, .. } => self.signature(signature, out),
            StreamEvent::RedactedThinking { data, .. } => {
                self.whole(
                    Piece::Block(ReplyBlock::RedactedThinking { data }),
                    None,
                    out,
                );
            }
            StreamEvent::ToolStart {
                index, id, name, ..
            } => self.tool_start(*index, id, name, out),
            StreamEvent::ToolArguments { index, json, .. } => self.arguments(*index, json, out),
            StreamEvent::Opaque { origin, raw, .. } => {
                if *origin == DialectId::Anthropic {
                    self.opaque(raw, out);
                }
            }
            StreamEvent::BlockStop { .. } => self.block_stop(out),
            StreamEvent::Logprobs { .. } => {}
            StreamEvent::Finish {
                reason,
                stop_sequence,
                ..
            } => {
                self.close_all(out);
                self.finish = Some(*reason);
                self.stop_sequence.clone_from(stop_sequence);
            }
            StreamEvent::Usage(usage) => self.usage = Some(*usage),
            StreamEvent::Ping => {
                self.start(out);
                Frame::Ping.write(out);
            }
            StreamEvent::Error(error) => {
                self.ended = true;
                out.put_slice(b"event: error\ndata: ");
                out.put_slice(&error::encode(error));
                out.put_slice(b"\n\n");
            }
            StreamEvent::End => self.end(out),
        }
    }
}

// === impl Encoder ===

impl Encoder {
    pub(in super::super) fn new(reply: &ReplyContext) -> Self {
        Self {
            id: format!("msg_{}", reply.id),
            model: reply.model.clone(),
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

    /// Counts that are not known yet are zeros here; `message_delta` replaces them.
    fn start(&mut self, out: &mut BytesMut) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let message = Start {
            id: self.id.clone(),
            r#type: "message",
            role: "assistant",
            model: &self.model,
            content: [],
            stop_reason: None,
            stop_sequence: None,
            stop_details: None,
            container: None,
            diagnostics: None,
            usage: ReplyUsage::new(self.usage.as_ref(), None),
        };
        Frame::MessageStart { message }.write(out);
    }

    fn text(&mut self, text: &str, refusal: bool, out: &mut BytesMut) {
        let open = match self.open {
            Some(Open::Text) => !refusal,
            Some(Open::Refusal) => refusal,
            _ => false,
        };
        if !open {
            let kind = if refusal { Open::Refusal } else { Open::Text };
            let empty = ReplyBlock::Text {
                text: "",
                citations: Listed(None),
            };
            self.begin(kind, Piece::Block(empty), out);
        }
        self.delta(Delta::Text { text }, out);
    }

    fn thinking(&mut self, thinking: &str, out: &mut BytesMut) {
        if !matches!(self.open, Some(Open::Thinking { signed: false })) {
            self.begin(
                Open::Thinking { signed: false },
                Piece::empty_thinking(),
                out,
            );
        }
        self.delta(Delta::Thinking { thinking }, out);
    }

    /// Signs the open reasoning, or begins an empty one that carries the signature for the block
    /// after it.
    fn signature(&mut self, signature: &str, out: &mut BytesMut) {
        match &mut self.open {
            Some(Open::Thinking { signed }) if !*signed => *signed = true,
            _ => self.begin(
                Open::Thinking { signed: true },
                Piece::empty_thinking(),
                out,
            ),
        }
        self.delta(Delta::Signature { signature }, out);
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
        self.called = true;
        let block = ReplyBlock::ToolUse {
            id,
            name,
            input: input_object(""),
            caller: Caller::DIRECT,
        };
        let end = JsonEnd::default();
        self.begin(Open::Tool { index, end }, Piece::Block(block), out);
    }

    fn arguments(&mut self, index: u32, json: &str, out: &mut BytesMut) {
        match &mut self.open {
            Some(Open::Tool { index: open, end }) if *open == index => {
                end.push(json);
                let complete = end.is_complete();
                self.delta(Delta::Input { partial_json: json }, out);
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
                self.delta(
                    Delta::Input {
                        partial_json: &call.json,
                    },
                    out,
                );
            }
        }
    }

    /// A server tool's call streams its input as the API does; other blocks come whole.
    fn opaque(&mut self, raw: &RawJson, out: &mut BytesMut) {
        let text = json::compact(raw.get()).into_owned();
        let object = JsonObject::parse(text.clone().into(), usize::MAX).ok();
        if let Some(mut object) = object
            && let Some(input) = object.get("input").map(<[u8]>::to_vec)
            && let Ok(input) = String::from_utf8(input)
        {
            object.set("input", "{}");
            let text = String::from_utf8_lossy(&object.to_bytes()).into_owned();
            if let Ok(emptied) = RawJson::parse(text) {
                self.whole(Piece::Raw(&emptied), Some(&input), out);
                return;
            }
        }
        if let Ok(raw) = RawJson::parse(text) {
            self.whole(Piece::Raw(&raw), None, out);
        }
    }

    fn whole(&mut self, piece: Piece<'_>, input: Option<&str>, out: &mut BytesMut) {
        self.close_all(out);
        self.start(out);
        let index = self.next;
        let frame = Frame::ContentBlockStart {
            index,
            content_block: piece,
        };
        frame.write(out);
        if let Some(partial_json) = input {
            let delta = Delta::Input { partial_json };
            Frame::ContentBlockDelta { index, delta }.write(out);
        }
        Frame::ContentBlockStop { index }.write(out);
        self.next += 1;
    }

    fn begin(&mut self, kind: Open, piece: Piece<'_>, out: &mut BytesMut) {
        if matches!(kind, Open::Tool { .. }) {
            self.close(out);
        } else {
            self.close_all(out);
        }
        self.start(out);
        let frame = Frame::ContentBlockStart {
            index: self.next,
            content_block: piece,
        };
        frame.write(out);
        self.open = Some(kind);
    }

    fn delta(&self, delta: Delta<'_>, out: &mut BytesMut) {
        let index = self.next;
        Frame::ContentBlockDelta { index, delta }.write(out);
    }

    /// While calls wait it is unclear whose stop this is; they stop when they are complete.
    fn block_stop(&mut self, out: &mut BytesMut) {
        if self.waiting.is_empty() {
            self.close(out);
        }
    }

    fn close(&mut self, out: &mut BytesMut) {
        if self.open.take().is_some() {
            let index = self.next;
            Frame::ContentBlockStop { index }.write(out);
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
        let delta = End {
            stop_reason: stop_name(self.finish, self.called),
            stop_sequence: self.stop_sequence.as_deref(),
            stop_details: None,
            container: None,
        };
        let usage = ReplyDeltaUsage::new(self.usage.as_ref());
        Frame::MessageDelta { delta, usage }.write(out);
        Frame::MessageStop.write(out);
    }
}

/// The choice an event belongs to; what concerns the whole answer counts as the first's.
fn choice(event: &StreamEvent) -> u32 {
    match event {
        StreamEvent::Text { choice, .. }
        | StreamEvent::Thinking { choice, .. }
        | StreamEvent::Signature { choice, .. }
        | StreamEvent::RedactedThinking { choice, .. }
        | StreamEvent::ToolStart { choice, .. }
        | StreamEvent::ToolArguments { choice, .. }
        | StreamEvent::Refusal { choice, .. }
        | StreamEvent::Opaque { choice, .. }
        | StreamEvent::BlockStop { choice }
        | StreamEvent::Logprobs { choice, .. }
        | StreamEvent::Finish { choice, .. } => *choice,
        StreamEvent::Start { .. }
        | StreamEvent::Usage(_)
        | StreamEvent::Ping
        | StreamEvent::Error(_)
        | StreamEvent::End => 0,
    }
}
