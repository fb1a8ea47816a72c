//! How answers that stay in this dialect are passed on, and what is read from them on the way.

use std::sync::LazyLock;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::response::{Ended, ended};
use super::stream::FrameIn;
use super::{error, usage};
use crate::relay::{Framing, Needles, RelayRules, Restamp, Sighting};

pub(super) static RULES: RelayRules = RelayRules {
    framing: Framing::Sse,
    // No answer of this API names its model.
    model_key: None,
    restamp: Restamp::First,
    // `message-end` carries the first, an error in place of an event one of the others.
    needles: LazyLock::new(|| {
        Needles::new(&[
            b"\"finish_reason\"",
            b"\"message\":\"",
            b"\"message\": \"",
            b"\"error\"",
        ])
    }),
    is_content,
    is_usage_only: |_| false,
};

/// Of a whole answer, what concerns it as a whole.
#[derive(Debug, Deserialize)]
struct Glance<'a> {
    finish_reason: String,
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
}

/// What a frame, or a whole answer, says about the answer.
pub(super) fn sniff(frame: &[u8]) -> Sighting {
    if let Ok(answer) = serde_json::from_slice::<Glance<'_>>(frame) {
        return sighting(Some(&answer.finish_reason), None, answer.usage);
    }
    let Ok(event) = serde_json::from_slice::<FrameIn<'_>>(frame) else {
        return Sighting::default();
    };
    if event.is_error() {
        return Sighting {
            error: Some(error::decode_frame(frame)),
            ..Sighting::default()
        };
    }
    match event.delta {
        Some(delta) if delta.finish_reason.is_some() || delta.error.is_some() => sighting(
            delta.finish_reason.as_deref(),
            delta.error.as_deref(),
            delta.usage,
        ),
        _ => Sighting::default(),
    }
}

fn sighting(word: Option<&str>, error: Option<&str>, usage: Option<&RawValue>) -> Sighting {
    let usage = usage::decode(usage);
    match ended(word, error, false) {
        Ended::Finished(finish) => Sighting {
            usage,
            finish: Some(finish),
            error: None,
        },
        Ended::Failed(error) => Sighting {
            usage,
            finish: None,
            error: Some(error),
        },
    }
}

/// The start of the message shows nothing of the answer, nor does an end that is an error; every
/// other event does.
fn is_content(data: &[u8]) -> bool {
    let has = |needle: &[u8]| memmem::find(data, needle).is_some();
    has(b"\"content-")
        || has(b"\"tool-")
        || has(b"\"citation-")
        || (has(b"\"message-end\"") && sniff(data).error.is_none())
}
