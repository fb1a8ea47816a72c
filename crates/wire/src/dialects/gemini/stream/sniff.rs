//! What relayed frames and bodies say about the answer as a whole.

use std::sync::LazyLock;

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::error;
use super::super::proto::Many;
use super::super::response::{PromptFeedback, finish};
use super::super::usage::UsageMetadata;
use crate::canonical::{ApiError, FinishReason, RawJson};
use crate::relay::{Framing, Needles, RelayRules, Restamp, Sighting, may_be_error};

/// Gemini names the exact version that answered (`modelVersion`), which stays as it is.
pub(in super::super) static RULES: RelayRules = RelayRules {
    framing: Framing::Sse,
    model_key: None,
    restamp: Restamp::First,
    needles: LazyLock::new(|| {
        Needles::new(&[
            b"\"usageMetadata\"",
            b"\"finishReason\"",
            b"\"promptFeedback\"",
            b"\"error\"",
        ])
    }),
    is_content,
    is_usage_only: |_| false,
};

fn is_content(frame: &[u8]) -> bool {
    [&b"\"parts\""[..], b"\"finishReason\"", b"\"blockReason\""]
        .iter()
        .any(|needle| memmem::find(frame, needle).is_some())
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Glimpse {
    candidates: Option<Many<CandidateGlimpse>>,
    #[serde(alias = "prompt_feedback")]
    prompt_feedback: Option<PromptFeedback>,
    #[serde(alias = "usage_metadata")]
    usage_metadata: Option<UsageMetadata>,
    error: Option<RawJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CandidateGlimpse {
    #[serde(alias = "finish_reason")]
    finish_reason: Option<String>,
    content: Option<ContentGlimpse>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContentGlimpse {
    parts: Option<Many<PartGlimpse>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartGlimpse {
    #[serde(alias = "function_call")]
    function_call: Option<IgnoredAny>,
}

/// Reads counts, finish and error; text is skipped. A frame that is no JSON says nothing.
pub(in super::super) fn sniff(frame: &[u8]) -> Sighting {
    let glimpse: Glimpse = serde_json::from_slice(frame).unwrap_or_default();
    let blocked = glimpse
        .prompt_feedback
        .is_some_and(|feedback| feedback.block_reason.is_some());
    let candidate = glimpse.candidates.unwrap_or_default().0.into_iter().next();
    let finish = match candidate {
        Some(candidate) => candidate.finish_reason.as_deref().map(|reason| {
            let parts = candidate.content.unwrap_or_default().parts;
            let calls = parts
                .unwrap_or_default()
                .0
                .iter()
                .any(|part| part.function_call.is_some());
            finish(Some(reason), calls)
        }),
        None => blocked.then_some(FinishReason::ContentFilter),
    };
    Sighting {
        usage: glimpse.usage_metadata.map(|usage| usage.to_usage()),
        finish,
        error: glimpse
            .error
            .map(|raw| error::from_object(200, raw.get().as_bytes())),
    }
}

pub(in super::super) fn failure(answer: &[u8]) -> Option<ApiError> {
    may_be_error(answer).then(|| sniff(answer).error)?
}
