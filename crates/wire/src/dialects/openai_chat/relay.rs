//! How answers that stay in this dialect are passed on, and what is read from them on the way.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;

use super::error;
use super::response::finish_reason;
use super::stream::{Chunk, Facts, Glance};
use super::usage::UsageIn;
use crate::canonical::{ApiError, FinishReason};
use crate::json::JsonObject;
use crate::relay::{Framing, Needles, RelayRules, Restamp, Sighting};

pub(super) static RULES: RelayRules = RelayRules {
    framing: Framing::Sse,
    model_key: Some(b"\"model\""),
    restamp: Restamp::EveryFrame,
    // Not `"usage"`: once asked for, it stands as null in every chunk.
    needles: LazyLock::new(|| {
        Needles::new(&[
            b"\"prompt_tokens\"",
            b"\"finish_reason\":\"",
            b"\"finish_reason\": \"",
            b"\"error\"",
            b"\"detail\"",
        ])
    }),
    is_content,
    is_usage_only,
};

/// What marks a frame that may be more than an answer.
static UNUSUAL: LazyLock<Needles> =
    LazyLock::new(|| Needles::new(&[b"\"error\"", b"\"detail\"", b"\"x_groq\""]));
static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"usage\""));
static TIER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"service_tier\""));
static FINISH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"finish_reason\""));

/// What a frame, or a whole answer, says about the answer.
pub(super) fn sniff(frame: &[u8]) -> Sighting {
    if UNUSUAL.occur_in(frame) {
        return read(frame);
    }
    // An answer may be long, and of all it says two small values matter. JSON escapes quotes
    // inside strings, so a quoted name found is a name.
    let usage = value_of(frame, &USAGE).and_then(first::<UsageIn>);
    let usage = usage.as_ref().and_then(UsageIn::to_usage).map(|usage| {
        let tier = value_of(frame, &TIER).and_then(first::<Cow<'_, str>>);
        usage.served_as(tier.as_deref())
    });
    Sighting {
        usage,
        finish: finish_in(frame),
        error: None,
    }
}

/// As [`sniff`], of a whole answer.
pub(super) fn sniff_whole(answer: &JsonObject) -> Sighting {
    let is_unusual = ["error", "detail", "x_groq"]
        .into_iter()
        .any(|name| answer.contains(name));
    let (false, Some(usage), Some(choices)) =
        (is_unusual, answer.get("usage"), answer.get("choices"))
    else {
        return sniff(&answer.to_bytes());
    };
    let usage = serde_json::from_slice::<UsageIn>(usage).ok();
    let usage = usage.as_ref().and_then(UsageIn::to_usage);
    Sighting {
        usage: usage.map(|usage| usage.served_as(answer.get_str("service_tier").as_deref())),
        finish: finish_in(choices),
        error: None,
    }
}

pub(super) fn failure(answer: &[u8]) -> Option<ApiError> {
    UNUSUAL.occur_in(answer).then(|| read(answer).error)?
}

/// Why the first choice ended, if it did.
fn finish_in(text: &[u8]) -> Option<FinishReason> {
    let word = value_of(text, &FINISH).and_then(first::<Cow<'_, str>>)?;
    (!word.is_empty()).then(|| finish_reason(&word))
}

/// What stands behind the first member that `name` finds.
fn value_of<'f>(frame: &'f [u8], name: &Finder<'_>) -> Option<&'f [u8]> {
    let found = name.find(frame)?;
    frame[found + name.needle().len()..]
        .trim_ascii_start()
        .strip_prefix(b":")
}

/// The JSON value that `text` begins with, if it is a `T`.
fn first<'f, T: Deserialize<'f>>(text: &'f [u8]) -> Option<T> {
    serde_json::Deserializer::from_slice(text)
        .into_iter()
        .next()?
        .ok()
}

fn read(frame: &[u8]) -> Sighting {
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
