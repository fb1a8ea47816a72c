//! Reads an upstream's streamed chat answer.

use super::super::error;
use super::super::logprobs::LogprobsIn;
use super::super::request::ThinkingBlockIn;
use super::calls::Calls;
use super::chunk::{ChoiceIn, Chunk, DeltaIn};
use crate::canonical::{BlockKind, FinishReason, StreamEvent};
use crate::dialect::{StreamDecoder, StreamError};
use crate::sse::{SseDecoder, SseEvent};

/// The decoder: frames in, events out.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    sse: SseDecoder,
    started: bool,
    /// The answer's id, from which ids are made for calls that have none.
    seed: String,
    choices: Vec<ChoiceState>,
    /// `End` or `Error` was sent, or the stream proved unreadable.
    done: bool,
}

#[derive(Debug, Default)]
struct ChoiceState {
    index: u32,
    calls: Calls,
    /// Reasoning was sent that has no signature yet.
    thinking: bool,
    /// The last reasoning block got its signature: more reasoning is another block.
    signed: bool,
    refused: bool,
    finished: bool,
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
        self.frames(&frames, out)?;
        if self.done {
            return Ok(());
        }
        self.done = true;
        if self.choices.is_empty() || self.choices.iter().any(|choice| !choice.finished) {
            return Err(StreamError::Truncated);
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
            if self.done {
                return Ok(());
            }
            let read = self.frame(frame, out);
            self.done |= read.is_err();
            read?;
        }
        Ok(())
    }

    fn frame(&mut self, frame: &SseEvent, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        let data = frame.data.trim();
        if data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            return self.marked_end(out);
        }
        let chunk = serde_json::from_str::<Chunk<'_>>(data);
        if frame.name == "error" || chunk.as_ref().is_ok_and(Chunk::is_error) {
            self.done = true;
            out.push(StreamEvent::Error(error::decode_frame(data.as_bytes())));
            return Ok(());
        }
        let chunk = chunk.map_err(|e| StreamError::Malformed(e.to_string()))?;
        self.chunk(chunk, out);
        Ok(())
    }

    /// The server says that the answer is complete, even where it gave no reason.
    fn marked_end(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), StreamError> {
        if self.choices.is_empty() {
            return Err(StreamError::Truncated);
        }
        for choice in self.choices.iter_mut().filter(|choice| !choice.finished) {
            let reason = if choice.calls.any() {
                FinishReason::ToolUse
            } else {
                FinishReason::Stop
            };
            choice.end(reason, None, &self.seed, out);
        }
        self.done = true;
        out.push(StreamEvent::End);
        Ok(())
    }

    fn chunk(&mut self, chunk: Chunk<'_>, out: &mut Vec<StreamEvent>) {
        let usage = chunk.usage();
        let choices = chunk.choices.unwrap_or_default();
        // Azure opens with a frame about its content filter that has neither id nor choices.
        if !self.started && (chunk.id.is_some() || !choices.is_empty()) {
            self.started = true;
            self.seed = chunk.id.clone().unwrap_or_default();
            out.push(StreamEvent::Start {
                id: chunk.id,
                model: chunk.model,
            });
        }
        for (place, choice) in choices.into_iter().enumerate() {
            self.choice(place, choice, out);
        }
        out.extend(usage.map(StreamEvent::Usage));
    }

    fn choice(&mut self, place: usize, choice: ChoiceIn<'_>, out: &mut Vec<StreamEvent>) {
        let index = u32::try_from(choice.index.unwrap_or(place as u64)).unwrap_or_default();
        let known = self.choices.iter().position(|state| state.index == index);
        let at = known.unwrap_or_else(|| {
            self.choices.push(ChoiceState {
                index,
                ..ChoiceState::default()
            });
            self.choices.len() - 1
        });
        let Some(state) = self.choices.get_mut(at).filter(|state| !state.finished) else {
            return;
        };
        let mut choice = choice;
        match (choice.delta.take(), choice.text.take()) {
            (Some(delta), _) => state.delta(delta, &self.seed, out),
            (None, Some(text)) => state.text(text, out),
            (None, None) => {}
        }
        let logprobs = choice.logprobs.take().and_then(LogprobsIn::into_logprobs);
        out.extend(logprobs.map(|logprobs| StreamEvent::Logprobs {
            choice: index,
            logprobs,
        }));
        if let Some((reason, stop_sequence)) = choice.finish(state.calls.any(), state.refused) {
            state.end(reason, stop_sequence, &self.seed, out);
        }
    }
}

// === impl ChoiceState ===

impl ChoiceState {
    fn delta(&mut self, delta: DeltaIn<'_>, seed: &str, out: &mut Vec<StreamEvent>) {
        let choice = self.index;
        self.reasoning(
            delta.reasoning_content.or(delta.reasoning),
            delta.thinking_blocks.unwrap_or_default(),
            out,
        );
        // A part that cannot be read says nothing that could be passed on.
        for block in delta.content.into_blocks().unwrap_or_default() {
            match block.kind {
                BlockKind::Text { text, .. } => self.text(text, out),
                BlockKind::Thinking { text, .. } => self.reasoning(Some(text), Vec::new(), out),
                _ => {}
            }
        }
        if let Some(transcript) = delta.audio.and_then(|audio| audio.transcript) {
            self.text(transcript, out);
        }
        if let Some(text) = delta.refusal {
            self.refused = true;
            out.push(StreamEvent::Refusal { choice, text });
        }
        for call in delta.tool_calls.into_iter().flatten() {
            let named = call.function.or(call.custom).unwrap_or_default();
            let piece = named.into_piece(call.index, call.id);
            self.calls.push(choice, piece, seed, out);
        }
        if let Some(call) = delta.function_call {
            self.calls
                .push(choice, call.into_piece(Some(0), None), seed, out);
        }
    }

    fn text(&mut self, text: String, out: &mut Vec<StreamEvent>) {
        if !text.is_empty() {
            self.thinking = false;
            self.signed = false;
            out.push(StreamEvent::Text {
                choice: self.index,
                text,
            });
        }
    }

    /// LiteLLM sends each piece of reasoning twice, as text and in `thinking_blocks`, and with
    /// the signature once more the whole of it.
    fn reasoning(
        &mut self,
        text: Option<String>,
        blocks: Vec<ThinkingBlockIn>,
        out: &mut Vec<StreamEvent>,
    ) {
        let has_text = text.is_some();
        self.think(text.unwrap_or_default(), out);
        for block in blocks {
            let signature = block.signature.clone();
            let repeated = has_text || (self.thinking && signature.is_some());
            if !repeated {
                self.think(block.thinking.clone().unwrap_or_default(), out);
            }
            if let Some(signature) = signature {
                self.thinking = false;
                self.signed = true;
                out.push(StreamEvent::Signature {
                    choice: self.index,
                    signature,
                });
            }
            if let Some(data) = block.into_redacted() {
                self.signed = false;
                out.push(StreamEvent::RedactedThinking {
                    choice: self.index,
                    data,
                });
            }
        }
    }

    fn think(&mut self, text: String, out: &mut Vec<StreamEvent>) {
        if text.is_empty() {
            return;
        }
        let choice = self.index;
        if std::mem::take(&mut self.signed) {
            out.push(StreamEvent::BlockStop { choice });
        }
        self.thinking = true;
        out.push(StreamEvent::Thinking { choice, text });
    }

    fn end(
        &mut self,
        reason: FinishReason,
        stop_sequence: Option<String>,
        seed: &str,
        out: &mut Vec<StreamEvent>,
    ) {
        self.calls.flush(self.index, seed, out);
        self.finished = true;
        out.push(StreamEvent::Finish {
            choice: self.index,
            reason,
            stop_sequence,
        });
    }
}
