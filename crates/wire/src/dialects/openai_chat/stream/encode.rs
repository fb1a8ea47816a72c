//! Writes a streamed chat answer for a client (API reference, chat completion chunk object).

use bytes::{BufMut, BytesMut};
use serde::Serialize;

use super::super::error;
use super::super::logprobs::LogprobsOut;
use super::super::response::{ThinkingBlockOut, finish_name};
use super::super::usage::UsageOut;
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
    /// The reasoning so far, which a signature is sent together with.
    thinking: String,
    /// So many entries of `thinking_blocks` were sent.
    blocks: u32,
    refused: bool,
    /// Per tool call, whether it has arguments.
    calls: Vec<bool>,
    finished: bool,
}

/// The part of a chunk that is new.
#[derive(Debug, Default, Serialize)]
struct DeltaOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_blocks: Option<[IndexedBlock<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[ToolCallOut<'a>; 1]>,
}

/// OpenAI's Python SDK puts list entries of deltas together by their index, and fails without one.
#[derive(Debug, Serialize)]
struct IndexedBlock<'a> {
    index: u32,
    #[serde(flatten)]
    block: ThinkingBlockOut<'a>,
}

#[derive(Debug, Serialize)]
struct ToolCallOut<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: FunctionOut<'a>,
}

#[derive(Debug, Serialize)]
struct FunctionOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

// === impl Encoder ===

impl Encoder {
    /// An encoder for one answer.
    pub(crate) fn new(reply: &ReplyContext) -> Self {
        let mut head = Vec::with_capacity(160);
        head.extend_from_slice(b"data: {\"id\":");
        head.extend_from_slice(&json::quote(&format!("chatcmpl-{}", reply.id)));
        head.extend_from_slice(b",\"object\":\"chat.completion.chunk\",\"created\":");
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

    /// The state of `choice`; its first chunk names the role.
    fn open(&mut self, choice: u32, out: &mut BytesMut) -> usize {
        if let Some(at) = self.choices.iter().position(|state| state.index == choice) {
            return at;
        }
        self.choices.push(ChoiceState {
            index: choice,
            ..ChoiceState::default()
        });
        let first = DeltaOut {
            role: Some("assistant"),
            content: Some(""),
            ..DeltaOut::default()
        };
        self.chunk(choice, &first, None, None, out);
        self.choices.len() - 1
    }

    fn delta(&mut self, choice: u32, delta: &DeltaOut<'_>, out: &mut BytesMut) {
        let at = self.open(choice, out);
        self.chunk(choice, delta, None, None, out);
        // Anything else ends the reasoning block: a signature that comes later is not its own.
        if delta.reasoning_content.is_none()
            && let Some(state) = self.choices.get_mut(at)
        {
            state.thinking.clear();
        }
    }

    fn chunk(
        &self,
        choice: u32,
        delta: &DeltaOut<'_>,
        logprobs: Option<&Logprobs>,
        finish: Option<&'static str>,
        out: &mut BytesMut,
    ) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b"{\"index\":");
        put(&choice, out);
        out.extend_from_slice(b",\"delta\":");
        put(delta, out);
        out.extend_from_slice(b",\"logprobs\":");
        put(&logprobs.map(LogprobsOut::from), out);
        out.extend_from_slice(b",\"finish_reason\":");
        put(&finish, out);
        out.extend_from_slice(b"}");
        out.extend_from_slice(self.tail);
    }

    fn thinking(&mut self, choice: u32, text: &str, out: &mut BytesMut) {
        let delta = DeltaOut {
            reasoning_content: Some(text),
            ..DeltaOut::default()
        };
        self.delta(choice, &delta, out);
        if let Some(state) = self.state(choice) {
            state.thinking.push_str(text);
        }
    }

    fn signature(&mut self, choice: u32, signature: &str, out: &mut BytesMut) {
        let thinking = self.state(choice).map(|s| std::mem::take(&mut s.thinking));
        let block = ThinkingBlockOut::Thinking {
            thinking: &thinking.unwrap_or_default(),
            signature,
        };
        self.thinking_block(choice, block, out);
    }

    fn thinking_block(&mut self, choice: u32, block: ThinkingBlockOut<'_>, out: &mut BytesMut) {
        let at = self.open(choice, out);
        let index = self.choices.get_mut(at).map(|state| {
            state.blocks += 1;
            state.blocks - 1
        });
        let index = index.unwrap_or_default();
        let delta = DeltaOut {
            thinking_blocks: Some([IndexedBlock { index, block }]),
            ..DeltaOut::default()
        };
        self.chunk(choice, &delta, None, None, out);
    }

    fn tool_start(&mut self, choice: u32, index: u32, id: &str, name: &str, out: &mut BytesMut) {
        let delta = DeltaOut::call(index, Some((id, name)), "");
        self.delta(choice, &delta, out);
        if let Some(state) = self.state(choice) {
            let calls = state.calls.len().max(index as usize + 1);
            state.calls.resize(calls, false);
        }
    }

    fn tool_arguments(&mut self, choice: u32, index: u32, json: &str, out: &mut BytesMut) {
        self.delta(choice, &DeltaOut::call(index, None, json), out);
        let call = self
            .state(choice)
            .and_then(|state| state.calls.get_mut(index as usize));
        if let Some(has_arguments) = call {
            *has_arguments |= !json.is_empty();
        }
    }

    fn finish(&mut self, choice: u32, reason: FinishReason, out: &mut BytesMut) {
        let at = self.open(choice, out);
        let Some(state) = self.choices.get_mut(at).filter(|state| !state.finished) else {
            return;
        };
        state.finished = true;
        let name = finish_name(reason, state.refused);
        // Clients parse the arguments once the call is complete, and nothing is no JSON.
        let bare = std::mem::take(&mut state.calls).into_iter().enumerate();
        for (index, _) in bare.filter(|(_, has_arguments)| !has_arguments) {
            let index = u32::try_from(index).unwrap_or_default();
            self.chunk(choice, &DeltaOut::call(index, None, "{}"), None, None, out);
        }
        self.chunk(choice, &DeltaOut::default(), None, Some(name), out);
    }

    fn refusal(&mut self, choice: u32, text: &str, out: &mut BytesMut) {
        let delta = DeltaOut {
            refusal: Some(text),
            ..DeltaOut::default()
        };
        self.delta(choice, &delta, out);
        if let Some(state) = self.state(choice) {
            state.refused = true;
        }
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
            self.open(0, out);
        }
        let open = self.choices.iter().filter(|state| !state.finished);
        for choice in open.map(|state| state.index).collect::<Vec<_>>() {
            self.finish(choice, FinishReason::Stop, out);
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

    fn state(&mut self, choice: u32) -> Option<&mut ChoiceState> {
        self.choices.iter_mut().find(|state| state.index == choice)
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &StreamEvent, out: &mut BytesMut) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Text { choice, text } => {
                let delta = DeltaOut {
                    content: Some(text),
                    ..DeltaOut::default()
                };
                self.delta(*choice, &delta, out);
            }
            StreamEvent::Thinking { choice, text } => self.thinking(*choice, text, out),
            StreamEvent::Signature { choice, signature } => {
                self.signature(*choice, signature, out);
            }
            StreamEvent::RedactedThinking { choice, data } => {
                self.thinking_block(*choice, ThinkingBlockOut::RedactedThinking { data }, out);
            }
            StreamEvent::ToolStart {
                choice,
                index,
                id,
                name,
            } => self.tool_start(*choice, *index, id, name, out),
            StreamEvent::ToolArguments {
                choice,
                index,
                json,
            } => self.tool_arguments(*choice, *index, json, out),
            StreamEvent::Refusal { choice, text } => self.refusal(*choice, text, out),
            StreamEvent::BlockStop { choice } => {
                if let Some(state) = self.state(*choice) {
                    state.thinking.clear();
                }
            }
            StreamEvent::Logprobs { choice, logprobs } => {
                self.open(*choice, out);
                self.chunk(*choice, &DeltaOut::default(), Some(logprobs), None, out);
            }
            StreamEvent::Finish { choice, reason, .. } => self.finish(*choice, *reason, out),
            StreamEvent::Usage(usage) => self.usage = Some(*usage),
            StreamEvent::Error(error) => self.error(error, out),
            StreamEvent::End => self.end(out),
            // There is no chunk for a sign of life, and blocks of other dialects have no place.
            StreamEvent::Start { .. } | StreamEvent::Ping | StreamEvent::Opaque { .. } => {}
        }
    }
}

/// Appends what `value` serialises to, which for the types here cannot fail.
fn put(value: &(impl Serialize + ?Sized), out: &mut BytesMut) {
    let _ = serde_json::to_writer(out.writer(), value);
}

// === impl DeltaOut ===

impl<'a> DeltaOut<'a> {
    fn call(index: u32, start: Option<(&'a str, &'a str)>, arguments: &'a str) -> Self {
        Self {
            tool_calls: Some([ToolCallOut {
                index,
                id: start.map(|(id, _)| id),
                kind: start.map(|_| "function"),
                function: FunctionOut {
                    name: start.map(|(_, name)| name),
                    arguments,
                },
            }]),
            ..Self::default()
        }
    }
}
