//! One frame of an upstream's streamed answer.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::lenient;
use super::super::logprobs::LogprobsIn;
use super::super::request::{Content, ThinkingBlockIn};
use super::super::response::{CallIn, finish_reason};
use super::super::usage::UsageIn;
use super::calls::Piece;
use crate::canonical::{FinishReason, Usage};

/// One frame. Everything is optional: what is no chunk may still be an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "C: Default + Deserialize<'de>"))]
pub(crate) struct Chunk<'a, C = ChoiceIn<'a>> {
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    object: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) model: Option<String>,
    pub(crate) choices: Option<Vec<C>>,
    #[serde(deserialize_with = "lenient::object")]
    usage: Option<UsageIn>,
    #[serde(deserialize_with = "lenient::some_text")]
    service_tier: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    x_groq: Option<GroqIn>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

/// A frame of which only the facts about the whole answer are read, not what it says.
pub(crate) type Glance<'a> = Chunk<'a, Facts<'a>>;

/// What a choice says about itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts<'a> {
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "lenient::object")]
    usage: Option<UsageIn>,
}

/// Where a choice may hide the counts of the answer.
pub(crate) trait Counted {
    fn usage(&self) -> Option<&UsageIn>;
}

/// Older Groq streams put usage here.
#[derive(Debug, Deserialize)]
struct GroqIn {
    #[serde(default, deserialize_with = "lenient::object")]
    usage: Option<UsageIn>,
}

/// One choice of a chunk.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ChoiceIn<'a> {
    #[serde(deserialize_with = "lenient::count")]
    pub(super) index: Option<u64>,
    #[serde(borrow)]
    pub(super) delta: Option<DeltaIn<'a>>,
    /// A text completion has this in place of a delta; Together says it beside one.
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) text: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(crate) finish_reason: Option<String>,
    /// vLLM: the stop sequence, or the id of a stop token.
    #[serde(borrow)]
    pub(super) stop_reason: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::or_none")]
    pub(super) logprobs: Option<LogprobsIn>,
    /// Moonshot puts usage here.
    #[serde(deserialize_with = "lenient::object")]
    usage: Option<UsageIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeltaIn<'a> {
    #[serde(borrow)]
    pub(super) content: Content<'a>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) refusal: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) reasoning_content: Option<String>,
    /// OpenRouter and newer vLLM.
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) reasoning: Option<String>,
    #[serde(deserialize_with = "lenient::or_none")]
    pub(super) thinking_blocks: Option<Vec<ThinkingBlockIn>>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<ToolCallIn<'a>>>,
    #[serde(borrow)]
    pub(super) function_call: Option<CallIn<'a>>,
    #[serde(deserialize_with = "lenient::or_none")]
    pub(super) audio: Option<AudioIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ToolCallIn<'a> {
    #[serde(deserialize_with = "lenient::count")]
    pub(super) index: Option<u64>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) id: Option<String>,
    #[serde(borrow)]
    pub(super) function: Option<CallIn<'a>>,
    #[serde(borrow)]
    pub(super) custom: Option<CallIn<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AudioIn {
    pub(super) transcript: Option<String>,
}

// === impl Facts ===

impl Facts<'_> {
    /// The word for why the choice ended.
    pub(crate) fn finish_reason(&self) -> Option<&str> {
        self.finish_reason
            .as_deref()
            .filter(|word| !word.is_empty())
    }
}

impl Counted for Facts<'_> {
    fn usage(&self) -> Option<&UsageIn> {
        self.usage.as_ref()
    }
}

// === impl Chunk ===

impl<C: Counted> Chunk<'_, C> {
    /// The counts in this frame, wherever they stand.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let in_choice = || {
            let choices = self.choices.iter().flatten();
            choices.filter_map(Counted::usage).next()
        };
        let usage = self.usage.as_ref().and_then(UsageIn::to_usage);
        usage
            .or_else(|| self.x_groq.as_ref()?.usage.as_ref()?.to_usage())
            .or_else(|| in_choice()?.to_usage())
            .map(|usage| usage.served_as(self.service_tier.as_deref()))
    }

    /// Whether the frame reports an error instead of a piece of the answer.
    pub(crate) fn is_error(&self) -> bool {
        let without_choices = self.object.as_deref() == Some("error") || self.detail.is_some();
        self.error.is_some() || (self.choices.is_none() && without_choices)
    }
}

impl Chunk<'_> {
    /// Whether the client sees something of the answer in it.
    pub(crate) fn is_content(&self) -> bool {
        self.choices.iter().flatten().any(ChoiceIn::is_content)
    }
}

// === impl ChoiceIn ===

impl Counted for ChoiceIn<'_> {
    fn usage(&self) -> Option<&UsageIn> {
        self.usage.as_ref()
    }
}

impl ChoiceIn<'_> {
    fn is_content(&self) -> bool {
        let says = |delta: &DeltaIn<'_>| {
            !delta.content.is_empty()
                || delta.refusal.is_some()
                || delta.reasoning_content.is_some()
                || delta.reasoning.is_some()
                || delta.function_call.is_some()
                || delta.audio.is_some()
                || delta.tool_calls.as_ref().is_some_and(|c| !c.is_empty())
                || delta
                    .thinking_blocks
                    .as_ref()
                    .is_some_and(|b| !b.is_empty())
        };
        self.finish_reason.is_some() || self.text.is_some() || self.delta.as_ref().is_some_and(says)
    }

    /// Why the choice ended, given what came before in it.
    pub(super) fn finish(
        &self,
        called: bool,
        refused: bool,
    ) -> Option<(FinishReason, Option<String>)> {
        let word = self.finish_reason.as_deref()?;
        let stop_sequence = self
            .stop_reason
            .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        Some(match finish_reason(word) {
            FinishReason::Stop if called => (FinishReason::ToolUse, None),
            FinishReason::Stop if refused => (FinishReason::Refusal, None),
            FinishReason::Stop if stop_sequence.is_some() => {
                (FinishReason::StopSequence, stop_sequence)
            }
            finish => (finish, None),
        })
    }
}

// === impl CallIn ===

impl CallIn<'_> {
    pub(super) fn into_piece(mut self, index: Option<u64>, id: Option<String>) -> Piece {
        Piece {
            index,
            id,
            arguments: self.arguments(),
            name: self.name,
        }
    }
}
