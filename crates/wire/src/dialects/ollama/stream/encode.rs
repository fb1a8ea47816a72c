//! Writes a stream for a client.

use std::time::{Duration, Instant};

use std::borrow::Cow;
use std::mem;

use bytes::BytesMut;

use super::super::error::OutError;
use super::super::tools::OutToolCall;
use super::super::wire::{OutAnswer, OutLogprob, OutMessage, created_at, write_line};
use super::super::{response, usage};
use crate::canonical::{ApiError, FinishReason, Logprobs, StreamEvent, Usage};
use crate::dialect::{ReplyContext, StreamEncoder};
use crate::operation::Operation;

/// Writes the first choice of an answer; Ollama knows no others.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    model: String,
    created_at: String,
    started: Option<Instant>,
    operation: Operation,
    /// Calls whose arguments are still coming: a client expects a call in one line.
    open: Vec<Call>,
    /// How many calls were written.
    written: usize,
    finish: FinishReason,
    usage: Option<Usage>,
    /// The last line was written.
    closed: bool,
}

#[derive(Debug)]
struct Call {
    index: u32,
    id: String,
    name: String,
    arguments: String,
}

// === impl Encoder ===

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &StreamEvent, out: &mut BytesMut) {
        if self.closed {
            return;
        }
        match event {
            StreamEvent::Text { choice: 0, text } | StreamEvent::Refusal { choice: 0, text } => {
                self.text(text, out);
            }
            StreamEvent::Thinking { choice: 0, text } => self.thinking(text, out),
            StreamEvent::ToolStart {
                choice: 0,
                index,
                id,
                name,
            } => self.open.push(Call {
                index: *index,
                id: id.clone(),
                name: name.clone(),
                arguments: String::new(),
            }),
            StreamEvent::ToolArguments {
                choice: 0,
                index,
                json,
            } => self.arguments(*index, json),
            StreamEvent::Logprobs {
                choice: 0,
                logprobs,
            } => self.logprobs(logprobs, out),
            StreamEvent::Finish {
                choice: 0, reason, ..
            } => {
                self.finish = *reason;
                self.calls(out);
            }
            StreamEvent::Usage(usage) => self.usage = Some(*usage),
            StreamEvent::Error(error) => self.fail(error, out),
            StreamEvent::End => self.end(out),
            // What is left either belongs to another choice or has no form here.
            _ => {}
        }
    }
}

impl Encoder {
    /// A writer of the answer that `reply` describes.
    pub(in super::super) fn new(reply: &ReplyContext) -> Self {
        Self {
            model: reply.model.clone(),
            created_at: created_at(reply),
            operation: reply.operation,
            started: reply.started,
            open: Vec::new(),
            written: 0,
            finish: FinishReason::Stop,
            usage: None,
            closed: false,
        }
    }

    fn text(&mut self, text: &str, out: &mut BytesMut) {
        if !text.is_empty() {
            self.calls(out);
            let message = OutMessage {
                content: Cow::Borrowed(text),
                ..OutMessage::default()
            };
            write_line(&self.line(message), out);
        }
    }

    fn thinking(&mut self, text: &str, out: &mut BytesMut) {
        if !text.is_empty() {
            self.calls(out);
            let message = OutMessage {
                thinking: Some(Cow::Borrowed(text)),
                ..OutMessage::default()
            };
            write_line(&self.line(message), out);
        }
    }

    fn arguments(&mut self, index: u32, json: &str) {
        if let Some(call) = self.open.iter_mut().find(|call| call.index == index) {
            call.arguments.push_str(json);
        }
    }

    /// Writes the calls that are open: another kind of content, or the end, completes them.
    fn calls(&mut self, out: &mut BytesMut) {
        for call in mem::take(&mut self.open) {
            let message = OutMessage {
                tool_calls: vec![OutToolCall::new(
                    &call.id,
                    self.written,
                    &call.name,
                    &call.arguments,
                )],
                ..OutMessage::default()
            };
            write_line(&self.line(message), out);
            self.written += 1;
        }
    }

    fn logprobs(&mut self, logprobs: &Logprobs, out: &mut BytesMut) {
        let line = OutAnswer {
            logprobs: OutLogprob::list(logprobs),
            ..self.line(OutMessage::default())
        };
        write_line(&line, out);
    }

    fn fail(&mut self, error: &ApiError, out: &mut BytesMut) {
        self.closed = true;
        write_line(&OutError::new(error), out);
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.calls(out);
        self.closed = true;
        let took = self
            .started
            .map_or(Duration::ZERO, |started| started.elapsed());
        let mut line = OutAnswer {
            done: true,
            done_reason: Some(response::done_reason(self.finish)),
            ..self.line(OutMessage::default())
        };
        usage::encode(self.usage, took, &mut line);
        write_line(&line, out);
    }

    fn line<'a>(&'a self, message: OutMessage<'a>) -> OutAnswer<'a> {
        let mut line = OutAnswer {
            model: &self.model,
            created_at: &self.created_at,
            ..OutAnswer::default()
        };
        response::place(message, self.operation, &mut line);
        line
    }
}
