//! Thought signatures: how they ride in tool call ids.
//!
//! A signature is a `bytes` field, so base64 on the wire. In an id it is written in the URL-safe
//! alphabet without padding, because some APIs allow nothing else in an id.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::canonical::{join_thought_id, split_thought_id};

/// What Google documents for a function call that no Gemini model made ("Thought Signatures",
/// frequently asked questions); without any signature Gemini 3 refuses the history.
pub(super) const SKIP_VALIDATION: &str = "skip_thought_signature_validator";

/// Marks a signature that is written verbatim; not in the base64 alphabets.
const VERBATIM: char = '.';

/// The id of a call together with the signature on its part.
pub(super) fn join(id: &str, signature: Option<&str>) -> String {
    join_thought_id(id, signature.map(to_id).as_deref())
}

/// The id proper, and the signature as it was on the part.
pub(super) fn split(id: &str) -> (&str, Option<String>) {
    let (id, signature) = split_thought_id(id);
    (id, signature.map(from_id))
}

/// Whether the SDKs, which decode the field, can read `signature`.
pub(super) fn is_readable(signature: &str) -> bool {
    STANDARD.decode(signature).is_ok()
        || URL_SAFE.decode(signature).is_ok()
        || URL_SAFE_NO_PAD.decode(signature).is_ok()
}

fn to_id(signature: &str) -> String {
    match STANDARD.decode(signature) {
        Ok(bytes) => URL_SAFE_NO_PAD.encode(bytes),
        Err(_) => format!("{VERBATIM}{signature}"),
    }
}

fn from_id(text: &str) -> String {
    if let Some(signature) = text.strip_prefix(VERBATIM) {
        return signature.to_owned();
    }
    match URL_SAFE_NO_PAD.decode(text) {
        Ok(bytes) => STANDARD.encode(bytes),
        // LiteLLM writes the standard alphabet into its ids, and histories outlive gateways.
        Err(_) => text.to_owned(),
    }
}
