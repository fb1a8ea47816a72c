//! How answers that stay in this dialect are passed on, and what is read from them on the way.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::openai::lenient;
use super::error;
use super::response::Outcome;
use crate::canonical::ApiError;
use crate::json::JsonObject;
use crate::relay::{Framing, Needles, RelayRules, Restamp, Sighting};

pub(super) static RULES: RelayRules = RelayRules {
    framing: Framing::Sse,
    model_key: Some(b"\"model\""),
    restamp: Restamp::Nested,
    needles: LazyLock::new(|| {
        Needles::new(&[
            b"\"response.completed\"",
            b"\"response.incomplete\"",
            b"\"response.failed\"",
            b"\"error\"",
        ])
    }),
    is_content,
    is_usage_only: |_| false,
};

/// Events that show the client nothing of the answer yet.
const PREPARATIONS: [&str; 6] = [
    "response.created",
    "response.queued",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.reasoning_summary_part.added",
];

/// Of a frame or of a whole answer, what concerns the answer as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Glance<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(deserialize_with = "lenient::some_text")]
    status: Option<String>,
}

/// What a frame, or a whole answer, says about the answer.
pub(super) fn sniff(frame: &[u8]) -> Sighting {
    let Ok(glance) = serde_json::from_slice::<Glance<'_>>(frame) else {
        return Sighting::default();
    };
    if glance.is_failure() {
        return Sighting {
            error: Some(error::decode_event(frame)),
            ..Sighting::default()
        };
    }
    match glance.kind.as_deref() {
        Some("response.completed" | "response.incomplete") => match glance.response {
            Some(response) => outcome(response.get().as_bytes()),
            None => Sighting::default(),
        },
        // Other frames say nothing about the whole.
        Some(_) => Sighting::default(),
        None => outcome(frame),
    }
}

/// As [`sniff`], of a whole answer.
pub(super) fn sniff_whole(answer: &JsonObject) -> Sighting {
    let is_failed = answer.is_set("error") || answer.get_str("status").as_deref() == Some("failed");
    // Only events have a type.
    if is_failed || answer.contains("type") {
        return sniff(&answer.to_bytes());
    }
    sighting(&Outcome::of(answer))
}

pub(super) fn failure(answer: &[u8]) -> Option<ApiError> {
    let glance = serde_json::from_slice::<Glance<'_>>(answer).ok()?;
    glance.is_failure().then(|| error::decode_event(answer))
}

fn outcome(response: &[u8]) -> Sighting {
    serde_json::from_slice(response).map_or_else(|_| Sighting::default(), |o| sighting(&o))
}

fn sighting(outcome: &Outcome<'_>) -> Sighting {
    Sighting {
        usage: outcome.usage(),
        finish: outcome.finish(),
        error: None,
    }
}

fn is_content(frame: &[u8]) -> bool {
    let glance = serde_json::from_slice::<Glance<'_>>(frame);
    glance.is_ok_and(|glance| {
        glance.kind.is_some_and(|kind| {
            kind.starts_with("response.")
                && kind != "response.failed"
                && !PREPARATIONS.contains(&&*kind)
        })
    })
}

// === impl Glance ===

impl Glance<'_> {
    /// Whether it is a failure, or the event of one.
    fn is_failure(&self) -> bool {
        match self.kind.as_deref() {
            Some(kind) => matches!(kind, "error" | "response.failed"),
            None => {
                self.error.is_some_and(|error| error.get() != "null")
                    || self.status.as_deref() == Some("failed")
            }
        }
    }
}
