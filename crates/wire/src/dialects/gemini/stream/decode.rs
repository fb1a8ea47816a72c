//! Reads a streamed answer.

use super::super::blocks::{self, Piece};
use super::super::content::Part;
use super::super::error;
use super::super::logprobs::LogprobsResult;
use super::super::response::{CallIds, Candidate, Response, finish};
use crate::canonical::{FinishReason, StreamEvent};
use crate::dialect::{DialectId, StreamDecoder, StreamError};
use crate::sse::{SseDecoder, SseEvent};

/// Reads chunks, each a whole `GenerateContentResponse` with the next parts.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    sse: SseDecoder,
    started: bool,
    /// An error was reported; nothing may follow.
    failed: bool,
    /// The prompt was refused.
    blocked: bool,
    choices: Vec<ChoiceState>,
}

/// One choice so far.
#[derive(Debug)]
struct ChoiceState {
    choice: u32,
    open: Open,
    calls: u32,
    /// Some servers give a reason with every chunk: the last one counts, at the end.
    finish: Option<String>,
}

/// What the last event of a choice belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Text,
    Thinking,
}

// === impl Decoder ===

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let mut frames = Vec::new();
        self.sse.push(bytes, &mut frames)?;
        self.frames(&frames, out)
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let mut frames = Vec::new();
        self.sse.finish(&mut frames);
        // What no blank line closed may be half a frame.
        self.frames(&frames, out)
            .map_err(|_| StreamError::Truncated)?;
        if self.failed {
            return Ok(());
        }
        if self.blocked && self.choices.is_empty() {
            out.push(StreamEvent::Finish {
                choice: 0,
                reason: FinishReason::ContentFilter,
                stop_sequence: None,
            });
        } else if !self.choices.iter().any(|state| state.finish.is_some()) {
            return Err(StreamError::Truncated);
        }
        for state in &self.choices {
            out.push(StreamEvent::Finish {
                choice: state.choice,
                reason: finish(state.finish.as_deref(), state.calls > 0),
                stop_sequence: None,
            });
        }
        out.push(StreamEvent::End);
        Ok(())
    }
}

impl Decoder {
    fn frames(
        &mut self,
        frames: &[SseEvent],
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), StreamError> {
        for frame in frames {
            let data = frame.data.trim();
            if self.failed || data.is_empty() || data == "[DONE]" {
                continue;
            }
            self.frame(data, out)?;
        }
        Ok(())
    }

    fn frame(&mut self, data: &str, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let chunk: Response =
            serde_json::from_str(data).map_err(|e| StreamError::Malformed(e.to_string()))?;
        if let Some(error) = &chunk.error {
            self.failed = true;
            let error = error::from_object(200, error.get().as_bytes());
            out.push(StreamEvent::Error(error));
            return Ok(());
        }
        if !std::mem::replace(&mut self.started, true) {
            out.push(StreamEvent::Start {
                id: chunk.response_id.clone(),
                model: chunk.model_version.clone(),
            });
        }
        self.blocked |= chunk.is_blocked();
        // Counts first: a dialect that gives those of the input before the answer wants to know.
        if let Some(usage) = &chunk.usage_metadata {
            out.push(StreamEvent::Usage(usage.to_usage()));
        }
        let mut ids = CallIds::new(data.as_bytes());
        for candidate in chunk.candidates.unwrap_or_default().0 {
            self.candidate(candidate, &mut ids, out);
        }
        Ok(())
    }

    fn candidate(
        &mut self,
        candidate: Candidate,
        ids: &mut CallIds<'_>,
        out: &mut Vec<StreamEvent>,
    ) {
        let choice = candidate.place();
        let state = self.state(choice);
        for part in candidate.content.unwrap_or_default().parts.0 {
            state.part(part, ids, out);
        }
        if let Some(logprobs) = candidate.logprobs_result {
            let logprobs = LogprobsResult::into_logprobs(logprobs);
            if !logprobs.content.is_empty() {
                out.push(StreamEvent::Logprobs { choice, logprobs });
            }
        }
        if candidate.finish_reason.is_some() {
            state.finish = candidate.finish_reason;
        }
    }

    fn state(&mut self, choice: u32) -> &mut ChoiceState {
        let at = match self.choices.iter().position(|s| s.choice == choice) {
            Some(at) => at,
            None => {
                self.choices.push(ChoiceState {
                    choice,
                    open: Open::Nothing,
                    calls: 0,
                    finish: None,
                });
                self.choices.len() - 1
            }
        };
        &mut self.choices[at]
    }
}

// === impl ChoiceState ===

impl ChoiceState {
    fn part(&mut self, part: Part<'static>, ids: &mut CallIds<'_>, out: &mut Vec<StreamEvent>) {
        let choice = self.choice;
        let (piece, signature) = blocks::piece(part, &mut Vec::new());
        match piece {
            Piece::Thought(text) => {
                out.push(StreamEvent::Thinking { choice, text });
                self.open = Open::Thinking;
                if let Some(signature) = signature {
                    out.push(StreamEvent::Signature { choice, signature });
                    self.close(out);
                }
            }
            Piece::Text(text) => self.text(text, signature, out),
            Piece::Call(call) => {
                let index = self.calls;
                self.calls += 1;
                let json = blocks::arguments(call.args.as_ref());
                out.push(StreamEvent::ToolStart {
                    choice,
                    index,
                    id: ids.id(&call, signature.as_deref()),
                    name: call.name.unwrap_or_default().into_owned(),
                });
                out.push(StreamEvent::ToolArguments {
                    choice,
                    index,
                    json,
                });
                self.close(out);
            }
            Piece::Media(_) | Piece::Opaque { .. } | Piece::Result(_) | Piece::Nothing => {
                self.sign_next(signature, out);
                self.whole(piece, out);
            }
        }
    }

    /// The signature of a text usually comes on its last piece, so it can only follow the text;
    /// where it comes with the first one it goes before it.
    fn text(&mut self, text: String, signature: Option<String>, out: &mut Vec<StreamEvent>) {
        let choice = self.choice;
        let going_on = self.open == Open::Text;
        if going_on && !text.is_empty() {
            out.push(StreamEvent::Text { choice, text });
            self.sign_next(signature, out);
            return;
        }
        self.sign_next(signature, out);
        if !text.is_empty() {
            out.push(StreamEvent::Text { choice, text });
            self.open = Open::Text;
        }
    }

    /// A signature that belongs to no reasoning that was shown.
    fn sign_next(&mut self, signature: Option<String>, out: &mut Vec<StreamEvent>) {
        let Some(signature) = signature else {
            return;
        };
        if self.open == Open::Thinking {
            self.close(out);
        }
        let choice = self.choice;
        out.push(StreamEvent::Signature { choice, signature });
        self.open = Open::Nothing;
    }

    fn whole(&mut self, piece: Piece, out: &mut Vec<StreamEvent>) {
        let raw = match piece {
            Piece::Opaque { raw, .. } => raw,
            Piece::Media(kind) => match blocks::media_raw(&kind) {
                Some(raw) => raw,
                None => return,
            },
            _ => return,
        };
        out.push(StreamEvent::Opaque {
            choice: self.choice,
            origin: DialectId::Gemini,
            raw,
        });
        self.close(out);
    }

    fn close(&mut self, out: &mut Vec<StreamEvent>) {
        let choice = self.choice;
        out.push(StreamEvent::BlockStop { choice });
        self.open = Open::Nothing;
    }
}
