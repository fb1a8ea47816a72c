//! Writes a streamed answer.

use bytes::{BufMut, BytesMut};

use super::super::blocks;
use super::super::content::{Content, Part};
use super::super::error;
use super::super::logprobs::LogprobsResult;
use super::super::response::{CandidateOut, ResponseOut, call_part, finish_name, readable};
use super::super::usage::UsageOut;
use crate::canonical::{FinishReason, Logprobs, StreamEvent, Usage};
use crate::dialect::{ReplyContext, StreamEncoder};

/// Writes one chunk per delta. A call is one part, so its arguments are held back until it is
/// complete; the finish waits for the token counts, which go out with it in the last chunk.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    model: String,
    id: String,
    choices: Vec<ChoiceState>,
    usage: Option<Usage>,
    done: bool,
}

/// One choice so far.
#[derive(Debug, Default)]
struct ChoiceState {
    choice: u32,
    /// Calls whose arguments may still grow.
    calls: Vec<Call>,
    thinking: bool,
    /// A signature for the next part.
    signature: Option<String>,
    /// Log probabilities for the next chunk.
    logprobs: Option<Logprobs>,
    finish: Option<FinishReason>,
}

/// A call while its arguments arrive.
#[derive(Debug)]
struct Call {
    index: u32,
    id: String,
    name: String,
    arguments: String,
}

// === impl Encoder ===

impl Encoder {
    /// An encoder for the client of `reply`.
    pub(in super::super) fn new(reply: &ReplyContext) -> Self {
        Self {
            model: reply.model.clone(),
            id: reply.id.clone(),
            choices: Vec::new(),
            usage: None,
            done: false,
        }
    }

    fn state(&mut self, choice: u32) -> &mut ChoiceState {
        let at = match self.choices.iter().position(|s| s.choice == choice) {
            Some(at) => at,
            None => {
                self.choices.push(ChoiceState {
                    choice,
                    ..ChoiceState::default()
                });
                self.choices.len() - 1
            }
        };
        &mut self.choices[at]
    }

    /// Writes a chunk with one part.
    fn part(&mut self, choice: u32, mut part: Part<'_>, out: &mut BytesMut) {
        if let Some(signature) = self.state(choice).signature.take() {
            if part.takes_signature() {
                part.thought_signature = Some(signature.into());
            } else {
                self.part(choice, Part::signature(signature), out);
            }
        }
        let state = self.state(choice);
        state.thinking = part.thought == Some(true);
        let logprobs = state.logprobs.take();
        let candidate = candidate(choice, vec![part], None, logprobs.as_ref());
        self.chunk(vec![candidate], None, out);
    }

    /// Writes the calls that are complete now.
    fn flush_calls(&mut self, choice: u32, out: &mut BytesMut) {
        for call in std::mem::take(&mut self.state(choice).calls) {
            let part = call_part(&call.id, call.name.as_str(), &call.arguments);
            self.part(choice, part, out);
        }
    }

    fn sign(&mut self, choice: u32, signature: &str, out: &mut BytesMut) {
        self.flush_calls(choice, out);
        let Some(signature) = readable(signature) else {
            return;
        };
        if self.state(choice).thinking {
            let part = Part {
                thought: Some(true),
                ..Part::signature(signature)
            };
            self.part(choice, part, out);
            self.state(choice).thinking = false;
            return;
        }
        if let Some(earlier) = self.state(choice).signature.replace(signature.to_owned()) {
            let later = self.state(choice).signature.take();
            self.part(choice, Part::signature(earlier), out);
            self.state(choice).signature = later;
        }
    }

    /// What ends the calls before it.
    fn content(&mut self, event: &StreamEvent, out: &mut BytesMut) {
        match event {
            StreamEvent::Text { choice, text } | StreamEvent::Refusal { choice, text } => {
                self.flush_calls(*choice, out);
                self.part(*choice, Part::text(text), out);
            }
            StreamEvent::Thinking { choice, text } => {
                self.flush_calls(*choice, out);
                let thought = Some(true);
                let part = Part::text(text);
                self.part(*choice, Part { thought, ..part }, out);
            }
            StreamEvent::Signature { choice, signature } => self.sign(*choice, signature, out),
            StreamEvent::Opaque {
                choice,
                origin,
                raw,
            } => {
                self.flush_calls(*choice, out);
                if let Some(part) = blocks::opaque_part(*origin, raw) {
                    self.part(*choice, part, out);
                }
            }
            StreamEvent::BlockStop { choice } => {
                self.flush_calls(*choice, out);
                self.state(*choice).thinking = false;
            }
            StreamEvent::Finish { choice, reason, .. } => {
                self.flush_calls(*choice, out);
                self.state(*choice).finish = Some(*reason);
            }
            _ => {}
        }
    }

    fn chunk(
        &self,
        candidates: Vec<CandidateOut<'_>>,
        usage_metadata: Option<UsageOut>,
        out: &mut BytesMut,
    ) {
        let chunk = ResponseOut {
            candidates,
            usage_metadata,
            model_version: &self.model,
            response_id: &self.id,
        };
        out.put_slice(b"data: ");
        // Strings, numbers and checked JSON text always serialise, and a buffer takes any bytes.
        let written = serde_json::to_writer(out.writer(), &chunk);
        debug_assert!(written.is_ok(), "chunks serialise");
        out.put_slice(b"\n\n");
    }

    fn end(&mut self, out: &mut BytesMut) {
        let places: Vec<u32> = self.choices.iter().map(|state| state.choice).collect();
        for choice in places {
            self.flush_calls(choice, out);
        }
        if self.choices.is_empty() {
            self.state(0);
        }
        let states = std::mem::take(&mut self.choices);
        let candidates = states
            .iter()
            .map(|state| {
                // The SDKs' chats forget an answer of which a chunk has no parts.
                let part = match &state.signature {
                    Some(signature) => Part::signature(signature.as_str()),
                    None => Part::text(""),
                };
                let reason = state.finish.unwrap_or(FinishReason::Stop);
                candidate(
                    state.choice,
                    vec![part],
                    Some(reason),
                    state.logprobs.as_ref(),
                )
            })
            .collect();
        self.chunk(candidates, Some(UsageOut::new(self.usage.as_ref())), out);
    }
}

fn candidate<'a>(
    index: u32,
    parts: Vec<Part<'a>>,
    finish: Option<FinishReason>,
    logprobs: Option<&Logprobs>,
) -> CandidateOut<'a> {
    let logprobs_result = logprobs.map(LogprobsResult::from_logprobs);
    CandidateOut {
        content: Content::new("model", parts),
        finish_reason: finish.map(finish_name),
        index,
        avg_logprobs: None,
        logprobs_result,
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &StreamEvent, out: &mut BytesMut) {
        if self.done {
            return;
        }
        match event {
            StreamEvent::Usage(usage) => self.usage = Some(*usage),
            StreamEvent::Error(error) => {
                self.done = true;
                out.put_slice(b"data: ");
                out.put_slice(&error::encode(error));
                out.put_slice(b"\n\n");
            }
            StreamEvent::End => {
                self.end(out);
                self.done = true;
            }
            StreamEvent::ToolStart {
                choice,
                index,
                id,
                name,
            } => self.state(*choice).calls.push(Call {
                index: *index,
                id: id.clone(),
                name: name.clone(),
                arguments: String::new(),
            }),
            StreamEvent::ToolArguments {
                choice,
                index,
                json,
            } => {
                let calls = &mut self.state(*choice).calls;
                if let Some(call) = calls.iter_mut().find(|call| call.index == *index) {
                    call.arguments.push_str(json);
                }
            }
            StreamEvent::Logprobs { choice, logprobs } => {
                let state = self.state(*choice);
                let held = state.logprobs.get_or_insert_default();
                held.content.extend(logprobs.content.iter().cloned());
            }
            // Gemini has no word for encrypted reasoning, and none for waiting.
            StreamEvent::Start { .. }
            | StreamEvent::RedactedThinking { .. }
            | StreamEvent::Ping => {}
            _ => self.content(event, out),
        }
    }
}
