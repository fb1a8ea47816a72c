//! Writes a streamed completion for a client: its chunks have the shape of a whole one.

use bytes::{BufMut, BytesMut};
use serde::Serialize;

use super::super::error;
use super::super::usage::UsageOut;
use super::completion_finish;
use super::logprobs::LogprobsOut;
use crate::canonical::{ApiError, FinishReason, Logprobs, StreamEvent, Usage};
use crate::dialect::{ReplyContext, StreamEncoder};
use crate::json;

const DONE: &[u8] = b"data: [DONE]\n\n";

/// The encoder: events in, chunks out.
#[derive(Debug)]
pub(crate) struct Encoder {
    /// Every chunk up to its choices.
    head: Vec<u8>,
    /// Every chunk from its choices on.
    tail: &'static [u8],
    include_usage: bool,
    usage: Option<Usage>,
    choices: Vec<ChoiceState>,
    ended: bool,
}

#[derive(Debug, Default)]
struct ChoiceState {
    index: u32,
    /// Where the next token stands that log probabilities come for, in characters.
    offset: usize,
    refused: bool,
    finished: bool,
}

#[derive(Debug, Default, Serialize)]
struct ChoiceOut<'a> {
    text: &'a str,
    index: u32,
    logprobs: Option<LogprobsOut<'a>>,
    finish_reason: Option<&'static str>,
}

// === impl Encoder ===

impl Encoder {
    /// An encoder for one answer.
    pub(crate) fn new(reply: &ReplyContext) -> Self {
        let mut head = Vec::with_capacity(160);
        head.extend_from_slice(b"data: {\"id\":");
        head.extend_from_slice(&json::quote(&format!("cmpl-{}", reply.id)));
        head.extend_from_slice(b",\"object\":\"text_completion\",\"created\":");
        head.extend_from_slice(reply.created.to_string().as_bytes());
        head.extend_from_slice(b",\"model\":");
        head.extend_from_slice(&json::quote(&reply.model));
        head.extend_from_slice(b",\"choices\":[");
        Self {
            head,
            // With usage asked for, every chunk but the last says that it has none.
            tail: if reply.include_usage {
                b"],\"usage\":null}\n\n"
            } else {
                b"]}\n\n"
            },
            include_usage: reply.include_usage,
            usage: None,
            choices: Vec::new(),
            ended: false,
        }
    }

    fn state(&mut self, choice: u32) -> &mut ChoiceState {
        let known = self.choices.iter().position(|state| state.index == choice);
        let at = known.unwrap_or_else(|| {
            self.choices.push(ChoiceState {
                index: choice,
                ..ChoiceState::default()
            });
            self.choices.len() - 1
        });
        &mut self.choices[at]
    }

    fn chunk(&self, choice: &ChoiceOut<'_>, out: &mut BytesMut) {
        out.extend_from_slice(&self.head);
        put(choice, out);
        out.extend_from_slice(self.tail);
    }

    fn text(&mut self, index: u32, text: &str, out: &mut BytesMut) {
        self.state(index);
        let choice = ChoiceOut {
            text,
            index,
            ..ChoiceOut::default()
        };
        self.chunk(&choice, out);
    }

    fn logprobs(&mut self, index: u32, logprobs: &Logprobs, out: &mut BytesMut) {
        let logprobs = LogprobsOut::new(logprobs, &mut self.state(index).offset);
        let choice = ChoiceOut {
            index,
            logprobs: Some(logprobs),
            ..ChoiceOut::default()
        };
        self.chunk(&choice, out);
    }

    fn finish(&mut self, index: u32, reason: FinishReason, out: &mut BytesMut) {
        let state = self.state(index);
        if std::mem::replace(&mut state.finished, true) {
            return;
        }
        let choice = ChoiceOut {
            index,
            finish_reason: Some(completion_finish(reason, state.refused)),
            ..ChoiceOut::default()
        };
        self.chunk(&choice, out);
    }

    fn error(&mut self, error: &ApiError, out: &mut BytesMut) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&error::encode(error));
        out.extend_from_slice(b"\n\n");
        out.extend_from_slice(DONE);
        self.ended = true;
    }

    fn end(&mut self, out: &mut BytesMut) {
        if self.choices.is_empty() {
            self.state(0);
        }
        let open = self.choices.iter().filter(|state| !state.finished);
        for index in open.map(|state| state.index).collect::<Vec<_>>() {
            self.finish(index, FinishReason::Stop, out);
        }
        if self.include_usage {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b"],\"usage\":");
            put(&UsageOut::from(self.usage.unwrap_or_default()), out);
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(DONE);
        self.ended = true;
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &StreamEvent, out: &mut BytesMut) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Text { choice, text } => self.text(*choice, text, out),
            StreamEvent::Refusal { choice, text } => {
                self.state(*choice).refused = true;
                self.text(*choice, text, out);
            }
            StreamEvent::Logprobs { choice, logprobs } => self.logprobs(*choice, logprobs, out),
            StreamEvent::Finish { choice, reason, .. } => self.finish(*choice, *reason, out),
            StreamEvent::Usage(usage) => self.usage = Some(*usage),
            StreamEvent::Error(error) => self.error(error, out),
            StreamEvent::End => self.end(out),
            // A completion is text and nothing else.
            StreamEvent::Start { .. }
            | StreamEvent::Thinking { .. }
            | StreamEvent::Signature { .. }
            | StreamEvent::RedactedThinking { .. }
            | StreamEvent::ToolStart { .. }
            | StreamEvent::ToolArguments { .. }
            | StreamEvent::Opaque { .. }
            | StreamEvent::BlockStop { .. }
            | StreamEvent::Ping => {}
        }
    }
}

/// Appends what `value` serialises to, which for the types here cannot fail.
fn put(value: &(impl Serialize + ?Sized), out: &mut BytesMut) {
    let _ = serde_json::to_writer(out.writer(), value);
}
