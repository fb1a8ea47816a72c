//! How answers are passed on to Ollama clients as they are.

use std::sync::LazyLock;

use super::wire::WireAnswer;
use super::{error, response, usage};
use crate::canonical::ApiError;
use crate::relay::{Framing, Needles, RelayRules, Restamp, Sighting, may_be_error};

/// The rules of Ollama's streams: a line is an answer object, the last one has `done: true`.
pub(super) static RULES: RelayRules = RelayRules {
    framing: Framing::Ndjson,
    model_key: Some(b"\"model\""),
    restamp: Restamp::EveryFrame,
    needles: LazyLock::new(|| Needles::new(&[b"\"done\":true", b"\"done\": true", b"\"error\":"])),
    is_content,
    is_usage_only: |_| false,
};

/// What a line or body says about the whole answer.
pub(super) fn sniff(frame: &[u8]) -> Sighting {
    let Ok(answer) = serde_json::from_slice::<WireAnswer>(frame) else {
        return Sighting::default();
    };
    if answer.error.is_some() {
        return Sighting {
            error: Some(error::decode(500, frame)),
            ..Sighting::default()
        };
    }
    Sighting {
        usage: usage::decode(&answer),
        finish: (answer.done == Some(true)).then(|| {
            let calls = answer.message.as_ref().and_then(|m| m.tool_calls.as_ref());
            let calls_tools = calls.is_some_and(|calls| !calls.is_empty());
            response::finish_reason(answer.done_reason.as_deref(), calls_tools)
        }),
        error: None,
    }
}

pub(super) fn failure(answer: &[u8]) -> Option<ApiError> {
    may_be_error(answer).then(|| sniff(answer).error)?
}

fn is_content(frame: &[u8]) -> bool {
    let Ok(mut answer) = serde_json::from_slice::<WireAnswer>(frame) else {
        return false;
    };
    if answer.error.is_some() {
        return false;
    }
    let message = answer.take_message();
    let says = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    answer.done == Some(true)
        || says(&message.content)
        || says(&message.thinking)
        || message.tool_calls.is_some_and(|calls| !calls.is_empty())
}
