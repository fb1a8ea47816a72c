//! Writes an answer for a client.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use super::super::envelope;
use super::super::{logprobs, tools};
use super::items::{ItemOut, PartOut, annotations};
use super::reply::{Ending, Reply};
use crate::canonical::{
    Block, BlockKind, ChatResponse, Choice, FinishReason, Media, MediaSource, TokenLogprob,
};
use crate::dialect::{DialectId, ReplyContext};

/// The items of an answer while they are written.
#[derive(Debug)]
struct Output<'a> {
    reply: &'a Reply,
    status: &'static str,
    items: Vec<Box<RawValue>>,
    /// What the message that is not written yet says.
    parts: Vec<PartOut<'a>>,
    /// Not yet beside a text.
    tokens: &'a [TokenLogprob],
}

/// Writes the answer; this API has but one choice.
pub(in super::super) fn encode(response: &ChatResponse, context: &ReplyContext) -> Bytes {
    let reply = Reply::new(context);
    let empty = Choice {
        index: 0,
        content: Vec::new(),
        finish: FinishReason::Stop,
        stop_sequence: None,
        logprobs: None,
    };
    let choice = response.choices.iter().find(|choice| choice.index == 0);
    let choice = choice
        .or_else(|| response.choices.first())
        .unwrap_or(&empty);
    let is_refusal = |block: &Block| matches!(block.kind, BlockKind::Refusal { .. });
    let ending = Ending::Ended {
        finish: choice.finish,
        refused: choice.content.iter().any(is_refusal),
        usage: response.usage,
    };
    let mut output = Output {
        reply: &reply,
        status: ending.status(),
        items: Vec::new(),
        parts: Vec::new(),
        tokens: choice.logprobs.as_ref().map_or(&[], |l| &*l.content),
    };
    for block in &choice.content {
        output.add(block);
    }
    output.message();
    let items: Vec<&RawValue> = output.items.iter().map(|item| &**item).collect();
    reply.write(ending, items, response.service_tier.as_deref())
}

// === impl Output ===

impl<'a> Output<'a> {
    fn add(&mut self, block: &'a Block) {
        match &block.kind {
            BlockKind::Text { text, citations } => {
                let tokens = std::mem::take(&mut self.tokens);
                self.parts.push(PartOut::OutputText {
                    annotations: annotations(citations.as_ref()),
                    logprobs: logprobs::encode(tokens),
                    text,
                });
            }
            BlockKind::Refusal { text } => self.parts.push(PartOut::Refusal { refusal: text }),
            BlockKind::Thinking { text, signature } => {
                let summary = PartOut::SummaryText { text };
                let summary = (!text.is_empty()).then_some(summary);
                let proof = signature.as_deref().map(envelope::seal_signature);
                self.reasoning(summary.into_iter().collect(), proof);
            }
            BlockKind::RedactedThinking { data } => {
                let content = Cow::Owned(envelope::seal_redacted(data));
                self.reasoning(Vec::new(), Some(content));
            }
            BlockKind::ToolUse {
                id,
                name,
                arguments,
            } => self.call(id, name, arguments),
            BlockKind::Image(Media {
                source: MediaSource::Base64(result),
                ..
            }) => {
                let id = self.next_id("ig");
                self.item(&ItemOut::ImageGenerationCall {
                    id: &id,
                    status: "completed",
                    result,
                });
            }
            BlockKind::Opaque { origin, raw, .. } if *origin == DialectId::OpenAiResponses => {
                if let Ok(raw) = serde_json::from_str(raw.get()) {
                    self.message();
                    self.item(&ItemOut::Raw(raw));
                }
            }
            // There are no items for these.
            BlockKind::Image(_)
            | BlockKind::Document(_)
            | BlockKind::Audio(_)
            | BlockKind::Video(_)
            | BlockKind::ToolResult { .. }
            | BlockKind::Opaque { .. } => {}
        }
    }

    fn reasoning(&mut self, summary: Vec<PartOut<'a>>, content: Option<Cow<'a, str>>) {
        let id = self.next_id("rs");
        self.item(&ItemOut::Reasoning {
            id: &id,
            summary,
            encrypted_content: content,
        });
    }

    fn call(&mut self, call_id: &str, name: &str, arguments: &str) {
        if self.reply.is_custom(name) {
            let id = self.next_id("ctc");
            self.item(&ItemOut::CustomToolCall {
                id: &id,
                status: "completed",
                call_id,
                input: &tools::whole_input(arguments),
                name,
            });
            return;
        }
        let id = self.next_id("fc");
        let bare = arguments.is_empty();
        self.item(&ItemOut::FunctionCall {
            id: &id,
            status: "completed",
            arguments: if bare { "{}" } else { arguments },
            call_id,
            name,
        });
    }

    /// Writes the message that is not written yet.
    fn message(&mut self) {
        let content = std::mem::take(&mut self.parts);
        if content.is_empty() {
            return;
        }
        let id = self.reply.item_id("msg", self.items.len());
        self.item(&ItemOut::Message {
            id: &id,
            status: self.status,
            role: "assistant",
            content,
        });
    }

    /// The id of the item that comes behind all that is not written yet.
    fn next_id(&mut self, prefix: &str) -> String {
        self.message();
        self.reply.item_id(prefix, self.items.len())
    }

    fn item(&mut self, item: &ItemOut<'_>) {
        // Strings, numbers and JSON text always serialise.
        self.items.extend(to_raw_value(item).ok());
    }
}
