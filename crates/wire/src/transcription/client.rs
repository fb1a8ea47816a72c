//! What clients send and get: OpenAI's form.
//!
//! Source: OpenAI API reference, create transcription, `TranscriptionVerbose`.

use bytes::Bytes;
use serde::Serialize;

use super::subtitles;
use crate::canonical::{
    MediaFile, RawJson, Timed, TranscriptFormat, Transcription, TranscriptionRequest,
};
use crate::dialect::TranslateError;
use crate::form::FormPart;
use crate::read::required;

#[derive(Debug, Serialize)]
struct JsonOut<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageOut>,
}

#[derive(Debug, Serialize)]
struct VerboseOut<'a> {
    task: &'static str,
    language: &'a str,
    duration: f64,
    text: &'a str,
    segments: Vec<SegmentOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Vec<WordOut<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageOut>,
}

/// The members that only a Whisper model can know have the values of one that is sure.
#[derive(Debug, Serialize)]
struct SegmentOut<'a> {
    id: usize,
    seek: u32,
    start: f64,
    end: f64,
    text: &'a str,
    tokens: [u32; 0],
    temperature: f64,
    avg_logprob: f64,
    compression_ratio: f64,
    no_speech_prob: f64,
}

#[derive(Debug, Serialize)]
struct WordOut<'a> {
    word: &'a str,
    start: f64,
    end: f64,
}

/// What a transcription costs is counted in seconds.
#[derive(Debug, Serialize)]
struct UsageOut {
    #[serde(rename = "type")]
    kind: &'static str,
    seconds: u64,
}

/// Reads a client's form.
pub fn decode_request(parts: &[FormPart]) -> Result<TranscriptionRequest, TranslateError> {
    let mut request = TranscriptionRequest::default();
    let mut file = None;
    for part in parts {
        if part.name == "file" {
            file = Some(MediaFile {
                name: part.file_name.clone().unwrap_or_default(),
                content_type: part.content_type.clone().unwrap_or_default(),
                bytes: part.value.clone(),
            });
            continue;
        }
        let text = std::str::from_utf8(&part.value)
            .map_err(|_| TranslateError::invalid_param(&*part.name, "a field is not UTF-8"))?;
        read_field(&mut request, &part.name, text)?;
    }
    request.file = file.ok_or_else(|| required("file"))?;
    Ok(request)
}

fn read_field(
    request: &mut TranscriptionRequest,
    name: &str,
    text: &str,
) -> Result<(), TranslateError> {
    let given = || (!text.is_empty()).then(|| text.to_owned());
    match name {
        "model" => {}
        "language" => request.language = given(),
        "prompt" => request.prompt = given(),
        "temperature" => request.temperature = given(),
        "response_format" => request.format = format(text)?,
        "timestamp_granularities[]" | "timestamp_granularities" => {
            request.words |= text.contains("word");
        }
        "stream" => request.stream = text == "true",
        _ => request.extra.extend(parameter(name, text)),
    }
    Ok(())
}

fn format(text: &str) -> Result<TranscriptFormat, TranslateError> {
    Ok(match text {
        "" | "json" => TranscriptFormat::Json,
        "text" => TranscriptFormat::Text,
        "srt" => TranscriptFormat::Srt,
        "vtt" => TranscriptFormat::Vtt,
        "verbose_json" => TranscriptFormat::Verbose,
        other => {
            let message = format!("response_format: `{other}` is not one that is written here");
            return Err(TranslateError::invalid_param("response_format", message));
        }
    })
}

/// A field as a provider parameter; `name[]` is one item of a list that is said again.
fn parameter(name: &str, text: &str) -> Option<(String, RawJson)> {
    let name = name.strip_suffix("[]").unwrap_or(name).to_owned();
    RawJson::from_value(&text).ok().map(|value| (name, value))
}

/// Writes an answer for a client.
#[must_use]
pub fn encode_response(request: &TranscriptionRequest, response: &Transcription) -> Bytes {
    match request.format {
        TranscriptFormat::Json => {
            let out = JsonOut {
                text: &response.text,
                usage: usage(response),
            };
            json(&out)
        }
        TranscriptFormat::Verbose => json(&verbose(request, response)),
        TranscriptFormat::Text => format!("{}\n", response.text).into(),
        TranscriptFormat::Srt => subtitles::srt(response).into(),
        TranscriptFormat::Vtt => subtitles::vtt(response).into(),
    }
}

fn verbose<'a>(request: &TranscriptionRequest, response: &'a Transcription) -> VerboseOut<'a> {
    let words = response.words.iter().map(|word| WordOut {
        word: &word.text,
        start: word.start,
        end: word.end,
    });
    VerboseOut {
        task: "transcribe",
        language: response.language.as_deref().unwrap_or_default(),
        duration: response.duration.unwrap_or_default(),
        text: &response.text,
        segments: response.segments.iter().enumerate().map(segment).collect(),
        words: request.words.then(|| words.collect()),
        usage: usage(response),
    }
}

fn segment((id, segment): (usize, &Timed)) -> SegmentOut<'_> {
    SegmentOut {
        id,
        seek: 0,
        start: segment.start,
        end: segment.end,
        text: &segment.text,
        tokens: [],
        temperature: 0.0,
        avg_logprob: 0.0,
        compression_ratio: 1.0,
        no_speech_prob: 0.0,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float to integer cast saturates"
)]
fn usage(response: &Transcription) -> Option<UsageOut> {
    let seconds = response.duration?.ceil() as u64;
    Some(UsageOut {
        kind: "duration",
        seconds,
    })
}

fn json(out: &impl Serialize) -> Bytes {
    // Strings and numbers always serialise.
    serde_json::to_vec(out).unwrap_or_default().into()
}
