//! Writes a whole completion for a client.

use bytes::Bytes;
use serde::Serialize;

use super::super::usage::UsageOut;
use super::completion_finish;
use super::logprobs::LogprobsOut;
use crate::canonical::{BlockKind, ChatResponse, Choice, FinishReason};
use crate::dialect::ReplyContext;

/// API reference, completion object.
#[derive(Debug, Serialize)]
struct CompletionOut<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<ChoiceOut<'a>>,
    usage: UsageOut,
}

#[derive(Debug, Serialize)]
struct ChoiceOut<'a> {
    text: String,
    index: u32,
    logprobs: Option<LogprobsOut<'a>>,
    finish_reason: &'static str,
}

/// Writes the answer. Where the upstream gave no choice or no usage, there is an empty one, since
/// clients rely on both.
pub(crate) fn encode(response: &ChatResponse, reply: &ReplyContext) -> Bytes {
    let mut choices: Vec<ChoiceOut<'_>> = response.choices.iter().map(ChoiceOut::from).collect();
    if choices.is_empty() {
        choices.push(ChoiceOut {
            text: String::new(),
            index: 0,
            logprobs: None,
            finish_reason: completion_finish(FinishReason::Stop, false),
        });
    }
    let out = CompletionOut {
        id: format!("cmpl-{}", reply.id),
        object: "text_completion",
        created: reply.created,
        model: &reply.model,
        choices,
        usage: response.usage.unwrap_or_default().into(),
    };
    // Strings and numbers always serialise.
    serde_json::to_vec(&out).unwrap_or_default().into()
}

// === impl ChoiceOut ===

impl<'a> From<&'a Choice> for ChoiceOut<'a> {
    fn from(choice: &'a Choice) -> Self {
        let mut text = String::new();
        let mut refused = false;
        for block in &choice.content {
            match &block.kind {
                BlockKind::Text { text: said, .. } => text.push_str(said),
                BlockKind::Refusal { text: said } => {
                    refused = true;
                    text.push_str(said);
                }
                // A completion is text and nothing else.
                _ => {}
            }
        }
        let logprobs = choice.logprobs.as_ref();
        Self {
            text,
            index: choice.index,
            logprobs: logprobs.map(|logprobs| LogprobsOut::new(logprobs, &mut 0)),
            finish_reason: completion_finish(choice.finish, refused),
        }
    }
}
