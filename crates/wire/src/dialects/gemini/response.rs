//! `GenerateContentResponse`: whole answers, and what streamed ones share with them.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::blocks::{self, Piece};
use super::content::{Content, FunctionCall, Part};
use super::error;
use super::logprobs::LogprobsResult;
use super::losses::Losses;
use super::media;
use super::model::Model;
use super::proto::{Count, Many};
use super::signature;
use super::usage::{UsageMetadata, UsageOut};
use crate::canonical::{Block, BlockKind, ChatResponse, Choice, FinishReason, RawJson};
use crate::dialect::{DialectId, ReplyContext, TranslateError};

/// An answer, or one chunk of it. Members that have no canonical place (grounding, citations,
/// safety ratings) are not read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Response {
    pub(super) candidates: Option<Many<Candidate>>,
    #[serde(alias = "prompt_feedback")]
    pub(super) prompt_feedback: Option<PromptFeedback>,
    #[serde(alias = "usage_metadata")]
    pub(super) usage_metadata: Option<UsageMetadata>,
    #[serde(alias = "model_version")]
    pub(super) model_version: Option<String>,
    #[serde(alias = "response_id")]
    pub(super) response_id: Option<String>,
    pub(super) error: Option<RawJson>,
}

/// One of several answers.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Candidate {
    pub(super) content: Option<Content<'static>>,
    #[serde(alias = "finish_reason")]
    pub(super) finish_reason: Option<String>,
    pub(super) index: Option<Count>,
    #[serde(alias = "logprobs_result")]
    pub(super) logprobs_result: Option<LogprobsResult>,
}

/// What was thought of the prompt.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PromptFeedback {
    #[serde(alias = "block_reason")]
    pub(super) block_reason: Option<String>,
}

// === impl Response ===

impl Response {
    /// Whether there is anything of an answer in it.
    fn is_answer(&self) -> bool {
        self.candidates.is_some()
            || self.prompt_feedback.is_some()
            || self.usage_metadata.is_some()
            || self.response_id.is_some()
    }

    /// Whether the prompt was refused, so that there are no candidates.
    pub(super) fn is_blocked(&self) -> bool {
        let reason = self.prompt_feedback.as_ref();
        reason.is_some_and(|feedback| feedback.block_reason.is_some())
    }
}

// === impl Candidate ===

impl Candidate {
    /// Its place; the API leaves out a zero.
    pub(super) fn place(&self) -> u32 {
        self.index
            .map_or(0, |index| u32::try_from(index.0).unwrap_or(u32::MAX))
    }
}

/// Reads a whole answer.
pub(super) fn decode(body: &[u8]) -> Result<ChatResponse, TranslateError> {
    let response: Response = serde_json::from_slice(body)
        .map_err(|e| TranslateError::invalid(format!("not a Gemini answer: {e}")))?;
    if let Some(error) = &response.error {
        let error = error::from_object(200, error.get().as_bytes());
        return Err(TranslateError::invalid(error.message));
    }
    if !response.is_answer() {
        return Err(TranslateError::invalid(
            "not a Gemini answer: neither candidates nor prompt feedback",
        ));
    }
    let blocked = response.is_blocked();
    let mut ids = CallIds::new(body);
    let candidates = response.candidates.unwrap_or_default().0;
    let mut choices: Vec<Choice> = candidates
        .into_iter()
        .map(|candidate| choice(candidate, &mut ids))
        .collect();
    if choices.is_empty() {
        choices.push(Choice {
            index: 0,
            content: Vec::new(),
            finish: if blocked {
                FinishReason::ContentFilter
            } else {
                FinishReason::Stop
            },
            stop_sequence: None,
            logprobs: None,
        });
    }
    Ok(ChatResponse {
        id: response.response_id,
        model: response.model_version,
        choices,
        usage: response.usage_metadata.map(|usage| usage.to_usage()),
        service_tier: None,
    })
}

fn choice(candidate: Candidate, ids: &mut CallIds<'_>) -> Choice {
    let index = candidate.place();
    let mut content = Vec::new();
    let parts = candidate.content.unwrap_or_default().parts.0;
    for part in parts {
        let (piece, signature) = blocks::piece(part, &mut Vec::new());
        match piece {
            Piece::Thought(text) => {
                content.push(BlockKind::Thinking { text, signature });
                continue;
            }
            Piece::Call(call) => {
                content.push(tool_use(call, signature.as_deref(), ids));
                continue;
            }
            _ => {}
        }
        if let Some(signature) = signature {
            content.push(BlockKind::Thinking {
                text: String::new(),
                signature: Some(signature),
            });
        }
        match piece {
            Piece::Text(text) if !text.is_empty() => content.push(BlockKind::Text {
                text,
                citations: None,
            }),
            Piece::Media(kind) => content.push(kind),
            Piece::Opaque { what, raw } => content.push(BlockKind::Opaque {
                origin: DialectId::Gemini,
                what,
                raw,
            }),
            _ => {}
        }
    }
    let calls = content
        .iter()
        .any(|kind| matches!(kind, BlockKind::ToolUse { .. }));
    Choice {
        index,
        content: content.into_iter().map(Block::new).collect(),
        finish: finish(candidate.finish_reason.as_deref(), calls),
        stop_sequence: None,
        logprobs: candidate.logprobs_result.map(LogprobsResult::into_logprobs),
    }
}

fn tool_use(
    call: FunctionCall<'static>,
    signature: Option<&str>,
    ids: &mut CallIds<'_>,
) -> BlockKind {
    BlockKind::ToolUse {
        id: ids.id(&call, signature),
        name: call.name.unwrap_or_default().into_owned(),
        arguments: blocks::arguments(call.args.as_ref()),
    }
}

/// Makes ids for calls that came without one.
///
/// They must not repeat within a conversation, and the same answer must always get the same ones:
/// so they are a hash of the answer, which differs by its id and token counts at least.
#[derive(Debug)]
pub(super) struct CallIds<'a> {
    text: &'a [u8],
    next: u32,
}

// === impl CallIds ===

impl<'a> CallIds<'a> {
    /// Ids for the calls in `text`: an answer, or the chunk of one that holds whole calls.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, next: 0 }
    }

    /// The canonical id of `call`, with the signature of its part.
    pub(super) fn id(&mut self, call: &FunctionCall<'_>, signature: Option<&str>) -> String {
        let nth = self.next;
        self.next += 1;
        match call.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => signature::join(id, signature),
            None => signature::join(&format!("call_{:016x}{nth:04x}", fnv(self.text)), signature),
        }
    }
}

/// FNV-1a: stable across builds, which the standard library's hasher does not promise.
fn fnv(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Why the model stopped (`FinishReason`); with calls, to have them run. A reason that is not
/// known, and one that tells of broken calls, counts as a plain stop.
pub(super) fn finish(reason: Option<&str>, calls: bool) -> FinishReason {
    match reason {
        Some("MAX_TOKENS") => FinishReason::Length,
        Some("CONTINUATION") => FinishReason::Pause,
        Some(
            "SAFETY"
            | "RECITATION"
            | "LANGUAGE"
            | "OTHER"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION"
            | "IMAGE_OTHER",
        ) => FinishReason::ContentFilter,
        _ if calls => FinishReason::ToolUse,
        _ => FinishReason::Stop,
    }
}

/// The API's word for why the model stopped.
pub(super) fn finish_name(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ContentFilter | FinishReason::Refusal => "SAFETY",
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::ToolUse
        | FinishReason::Pause => "STOP",
    }
}

/// An answer, or a chunk of one, as written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResponseOut<'a> {
    pub(super) candidates: Vec<CandidateOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage_metadata: Option<UsageOut>,
    pub(super) model_version: &'a str,
    pub(super) response_id: &'a str,
}

/// One of several answers as written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CandidateOut<'a> {
    pub(super) content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<&'static str>,
    pub(super) index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) avg_logprobs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs_result: Option<LogprobsResult>,
}

/// Writes a whole answer.
pub(super) fn encode(response: &ChatResponse, reply: &ReplyContext) -> Bytes {
    let out = ResponseOut {
        candidates: response.choices.iter().map(candidate).collect(),
        usage_metadata: Some(UsageOut::new(response.usage.as_ref())),
        model_version: &reply.model,
        response_id: &reply.id,
    };
    // Strings, numbers and checked JSON text always serialise.
    serde_json::to_vec(&out)
        .map(Bytes::from)
        .unwrap_or_default()
}

fn candidate(choice: &Choice) -> CandidateOut<'_> {
    let mut parts = Vec::new();
    let mut pending: Option<&str> = None;
    for block in &choice.content {
        if let BlockKind::Thinking { text, signature } = &block.kind
            && text.is_empty()
        {
            let signature = signature.as_deref().and_then(readable);
            parts.extend(pending.take().map(Part::signature));
            pending = signature;
            continue;
        }
        let Some(mut part) = part(&block.kind) else {
            continue;
        };
        if let Some(signature) = pending.take() {
            if part.takes_signature() {
                part.thought_signature = Some(signature.into());
            } else {
                parts.push(Part::signature(signature));
            }
        }
        parts.push(part);
    }
    parts.extend(pending.map(Part::signature));
    if parts.is_empty() {
        // The SDKs' chats drop a turn without parts from their history, and the question with it.
        parts.push(Part::text(""));
    }
    let logprobs_result = choice.logprobs.as_ref().map(LogprobsResult::from_logprobs);
    CandidateOut {
        content: Content::new("model", parts),
        finish_reason: Some(finish_name(choice.finish)),
        index: choice.index,
        avg_logprobs: logprobs_result.as_ref().and_then(LogprobsResult::average),
        logprobs_result,
    }
}

/// The part for one block of an answer; `None` for what the API has no part for.
fn part(kind: &BlockKind) -> Option<Part<'_>> {
    match kind {
        BlockKind::Text { text, .. } | BlockKind::Refusal { text } => Some(Part::text(text)),
        BlockKind::Thinking { text, signature } => (!text.is_empty()).then(|| Part {
            thought: Some(true),
            thought_signature: signature.as_deref().and_then(readable).map(Cow::Borrowed),
            ..Part::text(text)
        }),
        BlockKind::ToolUse {
            id,
            name,
            arguments,
        } => Some(call_part(id, name, arguments)),
        BlockKind::Opaque { origin, raw, .. } => blocks::opaque_part(*origin, raw),
        media => media::to_part(media, &Model::parse(""), &mut Losses::default()),
    }
}

/// A call as a part, with the signature that its id carries.
pub(super) fn call_part<'a>(
    id: &'a str,
    name: impl Into<Cow<'a, str>>,
    arguments: &str,
) -> Part<'a> {
    let (id, signature) = signature::split(id);
    Part {
        function_call: Some(FunctionCall {
            id: Some(id.into()),
            name: Some(name.into()),
            args: blocks::arguments_object(arguments),
        }),
        thought_signature: signature
            .filter(|s| signature::is_readable(s))
            .map(Cow::Owned),
        ..Part::default()
    }
}

/// A signature for a client; `None` for one that the SDKs could not decode.
pub(super) fn readable(signature: &str) -> Option<&str> {
    signature::is_readable(signature).then_some(signature)
}
