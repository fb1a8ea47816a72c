//! The message or the reasoning that a streamed answer is at.

use bytes::BytesMut;
use serde_json::value::{RawValue, to_raw_value};

use super::super::envelope;
use super::super::logprobs;
use super::super::response::{ItemOut, PartOut};
use super::frames::{Frames, Item, Place, Said};
use crate::canonical::{Logprobs, TokenLogprob};

/// A message while it is written.
#[derive(Debug)]
pub(super) struct Message {
    id: String,
    index: usize,
    parts: Vec<Part>,
    /// The last part goes on.
    open: bool,
}

#[derive(Debug)]
struct Part {
    text: String,
    refusal: bool,
    tokens: Vec<TokenLogprob>,
}

/// Reasoning while it is written.
#[derive(Debug)]
pub(super) struct Thought {
    id: String,
    index: usize,
    text: String,
    signature: Option<String>,
}

// === impl Message ===

impl Message {
    /// Begins a message.
    pub(super) fn begin(id: String, index: usize, frames: &mut Frames, out: &mut BytesMut) -> Self {
        let message = Self {
            id,
            index,
            parts: Vec::new(),
            open: false,
        };
        let item = message.item("in_progress");
        let output_index = index;
        frames.write(
            "response.output_item.added",
            &Item {
                output_index,
                item: &item,
            },
            out,
        );
        message
    }

    /// More text, or more of a refusal.
    pub(super) fn say(
        &mut self,
        text: &str,
        refusal: bool,
        frames: &mut Frames,
        out: &mut BytesMut,
    ) {
        let goes_on = self.open
            && self
                .parts
                .last()
                .is_some_and(|part| part.refusal == refusal);
        if !goes_on {
            self.close_part(frames, out);
            self.open_part(refusal, frames, out);
        }
        if let Some(part) = self.parts.last_mut() {
            part.text.push_str(text);
        }
        let delta = Said {
            delta: Some(text),
            logprobs: (!refusal).then(Vec::new),
            ..Said::default()
        };
        let kind = if refusal {
            "response.refusal.delta"
        } else {
            "response.output_text.delta"
        };
        frames.say(kind, self.place(), &delta, out);
    }

    /// Log probabilities of what was said last; they come with an empty piece of text.
    pub(super) fn weigh(&mut self, tokens: &Logprobs, frames: &mut Frames, out: &mut BytesMut) {
        let Some(part) = self.parts.last_mut().filter(|part| !part.refusal) else {
            return;
        };
        part.tokens.extend(tokens.content.iter().cloned());
        let delta = Said {
            delta: Some(""),
            logprobs: Some(logprobs::encode(&tokens.content)),
            ..Said::default()
        };
        frames.say("response.output_text.delta", self.place(), &delta, out);
    }

    /// Ends the part that goes on.
    pub(super) fn close_part(&mut self, frames: &mut Frames, out: &mut BytesMut) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let Some(part) = self.parts.last() else {
            return;
        };
        let place = self.place();
        let said = if part.refusal {
            Said {
                refusal: Some(&part.text),
                ..Said::default()
            }
        } else {
            Said {
                text: Some(&part.text),
                logprobs: Some(logprobs::encode(&part.tokens)),
                ..Said::default()
            }
        };
        let kind = if part.refusal {
            "response.refusal.done"
        } else {
            "response.output_text.done"
        };
        frames.say(kind, place, &said, out);
        let done = Said {
            part: Some(part.out()),
            ..Said::default()
        };
        frames.say("response.content_part.done", place, &done, out);
    }

    /// Ends the message; returns its place and itself.
    pub(super) fn end(
        mut self,
        status: &'static str,
        frames: &mut Frames,
        out: &mut BytesMut,
    ) -> (usize, Option<Box<RawValue>>) {
        self.close_part(frames, out);
        finish(self.index, &self.item(status), frames, out)
    }

    fn open_part(&mut self, refusal: bool, frames: &mut Frames, out: &mut BytesMut) {
        self.parts.push(Part {
            text: String::new(),
            refusal,
            tokens: Vec::new(),
        });
        self.open = true;
        let added = Said {
            part: self.parts.last().map(Part::out),
            ..Said::default()
        };
        frames.say("response.content_part.added", self.place(), &added, out);
    }

    fn place(&self) -> Place<'_> {
        Place {
            item_id: &self.id,
            output_index: self.index,
            content_index: Some(self.parts.len().saturating_sub(1)),
            summary_index: None,
        }
    }

    fn item(&self, status: &'static str) -> ItemOut<'_> {
        ItemOut::Message {
            id: &self.id,
            status,
            role: "assistant",
            content: self.parts.iter().map(Part::out).collect(),
        }
    }
}

// === impl Part ===

impl Part {
    fn out(&self) -> PartOut<'_> {
        if self.refusal {
            return PartOut::Refusal {
                refusal: &self.text,
            };
        }
        PartOut::OutputText {
            annotations: Vec::new(),
            logprobs: logprobs::encode(&self.tokens),
            text: &self.text,
        }
    }
}

// === impl Thought ===

impl Thought {
    /// Begins reasoning.
    pub(super) fn begin(id: String, index: usize, frames: &mut Frames, out: &mut BytesMut) -> Self {
        let thought = Self {
            id,
            index,
            text: String::new(),
            signature: None,
        };
        let item = thought.item();
        let output_index = index;
        frames.write(
            "response.output_item.added",
            &Item {
                output_index,
                item: &item,
            },
            out,
        );
        thought
    }

    /// More reasoning.
    pub(super) fn think(&mut self, text: &str, frames: &mut Frames, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        let place = place(&self.id, self.index);
        if self.text.is_empty() {
            let added = Said {
                part: Some(PartOut::SummaryText { text: "" }),
                ..Said::default()
            };
            frames.say("response.reasoning_summary_part.added", place, &added, out);
        }
        self.text.push_str(text);
        let delta = Said {
            delta: Some(text),
            ..Said::default()
        };
        frames.say("response.reasoning_summary_text.delta", place, &delta, out);
    }

    /// Takes the proof of this reasoning; whether it had none yet.
    pub(super) fn sign(&mut self, signature: &str) -> bool {
        if self.is_signed() {
            return false;
        }
        self.signature = Some(signature.to_owned());
        true
    }

    /// Whether it has its proof, so that more reasoning is another one.
    pub(super) fn is_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// Ends the reasoning; returns its place and itself.
    pub(super) fn end(
        self,
        frames: &mut Frames,
        out: &mut BytesMut,
    ) -> (usize, Option<Box<RawValue>>) {
        if !self.text.is_empty() {
            let place = place(&self.id, self.index);
            let text = Said {
                text: Some(&self.text),
                ..Said::default()
            };
            frames.say("response.reasoning_summary_text.done", place, &text, out);
            let part = Said {
                part: Some(PartOut::SummaryText { text: &self.text }),
                ..Said::default()
            };
            frames.say("response.reasoning_summary_part.done", place, &part, out);
        }
        finish(self.index, &self.item(), frames, out)
    }

    fn item(&self) -> ItemOut<'_> {
        let part = PartOut::SummaryText { text: &self.text };
        let summary = (!self.text.is_empty()).then_some(part);
        ItemOut::Reasoning {
            id: &self.id,
            summary: summary.into_iter().collect(),
            encrypted_content: self.signature.as_deref().map(envelope::seal_signature),
        }
    }
}

/// The only part of a summary.
fn place(item_id: &str, output_index: usize) -> Place<'_> {
    Place {
        item_id,
        output_index,
        content_index: None,
        summary_index: Some(0),
    }
}

/// Writes the end of an item.
pub(super) fn finish(
    index: usize,
    item: &ItemOut<'_>,
    frames: &mut Frames,
    out: &mut BytesMut,
) -> (usize, Option<Box<RawValue>>) {
    let output_index = index;
    frames.write(
        "response.output_item.done",
        &Item { output_index, item },
        out,
    );
    // Strings, numbers and JSON text always serialise.
    (index, to_raw_value(item).ok())
}
