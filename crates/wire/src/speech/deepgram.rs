//! Deepgram: `/v1/speak`.
//!
//! Source: Deepgram API reference, text to speech; `SpeakOptions` of its SDKs.

use serde::Serialize;

use crate::canonical::{Loss, SpeechRequest};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, Query};

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    text: &'a str,
}

/// OpenAI's `pcm`: 24 kHz, 16 bits, one channel.
const PCM_RATE: &str = "24000";

/// Writes a request. A voice is a model there: one that is named like one is asked for, any other
/// is what the model has.
pub(super) fn encode(request: &SpeechRequest, model: &str) -> Result<OwnRequest, TranslateError> {
    let mut losses = request.unmapped.clone();
    let mut query = Query::default();
    let voice = request.voice.as_deref();
    match voice {
        Some(voice) if voice.starts_with("aura-") => query.put("model", voice),
        _ => query.put("model", model),
    }
    if voice.is_some_and(|voice| !voice.starts_with("aura-")) {
        losses.push(Loss::hint("voice"));
    }
    if request.instructions.is_some() {
        losses.push(Loss::param("instructions"));
    }
    if request
        .speed
        .is_some_and(|speed| (speed - 1.0).abs() > f64::EPSILON)
    {
        losses.push(Loss::param("speed"));
    }
    let pairs: &[(&str, &str)] = match request.format.as_deref() {
        None | Some("mp3") => &[("encoding", "mp3")],
        Some("opus") => &[("encoding", "opus"), ("container", "ogg")],
        Some("aac") => &[("encoding", "aac")],
        Some("flac") => &[("encoding", "flac")],
        Some("wav") => &[("encoding", "linear16"), ("container", "wav")],
        Some("pcm") => &[
            ("encoding", "linear16"),
            ("container", "none"),
            ("sample_rate", PCM_RATE),
        ],
        Some(_) => {
            losses.push(Loss::param("response_format"));
            &[]
        }
    };
    let own = |name: &str| request.extra.iter().any(|(extra, _)| extra == name);
    for (name, value) in pairs.iter().filter(|(name, _)| !own(name)) {
        query.put(name, value);
    }
    query.extend(&request.extra);
    let body = RequestOut {
        text: &request.input,
    };
    Ok(OwnRequest::json(&body, &[], losses)?
        .at("/v1/speak")
        .with(query))
}
