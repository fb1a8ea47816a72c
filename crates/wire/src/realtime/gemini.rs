//! Messages of Google's Live API (Gemini API reference, "Live API - WebSockets API reference").

use bytes::Bytes;
use memchr::memmem;

use super::{DEPTH, object};
use crate::canonical::Usage;
use crate::dialect::DialectId;
use crate::json::{JsonObject, quote};

/// A turn is billed with all that was said before it, so what turns tell is added up.
pub(super) fn usage(message: &[u8]) -> Option<Usage> {
    let told = [&b"\"usageMetadata\""[..], b"\"usage_metadata\""];
    if !told.iter().any(|key| memmem::find(message, key).is_some()) {
        return None;
    }
    DialectId::Gemini.dialect().sniff(message).usage
}

pub(super) fn setup_model(message: &Bytes) -> Option<String> {
    let message = JsonObject::parse(message.clone(), DEPTH).ok()?;
    let setup = object(&message, "setup")?;
    let resource = setup.get_str("model")?;
    let model = match resource.split_once("publishers/google/models/") {
        Some((_, model)) => model,
        None => resource.strip_prefix("models/").unwrap_or(&resource),
    };
    Some(model.to_owned()).filter(|model| !model.is_empty())
}

pub(super) fn with_setup_model(message: &Bytes, resource: &str) -> Option<Bytes> {
    let mut message = JsonObject::parse(message.clone(), DEPTH).ok()?;
    let mut setup = object(&message, "setup")?;
    setup.set("model", quote(resource));
    message.set("setup", setup.to_bytes());
    Some(message.to_bytes())
}
