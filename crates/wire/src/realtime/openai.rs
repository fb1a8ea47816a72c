//! Events of OpenAI's Realtime API (API reference, "Realtime server events", "Realtime client
//! events").

use std::borrow::Cow;

use bytes::Bytes;
use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::{DEPTH, object};
use crate::canonical::{ApiError, Usage};
use crate::dialects::openai::lenient;
use crate::json::{JsonObject, quote};

/// No response has so many tokens; sums of capped counts cannot overflow.
const IMPLAUSIBLE: u64 = 1 << 40;

/// What events that may tell of usage hold, whatever their type.
const TELLING: [&[u8]; 4] = [
    b"response.done",
    b"input_audio_transcription.completed",
    b"session.created",
    b"session.updated",
];

/// Where a session names a model that transcribes: in the API, and in its beta.
const TRANSCRIPTION: [&[&str]; 2] = [
    &["audio", "input", "transcription"],
    &["input_audio_transcription"],
];

/// A model's name as one side writes it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name<'a> {
    /// Only so.
    Exactly(&'a str),
    /// So or otherwise.
    Loosely(&'a str),
}

#[derive(Debug, Deserialize)]
struct EventIn<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default, deserialize_with = "lenient::object")]
    response: Option<ResponseIn>,
    #[serde(default, deserialize_with = "lenient::object")]
    session: Option<SessionIn>,
    #[serde(default, deserialize_with = "lenient::object")]
    usage: Option<UsageIn>,
}

#[derive(Debug, Deserialize)]
struct ResponseIn {
    #[serde(default, deserialize_with = "lenient::object")]
    usage: Option<UsageIn>,
}

#[derive(Debug, Deserialize)]
struct SessionIn {
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    object: Option<String>,
}

/// `RealtimeResponseUsage`, and the usage of a transcript, which has the same members.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UsageIn {
    #[serde(deserialize_with = "lenient::count")]
    input_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    output_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::object")]
    input_token_details: Option<InputIn>,
    #[serde(deserialize_with = "lenient::object")]
    output_token_details: Option<OutputIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputIn {
    #[serde(deserialize_with = "lenient::count")]
    audio_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count")]
    cached_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::object")]
    cached_tokens_details: Option<CachedIn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CachedIn {
    #[serde(deserialize_with = "lenient::count")]
    audio_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputIn {
    #[serde(deserialize_with = "lenient::count")]
    audio_tokens: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ErrorEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    event_id: &'a str,
    error: ErrorOut<'a>,
}

/// `RealtimeError`.
#[derive(Debug, Serialize)]
struct ErrorOut<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    param: Option<&'a str>,
}

/// What a response used, or in a session that only transcribes a transcript. Elsewhere transcripts
/// are another model's work, which has other prices.
pub(super) fn usage(event: &[u8], transcribes: &mut bool) -> Option<Usage> {
    // Audio is most of what comes: it is not parsed.
    if !TELLING
        .iter()
        .any(|name| memmem::find(event, name).is_some())
    {
        return None;
    }
    let event: EventIn<'_> = serde_json::from_slice(event).ok()?;
    match &*event.kind {
        "response.done" => event.response?.usage?.to_usage(),
        "conversation.item.input_audio_transcription.completed" if *transcribes => {
            event.usage?.to_usage()
        }
        "session.created"
        | "session.updated"
        | "transcription_session.created"
        | "transcription_session.updated" => {
            *transcribes = event.session?.transcribes() || event.kind.starts_with("transcription_");
            None
        }
        _ => None,
    }
}

/// An event about the session with `to` where it says `from` for the model. An upstream may call
/// the session's own model anything (`gpt-realtime-2025-08-28`): then all of it is `from`.
pub(super) fn renamed(event: &[u8], from: Name<'_>, to: &str) -> Option<Bytes> {
    memmem::find(event, b"session.")?;
    let mut event = JsonObject::parse(Bytes::copy_from_slice(event), DEPTH).ok()?;
    let kind = event.get_str("type")?;
    let about_session = kind
        .strip_prefix("transcription_")
        .unwrap_or(&kind)
        .starts_with("session.");
    if !about_session {
        return None;
    }
    let mut session = object(&event, "session")?;
    let mut changed = rename(&mut session, from, to);
    for path in TRANSCRIPTION {
        changed |= rename_below(&mut session, path, Name::Exactly(from.text()), to);
    }
    changed.then(|| {
        event.set("session", session.to_bytes());
        event.to_bytes()
    })
}

pub(super) fn error_event(error: &ApiError, event_id: &str) -> Bytes {
    let kind = match &error.error_type {
        Some(kind) => kind,
        None if error.status < 500 => "invalid_request_error",
        None => "server_error",
    };
    let event = ErrorEvent {
        kind: "error",
        event_id,
        error: ErrorOut {
            kind,
            code: error.code.as_deref(),
            message: &error.message,
            param: error.param.as_deref(),
        },
    };
    // Strings cannot fail to be written.
    serde_json::to_vec(&event)
        .map(Bytes::from)
        .unwrap_or_default()
}

fn rename_below(parent: &mut JsonObject, path: &[&str], from: Name<'_>, to: &str) -> bool {
    let Some((key, rest)) = path.split_first() else {
        return rename(parent, from, to);
    };
    let Some(mut child) = object(parent, key) else {
        return false;
    };
    let changed = rename_below(&mut child, rest, from, to);
    if changed {
        parent.set(key, child.to_bytes());
    }
    changed
}

fn rename(object: &mut JsonObject, from: Name<'_>, to: &str) -> bool {
    let named = object.get_str("model");
    let differs = named.is_some_and(|name| from.is(&name) && name != to);
    if differs {
        object.set("model", quote(to));
    }
    differs
}

// === impl Name ===

impl<'a> Name<'a> {
    fn is(self, name: &str) -> bool {
        match self {
            Self::Exactly(own) => own == name,
            Self::Loosely(_) => true,
        }
    }

    fn text(self) -> &'a str {
        match self {
            Self::Exactly(own) | Self::Loosely(own) => own,
        }
    }
}

// === impl SessionIn ===

impl SessionIn {
    fn transcribes(&self) -> bool {
        self.kind.as_deref() == Some("transcription")
            || self.object.as_deref() == Some("realtime.transcription_session")
    }
}

// === impl UsageIn ===

impl UsageIn {
    /// `None` when it counts something else than tokens.
    fn to_usage(&self) -> Option<Usage> {
        let count = |count: Option<u64>| count.unwrap_or_default().min(IMPLAUSIBLE);
        self.input_tokens.or(self.output_tokens)?;
        let (input_tokens, output_tokens) = (count(self.input_tokens), count(self.output_tokens));
        let input = self.input_token_details.as_ref();
        let cache_read = count(input.and_then(|input| input.cached_tokens)).min(input_tokens);
        let cached_audio =
            count(input.and_then(|input| input.cached_tokens_details.as_ref()?.audio_tokens));
        let audio_input = count(input.and_then(|input| input.audio_tokens));
        let audio_output = self
            .output_token_details
            .as_ref()
            .and_then(|output| output.audio_tokens);
        Some(Usage {
            input_tokens,
            output_tokens,
            cache_read,
            audio_input: audio_input
                .saturating_sub(cached_audio)
                .min(input_tokens - cache_read),
            cache_read_audio: cached_audio.min(cache_read),
            audio_output: count(audio_output).min(output_tokens),
            ..Usage::default()
        })
    }
}
