//! Reads an upstream's answer.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::super::openai::lenient;
use super::super::error;
use super::super::item::{self, Item};
use super::super::logprobs::{self, TokenIn};
use super::super::usage::UsageIn;
use crate::canonical::{
    Block, BlockKind, ChatResponse, Choice, FinishReason, Logprobs, Media, MediaSource, Usage,
};
use crate::dialect::TranslateError;
use crate::json::JsonObject;

/// An answer, its items not yet read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Outcome<'a> {
    #[serde(deserialize_with = "lenient::some_text")]
    pub(in super::super) id: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(in super::super) model: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    status: Option<String>,
    #[serde(borrow)]
    pub(in super::super) output: Option<Vec<&'a RawValue>>,
    #[serde(deserialize_with = "lenient::object")]
    usage: Option<UsageIn>,
    #[serde(deserialize_with = "lenient::or_none")]
    incomplete_details: Option<DetailsIn>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::some_text")]
    service_tier: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DetailsIn {
    reason: Option<String>,
}

/// What an item says about how the answer ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignIn {
    #[serde(rename = "type", deserialize_with = "lenient::some_text")]
    kind: Option<String>,
    #[serde(deserialize_with = "lenient::or_none")]
    content: Option<Vec<SignIn>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokensIn {
    #[serde(deserialize_with = "lenient::or_none")]
    content: Option<Vec<PartTokensIn>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PartTokensIn {
    #[serde(deserialize_with = "lenient::or_none")]
    logprobs: Option<Vec<TokenIn>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ImageIn {
    result: Option<String>,
    output_format: Option<String>,
}

/// Reads the answer; a body without output is none, and neither is a failed one.
pub(in super::super) fn decode(body: &[u8]) -> Result<ChatResponse, TranslateError> {
    let outcome: Outcome<'_> =
        serde_json::from_slice(body).map_err(|e| TranslateError::invalid(e.to_string()))?;
    let failed = outcome.status.as_deref() == Some("failed");
    if failed || outcome.error.is_some_and(|error| error.get() != "null") {
        return Err(TranslateError::invalid(error::decode_event(body).message));
    }
    let Some(items) = &outcome.output else {
        return Err(TranslateError::invalid_param(
            "output",
            "the answer has no 'output'",
        ));
    };
    let mut content = Vec::new();
    let mut tokens = Vec::new();
    for raw in items {
        content.extend(blocks(raw));
        tokens.extend(logprobs(raw).into_iter().flat_map(|l| l.content));
    }
    let finish = outcome.finish().unwrap_or(FinishReason::Stop);
    let logprobs = Logprobs { content: tokens };
    Ok(ChatResponse {
        usage: outcome.usage(),
        choices: vec![Choice {
            index: 0,
            content,
            finish,
            stop_sequence: None,
            logprobs: Some(logprobs).filter(|l| !l.content.is_empty()),
        }],
        id: outcome.id,
        model: outcome.model,
        service_tier: outcome.service_tier,
    })
}

/// The blocks of an item of an answer. What cannot be read is passed on as it is.
pub(in super::super) fn blocks(raw: &RawValue) -> Vec<Block> {
    let sign: SignIn = serde_json::from_str(raw.get()).unwrap_or_default();
    let kind = sign.kind.unwrap_or_default();
    if kind == "image_generation_call"
        && let Ok(image) = serde_json::from_str::<ImageIn>(raw.get())
        && let Some(data) = image.result
    {
        let format = image.output_format.as_deref().unwrap_or("png");
        return vec![Block::new(BlockKind::Image(Media {
            source: MediaSource::Base64(data),
            mime: Some(format!("image/{format}")),
            ..Media::default()
        }))];
    }
    match item::decode(raw, "output").unwrap_or_else(|_| item::opaque(&kind, raw)) {
        Item::Message(_, blocks) => blocks,
        Item::Step(block) => block.into_iter().collect(),
        Item::Result(block) => match item::opaque(&kind, raw) {
            Item::Result(opaque) | Item::Step(Some(opaque)) => vec![opaque],
            _ => vec![block],
        },
    }
}

fn logprobs(raw: &RawValue) -> Option<Logprobs> {
    if !raw.get().contains("\"logprobs\"") {
        return None;
    }
    let item: TokensIn = serde_json::from_str(raw.get()).ok()?;
    let parts = item.content.into_iter().flatten();
    logprobs::decode(parts.filter_map(|part| part.logprobs).flatten().collect())
}

/// A member of an answer; one of another shape counts as absent.
fn member<'a, T: Deserialize<'a>>(answer: &'a JsonObject, name: &str) -> Option<T> {
    serde_json::from_slice(answer.get(name)?).ok()
}

// === impl Outcome ===

impl<'a> Outcome<'a> {
    /// What of `answer` concerns it as a whole: not whose it is.
    pub(in super::super) fn of(answer: &'a JsonObject) -> Self {
        let text = |name| answer.get_str(name).map(Cow::into_owned);
        Self {
            id: None,
            model: None,
            status: text("status").filter(|status| !status.is_empty()),
            output: member(answer, "output"),
            usage: member(answer, "usage"),
            incomplete_details: member(answer, "incomplete_details"),
            error: None,
            service_tier: text("service_tier"),
        }
    }

    /// The counts, when there are any.
    pub(in super::super) fn usage(&self) -> Option<Usage> {
        let usage = self.usage.as_ref().and_then(UsageIn::to_usage)?;
        Some(usage.served_as(self.service_tier.as_deref()))
    }

    /// Why the model stopped; `None` when the answer says that it did not.
    pub(in super::super) fn finish(&self) -> Option<FinishReason> {
        let details = self.incomplete_details.as_ref();
        let reason = details.and_then(|details| details.reason.as_deref());
        match (self.status.as_deref(), reason) {
            (_, Some("content_filter")) => Some(FinishReason::ContentFilter),
            (Some("incomplete"), _) | (None, Some(_)) => Some(FinishReason::Length),
            (Some("completed") | None, _) => Some(self.completed()),
            (Some(_), _) => None,
        }
    }

    fn completed(&self) -> FinishReason {
        let signs = self.output.iter().flatten();
        let signs = signs.filter_map(|raw| serde_json::from_str::<SignIn>(raw.get()).ok());
        let mut finish = FinishReason::Stop;
        for sign in signs {
            let mut parts = sign.content.iter().flatten();
            if matches!(
                sign.kind.as_deref(),
                Some("function_call" | "custom_tool_call")
            ) {
                return FinishReason::ToolUse;
            }
            if parts.any(|part| part.kind.as_deref() == Some("refusal")) {
                finish = FinishReason::Refusal;
            }
        }
        finish
    }
}
