//! Reads an upstream's whole chat answer.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::super::openai::synthetic_id;
use super::super::lenient;
use super::super::logprobs::LogprobsIn;
use super::super::request::{Content, ThinkingBlockIn, arguments_text, invalid, thinking};
use super::super::usage::UsageIn;
use crate::canonical::{
    Block, BlockKind, ChatResponse, Choice, FinishReason, Media, MediaSource, RawJson,
};
use crate::dialect::TranslateError;

#[derive(Debug, Deserialize)]
struct ResponseIn<'a> {
    #[serde(default, deserialize_with = "lenient::some_text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::some_text")]
    model: Option<String>,
    #[serde(default, borrow)]
    choices: Option<Vec<ChoiceIn<'a>>>,
    #[serde(default, deserialize_with = "lenient::object")]
    usage: Option<UsageIn>,
    #[serde(default, deserialize_with = "lenient::some_text")]
    service_tier: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ChoiceIn<'a> {
    #[serde(deserialize_with = "lenient::count")]
    index: Option<u64>,
    #[serde(borrow)]
    message: Option<MessageIn<'a>>,
    /// The answer to a text completion.
    #[serde(deserialize_with = "lenient::some_text")]
    text: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    finish_reason: Option<String>,
    /// vLLM: the stop sequence, or the id of a stop token.
    #[serde(borrow)]
    stop_reason: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::or_none")]
    logprobs: Option<LogprobsIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MessageIn<'a> {
    #[serde(borrow)]
    content: Content<'a>,
    #[serde(deserialize_with = "lenient::some_text")]
    refusal: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    reasoning_content: Option<String>,
    /// OpenRouter and newer vLLM.
    #[serde(deserialize_with = "lenient::some_text")]
    reasoning: Option<String>,
    #[serde(deserialize_with = "lenient::or_none")]
    thinking_blocks: Option<Vec<ThinkingBlockIn>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<ToolCallIn<'a>>>,
    #[serde(borrow)]
    function_call: Option<CallIn<'a>>,
    #[serde(deserialize_with = "lenient::or_none")]
    audio: Option<AudioIn>,
    /// OpenRouter and LiteLLM: pictures that the model drew.
    #[serde(borrow)]
    images: Content<'a>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToolCallIn<'a> {
    #[serde(deserialize_with = "lenient::some_text")]
    id: Option<String>,
    #[serde(borrow)]
    function: Option<CallIn<'a>>,
    #[serde(borrow)]
    custom: Option<CallIn<'a>>,
}

/// A call's name and arguments; a custom tool's are called its input. Any part may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CallIn<'a> {
    #[serde(deserialize_with = "lenient::some_text")]
    pub(crate) name: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::some_text")]
    input: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AudioIn {
    data: Option<String>,
    transcript: Option<String>,
}

/// Reads the answer; a body without choices is none.
pub(crate) fn decode(body: &[u8]) -> Result<ChatResponse, TranslateError> {
    let response: ResponseIn<'_> =
        serde_json::from_slice(body).map_err(|e| TranslateError::invalid(e.to_string()))?;
    let Some(choices) = response.choices else {
        return Err(TranslateError::invalid_param(
            "choices",
            "the answer has no 'choices'",
        ));
    };
    let seed = response.id.clone().unwrap_or_default();
    let choices = choices.into_iter().enumerate();
    Ok(ChatResponse {
        id: response.id,
        model: response.model,
        choices: choices
            .map(|(place, choice)| choice.into_choice(place, &seed))
            .collect::<Result<_, _>>()?,
        usage: response
            .usage
            .and_then(|usage| usage.to_usage())
            .map(|usage| usage.served_as(response.service_tier.as_deref())),
        service_tier: response.service_tier,
    })
}

/// What the word of a `finish_reason` means. Of words nobody knows, most say that the model is
/// done (`eos_token`, `eos`, `end_turn`).
pub(crate) fn finish_reason(word: &str) -> FinishReason {
    match word {
        "length" | "max_tokens" | "model_length" | "max_output_tokens" => FinishReason::Length,
        "tool_calls" | "function_call" | "tool_use" | "tool_call" => FinishReason::ToolUse,
        "content_filter" | "safety" | "SAFETY" | "sensitive" => FinishReason::ContentFilter,
        "refusal" => FinishReason::Refusal,
        "stop_sequence" => FinishReason::StopSequence,
        "pause_turn" => FinishReason::Pause,
        _ => FinishReason::Stop,
    }
}

// === impl ChoiceIn ===

impl ChoiceIn<'_> {
    fn into_choice(self, place: usize, seed: &str) -> Result<Choice, TranslateError> {
        let index = self.index.unwrap_or(place as u64);
        let refused = self.message.as_ref().is_some_and(|m| m.refusal.is_some());
        let content = match self.message {
            Some(message) => message.into_blocks(seed, place)?,
            None if self.text.is_some() => self.text.map(Block::text).into_iter().collect(),
            // What a filter took out is still an answer.
            None if self.finish_reason.is_some() => Vec::new(),
            None => {
                let param = format!("choices[{place}].message");
                return Err(TranslateError::invalid_param(
                    param,
                    "the message is missing",
                ));
            }
        };
        let called = content
            .iter()
            .any(|block| matches!(block.kind, BlockKind::ToolUse { .. }));
        let stop_sequence = self
            .stop_reason
            .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let word = self.finish_reason.as_deref().unwrap_or("stop");
        // A forced call ends with `stop`, and so does any call on some servers.
        let finish = match finish_reason(word) {
            FinishReason::Stop if called => FinishReason::ToolUse,
            FinishReason::Stop if refused => FinishReason::Refusal,
            FinishReason::Stop if stop_sequence.is_some() => FinishReason::StopSequence,
            finish => finish,
        };
        Ok(Choice {
            index: u32::try_from(index).unwrap_or_default(),
            content,
            finish,
            stop_sequence: stop_sequence.filter(|_| finish == FinishReason::StopSequence),
            logprobs: self.logprobs.and_then(LogprobsIn::into_logprobs),
        })
    }
}

// === impl MessageIn ===

impl MessageIn<'_> {
    fn into_blocks(self, seed: &str, choice: usize) -> Result<Vec<Block>, TranslateError> {
        let place = |field: &str| format!("choices[{choice}].message.{field}");
        let wrong = |field: &str, e: &serde_json::Error| invalid(&place(field), e);
        let mut blocks = thinking(
            self.thinking_blocks.unwrap_or_default(),
            self.reasoning_content.or(self.reasoning),
        );
        let said = self.content.into_blocks();
        let mut said = said.map_err(|(_, e)| wrong("content", &e))?;
        if let Some(transcript) = self.audio.as_ref().and_then(|a| a.transcript.as_deref())
            && said.is_empty()
            && !transcript.is_empty()
        {
            said.push(Block::text(transcript));
        }
        cite(&mut said, self.annotations);
        blocks.extend(said);
        if let Some(text) = self.refusal {
            blocks.push(Block::new(BlockKind::Refusal { text }));
        }
        if let Some(data) = self.audio.and_then(|audio| audio.data) {
            blocks.push(Block::new(BlockKind::Audio(Media {
                source: MediaSource::Base64(data),
                ..Media::default()
            })));
        }
        let images = self.images.into_blocks();
        blocks.extend(images.map_err(|(_, e)| wrong("images", &e))?);
        for (index, call) in self.tool_calls.into_iter().flatten().enumerate() {
            let id = call.id.unwrap_or_else(|| synthetic_id(seed, choice, index));
            let call = call.function.or(call.custom).unwrap_or_default();
            blocks.push(call.into_block(id));
        }
        if let Some(call) = self.function_call.filter(|call| call.name.is_some()) {
            blocks.push(call.into_block(synthetic_id(seed, choice, 0)));
        }
        Ok(blocks)
    }
}

/// Puts the annotations on the text they are about.
fn cite(blocks: &mut [Block], annotations: Option<&RawValue>) {
    let Some(raw) = annotations.filter(|raw| !matches!(raw.get(), "null" | "[]")) else {
        return;
    };
    let text = blocks.iter_mut().find_map(|block| match &mut block.kind {
        BlockKind::Text { citations, .. } => Some(citations),
        _ => None,
    });
    if let Some(citations) = text {
        *citations = Some(RawJson::from(raw.to_owned()));
    }
}

// === impl CallIn ===

impl CallIn<'_> {
    /// The arguments, or this piece of them, as text.
    pub(crate) fn arguments(&mut self) -> String {
        let arguments = self.arguments.take().map(arguments_text);
        arguments.or_else(|| self.input.take()).unwrap_or_default()
    }

    fn into_block(mut self, id: String) -> Block {
        Block::new(BlockKind::ToolUse {
            id,
            arguments: self.arguments(),
            name: self.name.unwrap_or_default(),
        })
    }
}
