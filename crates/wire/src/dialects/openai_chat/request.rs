//! Chat requests: read from clients, written for upstreams, or spliced.

mod decode;
mod encode;
mod media;
mod messages;
mod outgoing;
mod parts;
mod splice;
mod turns;

pub(super) use decode::{decode, member};
pub(super) use encode::{encode, with_extra};
pub(super) use messages::{ThinkingBlockIn, arguments_text, thinking};
pub(super) use parts::Content;
pub(super) use splice::splice;

use crate::canonical::RawJson;
use crate::dialect::TranslateError;
use crate::json::JsonObject;

/// A field of the wrong type, with what the JSON reader says about it.
pub(super) fn invalid(param: &str, error: &serde_json::Error) -> TranslateError {
    let text = error.to_string();
    // The position is one inside the field, which says nothing to the client.
    let reason = text.rsplit_once(" at line ").map_or(&*text, |(why, _)| why);
    TranslateError::invalid_param(param, format!("Invalid value for '{param}': {reason}."))
}

/// Top-level member `name` as JSON text it is.
pub(super) fn raw_member(body: &JsonObject, name: &str) -> Option<RawJson> {
    let text = std::str::from_utf8(body.get(name)?).ok()?;
    RawJson::parse(text).ok()
}
