//! What to look for in answers that are passed on from an Anthropic upstream to its own client.

use std::sync::LazyLock;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error;
use super::response::stop_reason;
use super::usage::WireUsage;
use crate::canonical::ApiError;
use crate::json::JsonObject;
use crate::relay::{Framing, Needles, RelayRules, Restamp, Sighting, may_be_error};

pub(super) static RULES: RelayRules = RelayRules {
    framing: Framing::Sse,
    model_key: Some(b"\"model\""),
    restamp: Restamp::First,
    // `message_start` and `message_delta` carry usage; the latter also says why it stopped.
    needles: LazyLock::new(|| Needles::new(&[b"\"usage\"", b"\"stop_reason\"", b"\"error\""])),
    is_content,
    is_usage_only: |_| false,
};

/// Of a frame or of a whole message, what concerns the answer as a whole.
#[derive(Deserialize)]
struct Glance<'a> {
    r#type: Option<String>,
    message: Option<Inner>,
    usage: Option<WireUsage>,
    delta: Option<Delta>,
    stop_reason: Option<String>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Inner {
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct Delta {
    stop_reason: Option<String>,
}

pub(super) fn sniff(frame: &[u8]) -> Sighting {
    let Ok(glance) = serde_json::from_slice::<Glance<'_>>(frame) else {
        return Sighting::default();
    };
    let usage = glance.usage.or_else(|| glance.message?.usage);
    let stop = glance.stop_reason.or_else(|| glance.delta?.stop_reason);
    let is_error = glance.r#type.as_deref() == Some("error");
    Sighting {
        usage: usage.map(|u| u.to_canonical()),
        finish: stop.as_deref().and_then(stop_reason),
        error: is_error.then(|| error::in_stream(glance.error)),
    }
}

/// As [`sniff`], of a whole answer.
pub(super) fn sniff_whole(answer: &JsonObject) -> Sighting {
    if answer.get_str("type").as_deref() != Some("message") {
        return sniff(&answer.to_bytes());
    }
    let usage = answer.get("usage");
    let usage = usage.and_then(|raw| serde_json::from_slice::<WireUsage>(raw).ok());
    let stop = answer.get_str("stop_reason");
    Sighting {
        usage: usage.map(|usage| usage.to_canonical()),
        finish: stop.as_deref().and_then(stop_reason),
        error: None,
    }
}

pub(super) fn failure(answer: &[u8]) -> Option<ApiError> {
    may_be_error(answer).then(|| sniff(answer).error)?
}

/// `message_start`, `ping` and `error` show nothing of the answer; every other event does.
fn is_content(data: &[u8]) -> bool {
    let has = |needle: &[u8]| memmem::find(data, needle).is_some();
    has(b"\"content_block_") || has(b"\"message_delta\"") || has(b"\"message_stop\"")
}
