//! `ElevenLabs`: `/v1/text-to-speech/{voice}`.
//!
//! Source: `ElevenLabs` API reference, create speech.

use serde::Serialize;

use crate::canonical::{Loss, RawJson, SpeechRequest};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, Query, segment, texts_of};

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    text: &'a str,
    model_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice_settings: Option<SettingsOut>,
}

#[derive(Debug, Serialize)]
struct SettingsOut {
    speed: f64,
}

/// The voices that LiteLLM takes for OpenAI's; any other name is a voice's id.
const VOICES: [(&str, &str); 10] = [
    ("alloy", "21m00Tcm4TlvDq8ikWAM"),
    ("amber", "5Q0t7uMcjvnagumLfvZi"),
    ("ash", "AZnzlk1XvdvUeBnXmlld"),
    ("august", "D38z5RcWu1voky8WS1ja"),
    ("blue", "2EiwWnXFnvU5JabPnv8n"),
    ("coral", "9BWtsMINqrJLrRacOk9x"),
    ("lily", "EXAVITQu4vr4xnSDxMaL"),
    ("onyx", "29vD33N1CtxCmqQRPOHJ"),
    ("sage", "CwhRBWXzGAHq8TQ4Fs17"),
    ("verse", "CYw3kZ02Hs0563khs1Fj"),
];

/// Parameters that stand in the query; the others are members of the body.
const IN_QUERY: [&str; 3] = [
    "enable_logging",
    "optimize_streaming_latency",
    "output_format",
];

/// Writes a request.
pub(super) fn encode(request: &SpeechRequest, model: &str) -> Result<OwnRequest, TranslateError> {
    let mut losses = request.unmapped.clone();
    let voice = request.voice.as_deref().filter(|voice| !voice.is_empty());
    let voice = voice.ok_or_else(|| {
        TranslateError::invalid_param("voice", "`voice` is missing: name a voice or its id")
    })?;
    if request.instructions.is_some() {
        losses.push(Loss::param("instructions"));
    }
    let (in_query, in_body): (Vec<_>, Vec<_>) = request
        .extra
        .iter()
        .cloned()
        .partition(|(name, _)| IN_QUERY.contains(&name.as_str()));
    let path = format!("/v1/text-to-speech/{}", segment(voice_id(voice)));
    let body = RequestOut {
        text: &request.input,
        model_id: model,
        voice_settings: settings(request),
    };
    let query = query(request, &in_query, &mut losses);
    Ok(OwnRequest::json(&body, &in_body, losses)?
        .at(path)
        .with(query))
}

fn voice_id(voice: &str) -> &str {
    let known = VOICES.iter().find(|(name, _)| *name == voice);
    known.map_or(voice, |(_, id)| id)
}

/// The client's own settings win.
fn settings(request: &SpeechRequest) -> Option<SettingsOut> {
    let own = request
        .extra
        .iter()
        .any(|(name, _)| name == "voice_settings");
    let speed = request.speed.filter(|_| !own)?;
    Some(SettingsOut { speed })
}

fn query(request: &SpeechRequest, extra: &[(String, RawJson)], losses: &mut Vec<Loss>) -> Query {
    let mut query = Query::default();
    let own = extra.iter().find(|(name, _)| name == "output_format");
    let format = match request.format.as_deref() {
        _ if own.is_some() => own.and_then(|(_, value)| texts_of(value).pop()),
        None | Some("mp3") => Some("mp3_44100_128".to_owned()),
        Some("opus") => Some("opus_48000_128".to_owned()),
        // OpenAI's rate.
        Some("pcm") => Some("pcm_24000".to_owned()),
        Some("wav") => Some("wav_24000".to_owned()),
        // Its own names (`ulaw_8000`) work, too.
        Some(own) if own.contains('_') => Some(own.to_owned()),
        Some(_) => {
            losses.push(Loss::param("response_format"));
            None
        }
    };
    if let Some(format) = format {
        query.put("output_format", &format);
    }
    let rest: Vec<_> = extra
        .iter()
        .filter(|(name, _)| name != "output_format")
        .cloned()
        .collect();
    query.extend(&rest);
    query
}
