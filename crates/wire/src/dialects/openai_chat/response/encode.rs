//! Writes a whole chat answer for a client.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::super::logprobs::LogprobsOut;
use super::super::usage::UsageOut;
use crate::canonical::{
    Block, BlockKind, ChatResponse, Choice, FinishReason, Media, MediaSource, RawJson,
};
use crate::dialect::ReplyContext;

/// OpenAI API reference, chat completion object.
#[derive(Debug, Serialize)]
struct ResponseOut<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<ChoiceOut<'a>>,
    usage: UsageOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ChoiceOut<'a> {
    index: u32,
    message: MessageOut<'a>,
    logprobs: Option<LogprobsOut<'a>>,
    finish_reason: &'static str,
}

#[derive(Debug, Default, Serialize)]
struct MessageOut<'a> {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<ThinkingBlockOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<AudioOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<ImageOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCallOut<'a>>,
}

/// One entry of LiteLLM's `thinking_blocks`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ThinkingBlockOut<'a> {
    /// Reasoning with the proof of who wrote it.
    Thinking {
        /// The reasoning.
        thinking: &'a str,
        /// The proof; empty when there is none.
        signature: &'a str,
    },
    /// Encrypted reasoning.
    RedactedThinking {
        /// The encrypted reasoning.
        data: &'a str,
    },
}

#[derive(Debug, Serialize)]
struct AudioOut<'a> {
    id: String,
    data: &'a str,
    expires_at: u64,
    transcript: String,
}

#[derive(Debug, Serialize)]
struct ImageOut {
    #[serde(rename = "type")]
    kind: &'static str,
    index: usize,
    image_url: UrlOut,
}

#[derive(Debug, Serialize)]
struct UrlOut {
    url: String,
}

#[derive(Debug, Serialize)]
struct ToolCallOut<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: FunctionOut<'a>,
}

#[derive(Debug, Serialize)]
struct FunctionOut<'a> {
    name: &'a str,
    arguments: &'a str,
}

/// What an annotation must hold to be one of this API's.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read only to see whether it can be")]
struct AnnotationIn {
    #[serde(rename = "type")]
    kind: String,
    url_citation: UrlCitationIn,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read only to see whether it can be")]
struct UrlCitationIn {
    start_index: u64,
    end_index: u64,
    url: String,
    title: String,
}

/// Writes the answer. Where the upstream gave no choice or no usage, there is an empty one, since
/// clients rely on both.
pub(crate) fn encode(response: &ChatResponse, reply: &ReplyContext) -> Bytes {
    let mut choices: Vec<ChoiceOut<'_>> = response
        .choices
        .iter()
        .map(|choice| ChoiceOut::new(choice, reply))
        .collect();
    if choices.is_empty() {
        choices.push(ChoiceOut {
            index: 0,
            message: MessageOut::new(&[], reply),
            logprobs: None,
            finish_reason: "stop",
        });
    }
    let out = ResponseOut {
        id: format!("chatcmpl-{}", reply.id),
        object: "chat.completion",
        created: reply.created,
        model: &reply.model,
        choices,
        usage: response.usage.unwrap_or_default().into(),
        service_tier: response.service_tier.as_deref().and_then(served_tier),
    };
    // Strings, numbers and JSON text always serialise.
    serde_json::to_vec(&out).unwrap_or_default().into()
}

/// `tier` when it is one that this API has.
fn served_tier(tier: &str) -> Option<&str> {
    super::super::params::TIERS.contains(&tier).then_some(tier)
}

/// The word for `finish`; `refused` says whether the refusal stands in its own field.
pub(crate) fn finish_name(finish: FinishReason, refused: bool) -> &'static str {
    match finish {
        FinishReason::Stop | FinishReason::StopSequence | FinishReason::Pause => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolUse => "tool_calls",
        // OpenAI's own models end a refusal like any other message.
        FinishReason::Refusal if refused => "stop",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
    }
}

/// All reasoning in `blocks` as one text.
fn thinking_text(blocks: &[Block]) -> Option<String> {
    let texts = blocks.iter().filter_map(|block| match &block.kind {
        BlockKind::Thinking { text, .. } => Some(text.as_str()),
        _ => None,
    });
    Some(texts.collect::<String>()).filter(|text| !text.is_empty())
}

/// The reasoning in `blocks` with its proofs; empty when there are none to keep.
pub(crate) fn thinking_blocks(blocks: &[Block]) -> Vec<ThinkingBlockOut<'_>> {
    let out = |block| match block {
        &Block {
            kind:
                BlockKind::Thinking {
                    ref text,
                    ref signature,
                },
            ..
        } => Some(ThinkingBlockOut::Thinking {
            thinking: text,
            signature: signature.as_deref().unwrap_or_default(),
        }),
        Block {
            kind: BlockKind::RedactedThinking { data },
            ..
        } => Some(ThinkingBlockOut::RedactedThinking { data }),
        _ => None,
    };
    let all: Vec<_> = blocks.iter().filter_map(out).collect();
    let proven = all
        .iter()
        .any(|block| !matches!(block, ThinkingBlockOut::Thinking { signature: "", .. }));
    if proven { all } else { Vec::new() }
}

// === impl ChoiceOut ===

impl<'a> ChoiceOut<'a> {
    fn new(choice: &'a Choice, reply: &ReplyContext) -> Self {
        let message = MessageOut::new(&choice.content, reply);
        Self {
            index: choice.index,
            finish_reason: finish_name(choice.finish, message.refusal.is_some()),
            message,
            logprobs: choice.logprobs.as_ref().map(LogprobsOut::from),
        }
    }
}

// === impl MessageOut ===

impl<'a> MessageOut<'a> {
    fn new(blocks: &'a [Block], reply: &ReplyContext) -> Self {
        let mut out = Self {
            role: "assistant",
            reasoning_content: thinking_text(blocks),
            thinking_blocks: thinking_blocks(blocks),
            ..Self::default()
        };
        let mut recording = None;
        for block in blocks {
            match &block.kind {
                BlockKind::Text { text, citations } => {
                    out.content.get_or_insert_default().push_str(text);
                    out.annotations = out.annotations.or_else(|| own_annotations(citations));
                }
                BlockKind::Refusal { text } => {
                    out.refusal.get_or_insert_default().push_str(text);
                }
                BlockKind::ToolUse {
                    id,
                    name,
                    arguments,
                } => out.tool_calls.push(ToolCallOut {
                    id,
                    kind: "function",
                    function: FunctionOut {
                        name,
                        arguments: if arguments.is_empty() {
                            "{}"
                        } else {
                            arguments
                        },
                    },
                }),
                BlockKind::Image(media) => out.draw(media),
                BlockKind::Audio(media) => recording = base64_of(media),
                _ => {}
            }
        }
        out.audio = recording.map(|data| AudioOut {
            id: format!("audio_{}", reply.id),
            data,
            // Nothing is kept here that could be referred to later.
            expires_at: reply.created,
            transcript: out.content.take().unwrap_or_default(),
        });
        let says_nothing = out.tool_calls.is_empty() && out.refusal.is_none();
        if out.content.is_none() && out.audio.is_none() && says_nothing {
            out.content = Some(String::new());
        }
        out
    }

    fn draw(&mut self, media: &Media) {
        if let Some(url) = media.to_url("image/png") {
            self.images.push(ImageOut {
                kind: "image_url",
                index: self.images.len(),
                image_url: UrlOut { url },
            });
        }
    }
}

fn base64_of(media: &Media) -> Option<&str> {
    match &media.source {
        MediaSource::Base64(data) => Some(data),
        _ => None,
    }
}

/// `citations` when they are this API's annotations, and not another's.
fn own_annotations(citations: &Option<RawJson>) -> Option<&RawJson> {
    let raw = citations.as_ref()?;
    serde_json::from_str::<Vec<AnnotationIn>>(raw.get()).ok()?;
    Some(raw)
}
