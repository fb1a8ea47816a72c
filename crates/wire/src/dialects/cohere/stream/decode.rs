//! Reads an upstream's streamed answer.
//!
//! Source: API reference, `V2ChatStreamResponse`; the guide to streaming.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::response::{Ended, ended};
use super::super::tools::{CallIn, made_id};
use super::super::{error, logprobs, usage};
use crate::canonical::StreamEvent;
use crate::dialect::{StreamDecoder, StreamError};
use crate::sse::{SseDecoder, SseEvent};

/// The API's streams have one choice.
const CHOICE: u32 = 0;

/// Reads an upstream's streamed answer.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    sse: SseDecoder,
    frames: Vec<SseEvent>,
    id: Option<String>,
    started: bool,
    /// The plan for a call was told last, which is a text of its own.
    planning: bool,
    /// The calls so far, by the API's index; the canonical one is the place in this list.
    calls: Vec<Option<u64>>,
    ended: bool,
}

/// An event; which members it has depends on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct FrameIn<'a> {
    r#type: Option<String>,
    id: Option<String>,
    index: Option<u64>,
    #[serde(borrow)]
    pub(in super::super) delta: Option<DeltaIn<'a>>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
    /// The sentence of an error that is no event of the API.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct DeltaIn<'a> {
    #[serde(borrow)]
    message: Option<MessageIn<'a>>,
    pub(in super::super) finish_reason: Option<String>,
    #[serde(borrow)]
    pub(in super::super) usage: Option<&'a RawValue>,
    pub(in super::super) error: Option<String>,
}

/// Empty lists stand in the first event where later ones have objects.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MessageIn<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    tool_plan: Option<String>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContentIn {
    text: Option<String>,
    thinking: Option<String>,
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
            Ok(())
        } else {
            Err(StreamError::Truncated)
        }
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
        if event.data.trim() == "[DONE]" {
            return Ok(());
        }
        let frame = match serde_json::from_str::<FrameIn<'_>>(&event.data) {
            Ok(frame) if !frame.is_error() && event.name != "error" => frame,
            Err(error) if event.name != "error" => {
                return Err(StreamError::Malformed(error.to_string()));
            }
            _ => {
                let error = error::decode_frame(event.data.as_bytes());
                out.push(StreamEvent::Error(error));
                self.ended = true;
                return Ok(());
            }
        };
        let name = frame.r#type.as_deref().unwrap_or(&event.name);
        if name == "message-start" {
            self.id.clone_from(&frame.id);
        }
        self.start(out);
        match name {
            "content-start" | "content-delta" => self.content(&frame, out),
            "content-end" | "tool-call-end" => self.stop(out),
            "tool-plan-delta" => self.plan(&frame, out),
            "tool-call-start" => self.call_start(&frame, out),
            "tool-call-delta" => self.call_delta(&frame, out),
            "message-end" => self.end(&frame.delta.unwrap_or_default(), out),
            // Citations stand beside the text, which no other dialect needs to be complete.
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, out: &mut Vec<StreamEvent>) {
        if !std::mem::replace(&mut self.started, true) {
            let id = self.id.clone();
            out.push(StreamEvent::Start { id, model: None });
        }
    }

    fn stop(&mut self, out: &mut Vec<StreamEvent>) {
        self.planning = false;
        out.push(StreamEvent::BlockStop { choice: CHOICE });
    }

    fn content(&mut self, frame: &FrameIn<'_>, out: &mut Vec<StreamEvent>) {
        let content: ContentIn = frame
            .said()
            .and_then(|message| message.content)
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default();
        if self.planning {
            self.stop(out);
        }
        let choice = CHOICE;
        if let Some(text) = content.thinking.filter(|text| !text.is_empty()) {
            out.push(StreamEvent::Thinking { choice, text });
        }
        if let Some(text) = content.text.filter(|text| !text.is_empty()) {
            out.push(StreamEvent::Text { choice, text });
        }
        if let Some(logprobs) = logprobs::decode_one(frame.logprobs) {
            out.push(StreamEvent::Logprobs { choice, logprobs });
        }
    }

    fn plan(&mut self, frame: &FrameIn<'_>, out: &mut Vec<StreamEvent>) {
        let plan = frame.said().and_then(|message| message.tool_plan.clone());
        if let Some(text) = plan.filter(|text| !text.is_empty()) {
            self.planning = true;
            let choice = CHOICE;
            out.push(StreamEvent::Text { choice, text });
        }
    }

    fn call_start(&mut self, frame: &FrameIn<'_>, out: &mut Vec<StreamEvent>) {
        self.planning = false;
        let call = frame.call().unwrap_or_default();
        let function = call.function.unwrap_or_default();
        let arguments = function.arguments();
        let name = function.name.unwrap_or_default();
        let place = self.calls.len();
        let seed = self.id.as_deref().unwrap_or_default();
        let id = call.id.filter(|id| !id.is_empty());
        self.calls.push(frame.index);
        out.push(StreamEvent::ToolStart {
            choice: CHOICE,
            index: position(place),
            id: id.unwrap_or_else(|| made_id(&name, seed, place)),
            name,
        });
        push_arguments(place, arguments, out);
    }

    fn call_delta(&mut self, frame: &FrameIn<'_>, out: &mut Vec<StreamEvent>) {
        let place = match frame.index {
            Some(_) => self.calls.iter().rposition(|index| *index == frame.index),
            None => self.calls.len().checked_sub(1),
        };
        let call = frame.call().and_then(|call| call.function);
        if let (Some(place), Some(function)) = (place, call) {
            push_arguments(place, function.arguments(), out);
        }
    }

    fn end(&mut self, delta: &DeltaIn<'_>, out: &mut Vec<StreamEvent>) {
        out.extend(usage::decode(delta.usage).map(StreamEvent::Usage));
        let called = !self.calls.is_empty();
        let word = delta.finish_reason.as_deref();
        self.ended = true;
        match ended(word, delta.error.as_deref(), called) {
            Ended::Failed(error) => out.push(StreamEvent::Error(error)),
            Ended::Finished(reason) => {
                out.push(StreamEvent::Finish {
                    choice: CHOICE,
                    reason,
                    stop_sequence: None,
                });
                out.push(StreamEvent::End);
            }
        }
    }
}

fn push_arguments(place: usize, json: String, out: &mut Vec<StreamEvent>) {
    if !json.is_empty() {
        out.push(StreamEvent::ToolArguments {
            choice: CHOICE,
            index: position(place),
            json,
        });
    }
}

/// No answer calls four thousand million tools.
fn position(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

// === impl FrameIn ===

impl<'a> FrameIn<'a> {
    /// Whether this is an error in place of an event.
    pub(in super::super) fn is_error(&self) -> bool {
        let is_sentence = |raw: &&RawValue| raw.get().starts_with('"');
        let has_sentence = self.message.as_ref().is_some_and(is_sentence);
        self.r#type.as_deref() == Some("error") || (self.delta.is_none() && has_sentence)
    }

    fn said(&self) -> Option<&MessageIn<'a>> {
        self.delta.as_ref()?.message.as_ref()
    }

    /// The call; some servers put it into a list.
    fn call(&self) -> Option<CallIn<'a>> {
        let raw = self.said()?.tool_calls?;
        if raw.get().starts_with('[') {
            let calls: Vec<CallIn<'a>> = serde_json::from_str(raw.get()).ok()?;
            return calls.into_iter().next();
        }
        serde_json::from_str(raw.get()).ok()
    }
}
