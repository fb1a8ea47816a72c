//! Writes a streamed answer for a client.
//!
//! Source: the guide to streaming. Order: `message-start`; contents and calls, each with its
//! start, deltas and end; `message-end`; the marker `[DONE]`.

use bytes::{BufMut, BytesMut};

use super::super::response::finish_name;
use super::frames::{End, Frame};
use crate::canonical::{ApiError, ErrorKind, FinishReason, Logprobs, StreamEvent, Usage};
use crate::dialect::{ReplyContext, StreamEncoder};
use crate::json::JsonEnd;

/// Writes a streamed answer for a client.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    id: String,
    started: bool,
    ended: bool,
    /// The index of the next content.
    next: u32,
    content: Option<Content>,
    /// The calls that are not complete: deltas name theirs, so that several may be open.
    calls: Vec<(u32, JsonEnd)>,
    called: bool,
    usage: Usage,
    finish: Option<FinishReason>,
}

/// The content that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Text,
    Refusal,
    Thinking,
}

// === impl StreamEncoder for Encoder ===

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &StreamEvent, out: &mut BytesMut) {
        if self.ended || !is_first_choice(event) {
            return;
        }
        match event {
            StreamEvent::Start { .. } => self.start(out),
            StreamEvent::Text { text, .. } => self.text(text, Content::Text, out),
            StreamEvent::Refusal { text, .. } => self.text(text, Content::Refusal, out),
            StreamEvent::Thinking { text, .. } => {
                self.open(Content::Thinking, out);
                Frame::thinking(self.next, text).write(out);
            }
            StreamEvent::ToolStart {
                index, id, name, ..
            } => self.call_start(*index, id, name, out),
            StreamEvent::ToolArguments { index, json, .. } => self.arguments(*index, json, out),
            StreamEvent::BlockStop { .. } => {
                self.close_content(out);
                self.close_calls(true, out);
            }
            StreamEvent::Logprobs { logprobs, .. } => self.logprobs(logprobs, out),
            StreamEvent::Finish { reason, .. } => {
                self.close(out);
                self.finish = Some(*reason);
            }
            StreamEvent::Usage(usage) => self.usage = *usage,
            StreamEvent::Error(error) => self.error(error, out),
            StreamEvent::End => self.end(out),
            // There is no event for a sign of life, a proof or another dialect's block.
            StreamEvent::Ping
            | StreamEvent::Signature { .. }
            | StreamEvent::RedactedThinking { .. }
            | StreamEvent::Opaque { .. } => {}
        }
    }
}

// === impl Encoder ===

impl Encoder {
    pub(in super::super) fn new(reply: &ReplyContext) -> Self {
        Self {
            id: reply.uuid().into_owned(),
            started: false,
            ended: false,
            next: 0,
            content: None,
            calls: Vec::new(),
            called: false,
            usage: Usage::default(),
            finish: None,
        }
    }

    fn start(&mut self, out: &mut BytesMut) {
        if !std::mem::replace(&mut self.started, true) {
            Frame::start(self.id.as_str().into()).write(out);
        }
    }

    fn text(&mut self, text: &str, kind: Content, out: &mut BytesMut) {
        self.open(kind, out);
        Frame::text(self.next, text, None).write(out);
    }

    /// Makes sure that content of this kind is being written.
    fn open(&mut self, kind: Content, out: &mut BytesMut) {
        if self.content == Some(kind) {
            return;
        }
        self.close(out);
        self.start(out);
        match kind {
            Content::Text | Content::Refusal => Frame::text_start(self.next).write(out),
            Content::Thinking => Frame::thinking_start(self.next).write(out),
        }
        self.content = Some(kind);
    }

    /// The values go with text, of which they are about what was sent before.
    fn logprobs(&mut self, logprobs: &Logprobs, out: &mut BytesMut) {
        for token in &logprobs.content {
            if self.content.is_none() {
                self.open(Content::Text, out);
            }
            Frame::text(self.next, "", Some(token.into())).write(out);
        }
    }

    fn call_start(&mut self, index: u32, id: &str, name: &str, out: &mut BytesMut) {
        self.close_content(out);
        self.close_calls(false, out);
        self.start(out);
        self.called = true;
        self.calls.push((index, JsonEnd::default()));
        Frame::call(index, id, name).write(out);
    }

    fn arguments(&mut self, index: u32, json: &str, out: &mut BytesMut) {
        if let Some((_, end)) = self.calls.iter_mut().find(|(open, _)| *open == index) {
            end.push(json);
            Frame::arguments(index, json).write(out);
        }
    }

    fn close_content(&mut self, out: &mut BytesMut) {
        if self.content.take().is_some() {
            let index = self.next;
            Frame::ContentEnd { index }.write(out);
            self.next += 1;
        }
    }

    /// Ends the calls whose arguments are complete. While several are open it is unclear whose
    /// stop a `stop` is, but one alone can be meant even where its arguments never were an object.
    fn close_calls(&mut self, stop: bool, out: &mut BytesMut) {
        let alone = stop && self.calls.len() == 1;
        self.calls.retain(|(index, end)| {
            let is_over = alone || end.is_complete();
            if is_over {
                Frame::ToolCallEnd { index: *index }.write(out);
            }
            !is_over
        });
    }

    fn close(&mut self, out: &mut BytesMut) {
        self.close_content(out);
        for (index, _) in self.calls.drain(..) {
            Frame::ToolCallEnd { index }.write(out);
        }
    }

    /// An error is how the message ends; the API has no event of its own for it.
    fn error(&mut self, error: &ApiError, out: &mut BytesMut) {
        let finish_reason = match error.kind {
            ErrorKind::Timeout => "TIMEOUT",
            _ => "ERROR",
        };
        self.message_end(finish_reason, Some(&error.message), out);
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.close(out);
        let filtered = self.finish == Some(FinishReason::ContentFilter);
        let error = filtered.then_some("a content filter stopped the answer");
        self.message_end(finish_name(self.finish, self.called), error, out);
    }

    fn message_end(
        &mut self,
        finish_reason: &'static str,
        error: Option<&str>,
        out: &mut BytesMut,
    ) {
        self.start(out);
        self.ended = true;
        let delta = End {
            error,
            finish_reason,
            usage: self.usage.into(),
        };
        let id = self.id.as_str().into();
        Frame::MessageEnd { id, delta }.write(out);
        out.put_slice(b"data: [DONE]\n\n");
    }
}

/// The API knows one choice only; what concerns the whole answer counts as the first's.
fn is_first_choice(event: &StreamEvent) -> bool {
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
        | StreamEvent::Finish { choice, .. } => *choice == 0,
        StreamEvent::Start { .. }
        | StreamEvent::Usage(_)
        | StreamEvent::Ping
        | StreamEvent::Error(_)
        | StreamEvent::End => true,
    }
}
