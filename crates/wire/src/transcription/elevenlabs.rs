//! `ElevenLabs`: `/v1/speech-to-text`.
//!
//! Source: `ElevenLabs` API reference, create transcript; `SpeechToTextChunkResponseModel` of its SDKs.

use serde::Deserialize;

use super::subtitles::sentences;
use crate::canonical::{Loss, Timed, Transcription, TranscriptionRequest};
use crate::dialect::TranslateError;
use crate::form::FormWriter;
use crate::own::{OwnRequest, no_answer, texts_of};

#[derive(Debug, Deserialize)]
struct ResponseIn {
    #[serde(default)]
    language_code: Option<String>,
    text: String,
    #[serde(default)]
    words: Vec<WordIn>,
    #[serde(default)]
    audio_duration_secs: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct WordIn {
    text: String,
    #[serde(default)]
    start: Option<f64>,
    #[serde(default)]
    end: Option<f64>,
    #[serde(rename = "type")]
    kind: String,
}

/// Several channels, one transcript each.
#[derive(Debug, Deserialize)]
struct ChannelsIn {
    transcripts: Vec<ResponseIn>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum AnswerIn {
    One(ResponseIn),
    Several(ChannelsIn),
}

/// Writes a request: a form again, with its own names.
pub(super) fn encode(request: &TranscriptionRequest, model: &str) -> OwnRequest {
    let mut losses = Vec::new();
    for (said, name) in [
        (request.prompt.is_some(), "prompt"),
        (request.stream, "stream"),
    ] {
        if said {
            losses.push(Loss::hint(name));
        }
    }
    let mut form = FormWriter::default();
    form.field("model_id", model);
    if let Some(language) = &request.language {
        form.field("language_code", language);
    }
    if let Some(temperature) = &request.temperature {
        form.field("temperature", temperature);
    }
    for (name, value) in &request.extra {
        for value in texts_of(value) {
            form.field(name, &value);
        }
    }
    let file = &request.file;
    form.file("file", &file.name, &file.content_type, file.bytes.clone());
    let (content_type, body) = form.finish();
    OwnRequest {
        path: Some("/v1/speech-to-text".to_owned()),
        query: String::new(),
        content_type: content_type.into(),
        body,
        losses,
    }
}

/// Reads an answer. Spaces are words there, and so is laughter.
pub(super) fn decode(body: &[u8]) -> Result<Transcription, TranslateError> {
    let answer: AnswerIn = serde_json::from_slice(body).map_err(|e| no_answer("transcript", e))?;
    let transcripts = match answer {
        AnswerIn::One(one) => vec![one],
        AnswerIn::Several(channels) => channels.transcripts,
    };
    let mut all = Transcription::default();
    let mut texts = Vec::new();
    for transcript in transcripts {
        let spoken = transcript.words.iter().filter(|word| word.kind == "word");
        let spoken = spoken.map(|word| Timed {
            text: word.text.clone(),
            start: word.start.unwrap_or_default(),
            end: word.end.unwrap_or_default(),
        });
        all.words.extend(spoken);
        // Where no length is told, the last sound tells it.
        let last = transcript
            .words
            .iter()
            .filter_map(|word| word.end)
            .next_back();
        let length = transcript.audio_duration_secs.or(last);
        all.duration = match (all.duration, length) {
            (Some(known), Some(length)) => Some(known.max(length)),
            (known, length) => known.or(length),
        };
        all.language = all.language.or(transcript.language_code);
        texts.push(transcript.text);
    }
    all.text = texts.join("\n");
    all.segments = sentences(&all.words);
    Ok(all)
}
