//! Writes a streamed answer for a client.
//!
//! Order: `response.created` and `response.in_progress`; items, each between its
//! `output_item.added` and `output_item.done`, calls possibly side by side; and the whole answer.

use std::borrow::Cow;

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::super::envelope;
use super::super::error::EventOut;
use super::super::response::{Ending, ItemOut, Reply};
use super::super::tools::Input;
use super::call::Call;
use super::frames::{Frames, Item, Whole};
use super::message::{Message, Thought, finish};
use crate::canonical::{ApiError, FinishReason, RawJson, StreamEvent, Usage};
use crate::dialect::{DialectId, ReplyContext, StreamEncoder};
use crate::json;

/// The encoder: events in, frames out.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    reply: Reply,
    frames: Frames,
    started: bool,
    ended: bool,
    /// The items by their place; those that are not complete yet are absent.
    items: Vec<Option<Box<RawValue>>>,
    message: Option<Message>,
    thought: Option<Thought>,
    /// Calls whose arguments are not complete yet.
    calls: Vec<Call>,
    refused: bool,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
}

// === impl StreamEncoder for Encoder ===

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &StreamEvent, out: &mut BytesMut) {
        // This API has but one choice.
        if self.ended || choice(event) != 0 {
            return;
        }
        match event {
            StreamEvent::Start { .. } => self.start(out),
            StreamEvent::Text { text, .. } => self.say(text, false, out),
            StreamEvent::Refusal { text, .. } => self.say(text, true, out),
            StreamEvent::Thinking { text, .. } => self.think(text, out),
            StreamEvent::Signature { signature, .. } => self.sign(signature, out),
            StreamEvent::RedactedThinking { data, .. } => self.redacted(data, out),
            StreamEvent::ToolStart {
                index, id, name, ..
            } => self.call(*index, id, name, out),
            StreamEvent::ToolArguments { index, json, .. } => self.arguments(*index, json, out),
            StreamEvent::Opaque { origin, raw, .. } => {
                if *origin == DialectId::OpenAiResponses {
                    self.opaque(raw, out);
                }
            }
            StreamEvent::BlockStop { .. } => self.block_stop(out),
            StreamEvent::Logprobs { logprobs, .. } => {
                if let Some(message) = &mut self.message {
                    message.weigh(logprobs, &mut self.frames, out);
                }
            }
            StreamEvent::Finish { reason, .. } => {
                self.finish = Some(*reason);
                self.close_all(out);
            }
            StreamEvent::Usage(usage) => self.usage = Some(*usage),
            // There is no event for a sign of life.
            StreamEvent::Ping => {}
            StreamEvent::Error(error) => self.error(error, out),
            StreamEvent::End => {
                self.close_all(out);
                self.end(out);
            }
        }
    }
}

// === impl Encoder ===

impl Encoder {
    /// An encoder for one answer.
    pub(in super::super) fn new(context: &ReplyContext) -> Self {
        Self {
            reply: Reply::new(context),
            frames: Frames::default(),
            started: false,
            ended: false,
            items: Vec::new(),
            message: None,
            thought: None,
            calls: Vec::new(),
            refused: false,
            usage: None,
            finish: None,
        }
    }

    fn start(&mut self, out: &mut BytesMut) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        for kind in ["response.created", "response.in_progress"] {
            self.whole(kind, Ending::InProgress, out);
        }
    }

    fn whole(&mut self, kind: &str, ending: Ending<'_>, out: &mut BytesMut) {
        let items = self.items.iter().flatten().map(|item| &**item).collect();
        let response = self.reply.write(ending, items, None);
        if let Ok(response) = serde_json::from_slice(&response) {
            self.frames.write(kind, &Whole { response }, out);
        }
    }

    /// A place for the next item, and its id.
    fn next(&mut self, prefix: &str, out: &mut BytesMut) -> (usize, String) {
        self.start(out);
        let index = self.items.len();
        self.items.push(None);
        (index, self.reply.item_id(prefix, index))
    }

    fn say(&mut self, text: &str, refusal: bool, out: &mut BytesMut) {
        self.refused |= refusal;
        self.close_thought(out);
        if self.message.is_none() {
            self.close_complete_calls(out);
            let (index, id) = self.next("msg", out);
            self.message = Some(Message::begin(id, index, &mut self.frames, out));
        }
        if let Some(message) = &mut self.message {
            message.say(text, refusal, &mut self.frames, out);
        }
    }

    fn think(&mut self, text: &str, out: &mut BytesMut) {
        if self.thought.as_ref().is_some_and(Thought::is_signed) {
            self.close_thought(out);
        }
        self.open_thought(out);
        if let Some(thought) = &mut self.thought {
            thought.think(text, &mut self.frames, out);
        }
    }

    /// Signs the reasoning that goes on, or writes one that carries nothing but the proof.
    fn sign(&mut self, signature: &str, out: &mut BytesMut) {
        if self.thought.as_mut().is_some_and(|t| t.sign(signature)) {
            return;
        }
        self.close_thought(out);
        self.open_thought(out);
        if let Some(thought) = &mut self.thought {
            thought.sign(signature);
        }
    }

    fn open_thought(&mut self, out: &mut BytesMut) {
        if self.thought.is_none() {
            self.close_message("completed", out);
            self.close_complete_calls(out);
            let (index, id) = self.next("rs", out);
            self.thought = Some(Thought::begin(id, index, &mut self.frames, out));
        }
    }

    fn redacted(&mut self, data: &str, out: &mut BytesMut) {
        self.close_blocks(out);
        let (index, id) = self.next("rs", out);
        let item = ItemOut::Reasoning {
            id: &id,
            summary: Vec::new(),
            encrypted_content: Some(Cow::Owned(envelope::seal_redacted(data))),
        };
        self.item(index, &item, out);
    }

    fn opaque(&mut self, raw: &RawJson, out: &mut BytesMut) {
        self.close_blocks(out);
        let text = json::compact(raw.get());
        if let Ok(raw) = serde_json::from_str(&text) {
            let (index, _) = self.next("", out);
            self.item(index, &ItemOut::Raw(raw), out);
        }
    }

    /// Writes an item that is complete as it begins.
    fn item(&mut self, index: usize, item: &ItemOut<'_>, out: &mut BytesMut) {
        let output_index = index;
        let added = Item { output_index, item };
        self.frames.write("response.output_item.added", &added, out);
        let (index, done) = finish(index, item, &mut self.frames, out);
        self.keep(index, done);
    }

    fn call(&mut self, place: u32, call_id: &str, name: &str, out: &mut BytesMut) {
        self.close_blocks(out);
        let custom = self.reply.is_custom(name);
        let (index, id) = self.next(if custom { "ctc" } else { "fc" }, out);
        let call = Call {
            place,
            index,
            id,
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            custom: custom.then(Input::default),
            arguments: String::new(),
        };
        call.begin(&mut self.frames, out);
        self.calls.push(call);
    }

    fn arguments(&mut self, place: u32, json: &str, out: &mut BytesMut) {
        let call = self.calls.iter_mut().find(|call| call.place == place);
        if let Some(call) = call.filter(|_| !json.is_empty()) {
            call.push(json, &mut self.frames, out);
        }
    }

    fn block_stop(&mut self, out: &mut BytesMut) {
        self.close_thought(out);
        if let Some(message) = &mut self.message {
            message.close_part(&mut self.frames, out);
        }
        self.close_complete_calls(out);
    }

    /// Ends what another item does not go along with.
    fn close_blocks(&mut self, out: &mut BytesMut) {
        self.close_thought(out);
        self.close_message("completed", out);
        self.close_complete_calls(out);
    }

    fn close_thought(&mut self, out: &mut BytesMut) {
        if let Some(thought) = self.thought.take() {
            let (index, item) = thought.end(&mut self.frames, out);
            self.keep(index, item);
        }
    }

    fn close_message(&mut self, status: &'static str, out: &mut BytesMut) {
        if let Some(message) = self.message.take() {
            let (index, item) = message.end(status, &mut self.frames, out);
            self.keep(index, item);
        }
    }

    /// Ends the calls that cannot go on.
    fn close_complete_calls(&mut self, out: &mut BytesMut) {
        let complete = |call: &mut Call| call.is_complete();
        let calls: Vec<Call> = self.calls.extract_if(.., complete).collect();
        self.close_calls(calls, out);
    }

    fn close_calls(&mut self, calls: Vec<Call>, out: &mut BytesMut) {
        for call in calls {
            let (index, item) = call.end(&mut self.frames, out);
            self.keep(index, item);
        }
    }

    fn close_all(&mut self, out: &mut BytesMut) {
        let status = self.ending().status();
        self.close_thought(out);
        self.close_message(status, out);
        let calls = std::mem::take(&mut self.calls);
        self.close_calls(calls, out);
    }

    fn keep(&mut self, index: usize, item: Option<Box<RawValue>>) {
        if let Some(place) = self.items.get_mut(index) {
            *place = item;
        }
    }

    fn ending(&self) -> Ending<'static> {
        Ending::Ended {
            finish: self.finish.unwrap_or(FinishReason::Stop),
            refused: self.refused,
            usage: self.usage,
        }
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.start(out);
        self.ended = true;
        let ending = self.ending();
        let kind = match ending.status() {
            "incomplete" => "response.incomplete",
            _ => "response.completed",
        };
        self.whole(kind, ending, out);
    }

    /// The error as an event of its own, for those who look for it there, and the failed answer.
    fn error(&mut self, error: &ApiError, out: &mut BytesMut) {
        self.start(out);
        self.ended = true;
        self.frames.write("error", &EventOut::from(error), out);
        self.whole("response.failed", Ending::Failed(error), out);
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
