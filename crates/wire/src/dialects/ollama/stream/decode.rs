//! Reads an upstream's stream.

use std::mem;

use super::super::think::{Piece, ThinkSplitter};
use super::super::tools::WireToolCall;
use super::super::wire::WireAnswer;
use super::super::{error, response, usage};
use crate::canonical::StreamEvent;
use crate::dialect::{StreamDecoder, StreamError};
use crate::ndjson::NdjsonDecoder;

/// Reads a stream of answers.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    lines: NdjsonDecoder,
    content: Content,
    state: State,
    /// How many calls there were so far.
    calls: u32,
}

/// How text and reasoning are told apart.
#[derive(Debug)]
enum Content {
    /// No field of its own for reasoning so far: tags may hide it.
    Tagged(ThinkSplitter),
    /// The server sends reasoning in `thinking`; the content is the answer.
    Plain,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Waiting,
    Answering,
    /// The last line came, or a reason to stop.
    Finished,
    Failed,
}

// === impl Content ===

impl Default for Content {
    fn default() -> Self {
        Self::Tagged(ThinkSplitter::default())
    }
}

impl Content {
    fn push(&mut self, text: String, out: &mut Vec<StreamEvent>) {
        match self {
            Self::Tagged(splitter) => {
                let mut pieces = Vec::new();
                splitter.push(text, &mut pieces);
                out.extend(pieces.into_iter().map(event));
                if splitter.is_done() {
                    *self = Self::Plain;
                }
            }
            Self::Plain => out.push(event(Piece::Text(text))),
        }
    }

    /// No tag can follow: gives up what was held back.
    fn settle(&mut self, out: &mut Vec<StreamEvent>) {
        if let Self::Tagged(mut splitter) = mem::replace(self, Self::Plain) {
            let mut pieces = Vec::new();
            splitter.finish(&mut pieces);
            out.extend(pieces.into_iter().map(event));
        }
    }
}

fn event(piece: Piece) -> StreamEvent {
    match piece {
        Piece::Text(text) => StreamEvent::Text { choice: 0, text },
        Piece::Thinking(text) => StreamEvent::Thinking { choice: 0, text },
    }
}

// === impl Decoder ===

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let mut lines = Vec::new();
        let pushed = self.lines.push(bytes, &mut lines);
        for line in lines {
            self.line(&line, out)?;
        }
        Ok(pushed?)
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let mut lines = Vec::new();
        self.lines.finish(&mut lines);
        for line in lines {
            self.line(&line, out)?;
        }
        match self.state {
            State::Waiting | State::Answering => Err(StreamError::Truncated),
            State::Finished => {
                out.push(StreamEvent::End);
                Ok(())
            }
            State::Failed => Ok(()),
        }
    }
}

impl Decoder {
    fn line(&mut self, line: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        if matches!(self.state, State::Finished | State::Failed) {
            return Ok(());
        }
        let mut answer: WireAnswer =
            serde_json::from_slice(line).map_err(|e| StreamError::Malformed(e.to_string()))?;
        if answer.error.is_some() {
            self.state = State::Failed;
            out.push(StreamEvent::Error(error::decode(500, line)));
            return Ok(());
        }
        if self.state == State::Waiting {
            self.state = State::Answering;
            out.push(StreamEvent::Start {
                id: None,
                model: answer.model.take(),
            });
        }
        self.message(&mut answer, out);
        if let Some(logprobs) = answer.take_logprobs() {
            out.push(StreamEvent::Logprobs {
                choice: 0,
                logprobs,
            });
        }
        let reason = answer.done_reason.as_deref().filter(|r| !r.is_empty());
        if answer.done == Some(true) || reason.is_some() {
            self.content.settle(out);
            self.state = State::Finished;
            out.push(StreamEvent::Finish {
                choice: 0,
                reason: response::finish_reason(reason, self.calls > 0),
                stop_sequence: None,
            });
            out.extend(usage::decode(&answer).map(StreamEvent::Usage));
        }
        Ok(())
    }

    fn message(&mut self, answer: &mut WireAnswer, out: &mut Vec<StreamEvent>) {
        let message = answer.take_message();
        if let Some(text) = message.thinking.filter(|t| !t.is_empty()) {
            self.content.settle(out);
            out.push(event(Piece::Thinking(text)));
        }
        if let Some(text) = message.content.filter(|t| !t.is_empty()) {
            self.content.push(text, out);
        }
        for call in message.tool_calls.unwrap_or_default() {
            self.content.settle(out);
            self.call(&call, answer.stamp(), out);
        }
    }

    /// Ollama sends a call in one piece.
    fn call(&mut self, call: &WireToolCall, stamp: &str, out: &mut Vec<StreamEvent>) {
        let index = self.calls;
        self.calls += 1;
        out.push(StreamEvent::ToolStart {
            choice: 0,
            index,
            id: call.id_or_made(stamp, index as usize),
            name: call.function.name.clone(),
        });
        let json = call.arguments().into_owned();
        if !json.is_empty() {
            out.push(StreamEvent::ToolArguments {
                choice: 0,
                index,
                json,
            });
        }
        out.push(StreamEvent::BlockStop { choice: 0 });
    }
}
