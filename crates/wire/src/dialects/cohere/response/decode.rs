//! Reads an upstream's whole chat answer.
//!
//! Source: API reference, `V2ChatResponse`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::tools::CallIn;
use super::super::{citations, logprobs, usage};
use crate::canonical::{
    ApiError, Block, BlockKind, ChatResponse, Choice, ErrorKind, FinishReason, RawJson,
};
use crate::dialect::{DialectId, TranslateError};

#[derive(Debug, Deserialize)]
struct ResponseIn<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    finish_reason: Option<String>,
    /// The answer; in the body of an error a sentence.
    #[serde(default, borrow)]
    message: Option<&'a RawValue>,
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default, borrow)]
    logprobs: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MessageIn<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    tool_plan: Option<String>,
    #[serde(borrow)]
    tool_calls: Option<Vec<CallIn<'a>>>,
    #[serde(borrow)]
    citations: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PartIn {
    r#type: Option<String>,
    text: Option<String>,
    thinking: Option<String>,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Ended {
    /// As an answer.
    Finished(FinishReason),
    /// Before it was one.
    Failed(ApiError),
}

/// Reads the answer; a body without a message is none.
pub(in super::super) fn decode(body: &[u8]) -> Result<ChatResponse, TranslateError> {
    let wrong = |error: &serde_json::Error| {
        TranslateError::invalid(format!("the upstream's answer is no chat answer: {error}"))
    };
    let response: ResponseIn<'_> = serde_json::from_slice(body).map_err(|e| wrong(&e))?;
    let Some(raw) = response.message else {
        return Err(TranslateError::invalid_param(
            "message",
            "the upstream's answer has no `message`",
        ));
    };
    if let Ok(sentence) = serde_json::from_str::<String>(raw.get()) {
        return Err(TranslateError::invalid(sentence));
    }
    let message: MessageIn<'_> = serde_json::from_str(raw.get()).map_err(|e| wrong(&e))?;
    let seed = response.id.as_deref().unwrap_or_default();
    let content = message.into_blocks(seed)?;
    let is_call = |block: &Block| matches!(block.kind, BlockKind::ToolUse { .. });
    let called = content.iter().any(is_call);
    let finish = match ended(response.finish_reason.as_deref(), None, called) {
        Ended::Finished(finish) => finish,
        Ended::Failed(error) => return Err(TranslateError::invalid(error.message)),
    };
    Ok(ChatResponse {
        choices: vec![Choice {
            index: 0,
            content,
            finish,
            stop_sequence: None,
            logprobs: logprobs::decode(response.logprobs),
        }],
        usage: usage::decode(response.usage),
        id: response.id,
        ..ChatResponse::default()
    })
}

/// What a `finish_reason` means, with the sentence that comes with an error in a stream.
/// `ERROR_LIMIT` and `ERROR_TOXIC` are those of the API's v1.
pub(in super::super) fn ended(word: Option<&str>, error: Option<&str>, called: bool) -> Ended {
    let failed =
        |kind, sentence: &str| Ended::Failed(ApiError::new(kind, error.unwrap_or(sentence)));
    Ended::Finished(match word {
        Some("MAX_TOKENS" | "ERROR_LIMIT") => FinishReason::Length,
        Some("STOP_SEQUENCE") => FinishReason::StopSequence,
        Some("TOOL_CALL") => FinishReason::ToolUse,
        Some("ERROR_TOXIC") => FinishReason::ContentFilter,
        Some("TIMEOUT") => {
            return failed(ErrorKind::Timeout, "the upstream's answer took too long");
        }
        Some("ERROR") => {
            return failed(ErrorKind::Internal, "the upstream failed to answer");
        }
        None if error.is_some() => return failed(ErrorKind::Internal, ""),
        _ if called => FinishReason::ToolUse,
        _ => FinishReason::Stop,
    })
}

// === impl MessageIn ===

impl MessageIn<'_> {
    fn into_blocks(self, seed: &str) -> Result<Vec<Block>, TranslateError> {
        let mut blocks = content(self.content)?;
        citations::attach(self.citations, &mut blocks);
        let plan = self.tool_plan.filter(|plan| !plan.is_empty());
        blocks.extend(plan.map(Block::text));
        let calls = self.tool_calls.into_iter().flatten().enumerate();
        blocks.extend(calls.filter_map(|(at, call)| call.into_block(seed, at)));
        Ok(blocks)
    }
}

fn content(raw: Option<&RawValue>) -> Result<Vec<Block>, TranslateError> {
    let Some(raw) = raw else {
        return Ok(Vec::new());
    };
    if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
        return Ok(vec![Block::text(text)]);
    }
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|_| {
        TranslateError::invalid_param("message.content", "the upstream's content is no list")
    })?;
    Ok(items.into_iter().map(block).collect())
}

/// A block of the answer, also when it is of a type not known here.
fn block(raw: &RawValue) -> Block {
    let part: PartIn = serde_json::from_str(raw.get()).unwrap_or_default();
    Block::new(match (part.r#type.as_deref(), part.text, part.thinking) {
        (Some("text"), Some(text), _) => BlockKind::Text {
            text,
            citations: None,
        },
        (Some("thinking"), _, Some(text)) => BlockKind::Thinking {
            text,
            signature: None,
        },
        (what, ..) => BlockKind::Opaque {
            origin: DialectId::Cohere,
            what: what.unwrap_or("unknown").to_owned(),
            raw: RawJson::from(raw.to_owned()),
        },
    })
}
