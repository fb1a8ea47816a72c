//! What to look for in answers that are passed on from a Bedrock upstream to its own client.

use std::sync::LazyLock;

use serde::Deserialize;

use super::error;
use super::response::{Tier, stop_reason};
use super::stream::{Event, event};
use super::usage::WireUsage;
use crate::event_stream::Frame;
use crate::relay::{Framing, Needles, RelayRules, Restamp, Sighting};

pub(super) static RULES: RelayRules = RelayRules {
    framing: Framing::EventStream,
    // No answer of this API names its model.
    model_key: None,
    restamp: Restamp::First,
    needles: LazyLock::new(|| {
        Needles::new(&[
            b"\"usage\"",
            b"\"stopReason\"",
            b":exception-type",
            b":error-code",
        ])
    }),
    is_content,
    is_usage_only: |_| false,
};

/// Of an event or of a whole answer, what concerns the answer as a whole.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Glance {
    usage: Option<WireUsage>,
    service_tier: Option<Tier>,
    stop_reason: Option<String>,
}

/// Reads a whole frame of a stream, or a whole answer body.
pub(super) fn sniff(bytes: &[u8]) -> Sighting {
    let json = match Frame::parse(bytes) {
        Ok(Some((frame, _))) => match event(&frame) {
            Event::Failed(name) => {
                return Sighting {
                    error: Some(error::in_stream(&name, frame.payload())),
                    ..Sighting::default()
                };
            }
            Event::Named(_) => frame.payload(),
        },
        _ => bytes,
    };
    let glance: Glance = serde_json::from_slice(json).unwrap_or_default();
    let tier = glance.service_tier.and_then(|tier| tier.r#type);
    Sighting {
        usage: glance
            .usage
            .map(|usage| usage.to_canonical().served_as(tier.as_deref())),
        finish: glance.stop_reason.as_deref().and_then(stop_reason),
        error: None,
    }
}

/// Everything but the start, the counts and an error shows the client something of the answer.
fn is_content(bytes: &[u8]) -> bool {
    let Ok(Some((frame, _))) = Frame::parse(bytes) else {
        return false;
    };
    match event(&frame) {
        Event::Named(name) => name.starts_with("contentBlock") || name == "messageStop",
        Event::Failed(_) => false,
    }
}
