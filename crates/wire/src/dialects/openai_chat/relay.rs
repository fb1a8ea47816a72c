//! How answers that stay in this dialect are passed on, and what is read from them on the way.

use super::error;
use super::response::finish_reason;
use super::stream::{Chunk, Facts, Glance};
use crate::relay::{Framing, RelayRules, Restamp, Sighting};

pub(super) static RULES: RelayRules = RelayRules {
    framing: Framing::Sse,
    model_key: Some(b"\"model\":"),
    restamp: Restamp::EveryFrame,
    // Not `"usage"`: once asked for, it stands as null in every chunk.
    needles: &[
        b"\"prompt_tokens\"",
        b"\"finish_reason\":\"",
        b"\"finish_reason\": \"",
        b"\"error\"",
        b"\"detail\"",
    ],
    is_content,
    is_usage_only,
};

/// What a frame, or a whole answer, says about the answer.
pub(super) fn sniff(frame: &[u8]) -> Sighting {
    let Ok(chunk) = serde_json::from_slice::<Glance<'_>>(frame) else {
        return Sighting::default();
    };
    let mut choices = chunk.choices.iter().flatten();
    let word = choices.find_map(Facts::finish_reason);
    Sighting {
        usage: chunk.usage(),
        finish: word.map(finish_reason),
        error: chunk.is_error().then(|| error::decode_frame(frame)),
    }
}

fn is_content(frame: &[u8]) -> bool {
    serde_json::from_slice::<Chunk<'_>>(frame).is_ok_and(|chunk| chunk.is_content())
}

fn is_usage_only(frame: &[u8]) -> bool {
    serde_json::from_slice::<Glance<'_>>(frame).is_ok_and(|chunk| {
        chunk.usage().is_some() && chunk.choices.as_ref().is_none_or(Vec::is_empty)
    })
}
