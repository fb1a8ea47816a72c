//! What clients send: OpenAI's form.
//!
//! Source: OpenAI API reference, create speech.

use serde_json::Value;

use crate::canonical::{Loss, RawJson, SpeechRequest};
use crate::dialect::TranslateError;
use crate::json::JsonObject;
use crate::read::{member, required};

/// The members with a canonical form; any other is a provider parameter.
const MAPPED: [&str; 7] = [
    "input",
    "instructions",
    "model",
    "response_format",
    "speed",
    "stream_format",
    "voice",
];

/// Reads a client's request.
pub fn decode_request(body: &JsonObject) -> Result<SpeechRequest, TranslateError> {
    // A custom voice is an object with an id.
    let voice = member::<Value>(body, "voice")?;
    let voice = voice.as_ref().and_then(|voice| {
        let text = voice.get("id").unwrap_or(voice).as_str()?;
        Some(text.to_owned())
    });
    Ok(SpeechRequest {
        input: member(body, "input")?.ok_or_else(|| required("input"))?,
        voice,
        instructions: member(body, "instructions")?,
        format: member(body, "response_format")?,
        speed: member(body, "speed")?,
        // Sound itself is the default, and what all of them send.
        unmapped: body
            .get_str("stream_format")
            .filter(|format| format == "sse")
            .map(|_| Loss::param("stream_format"))
            .into_iter()
            .collect(),
        extra: extra(body, &MAPPED),
    })
}

/// The members that `mapped` does not name.
pub(crate) fn extra(body: &JsonObject, mapped: &[&str]) -> Vec<(String, RawJson)> {
    let unknown = body.keys().filter(|key| !mapped.contains(key));
    unknown
        .filter_map(|name| {
            let text = std::str::from_utf8(body.get(name)?).ok()?;
            Some((name.to_owned(), RawJson::parse(text).ok()?))
        })
        .collect()
}
