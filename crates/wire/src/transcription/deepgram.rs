//! Deepgram: `/v1/listen`. The file is the body, everything else stands in the query.
//!
//! Source: Deepgram API reference, pre-recorded audio; `PrerecordedResponse` of its SDKs.

use serde::Deserialize;

use super::subtitles::sentences;
use crate::canonical::{Loss, Timed, TranscriptFormat, Transcription, TranscriptionRequest};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, Query, no_answer};

#[derive(Debug, Deserialize)]
struct ResponseIn {
    #[serde(default)]
    metadata: Option<MetadataIn>,
    results: ResultsIn,
}

#[derive(Debug, Deserialize)]
struct MetadataIn {
    #[serde(default)]
    duration: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct ResultsIn {
    channels: Vec<ChannelIn>,
    #[serde(default)]
    utterances: Option<Vec<UtteranceIn>>,
}

#[derive(Debug, Deserialize)]
struct ChannelIn {
    alternatives: Vec<AlternativeIn>,
    #[serde(default)]
    detected_language: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AlternativeIn {
    transcript: String,
    #[serde(default)]
    words: Vec<WordIn>,
}

#[derive(Debug, Deserialize)]
struct WordIn {
    word: String,
    start: f64,
    end: f64,
    #[serde(default)]
    punctuated_word: Option<String>,
}

#[derive(Debug, Deserialize)]
struct UtteranceIn {
    transcript: String,
    start: f64,
    end: f64,
}

/// What a file without a content type is.
const ANY: &str = "application/octet-stream";

/// Writes a request.
pub(super) fn encode(request: &TranscriptionRequest, model: &str) -> OwnRequest {
    let mut losses = Vec::new();
    for (said, name) in [
        (request.prompt.is_some(), "prompt"),
        (request.temperature.is_some(), "temperature"),
        (request.stream, "stream"),
    ] {
        if said {
            losses.push(Loss::hint(name));
        }
    }
    let mut query = Query::default();
    query.put("model", model);
    if let Some(language) = &request.language {
        query.put("language", language);
    }
    let own = |name: &str| request.extra.iter().any(|(extra, _)| extra == name);
    // OpenAI's models punctuate; here that is asked for.
    if !own("punctuate") && !own("smart_format") {
        query.put("punctuate", "true");
    }
    let timed = matches!(
        request.format,
        TranscriptFormat::Srt | TranscriptFormat::Vtt | TranscriptFormat::Verbose
    );
    if timed && !own("utterances") {
        query.put("utterances", "true");
    }
    query.extend(&request.extra);
    let content_type = Some(&request.file.content_type).filter(|said| !said.is_empty());
    OwnRequest {
        path: Some("/v1/listen".to_owned()),
        query: String::new(),
        content_type: content_type.map_or_else(|| ANY.into(), |said| said.clone().into()),
        body: request.file.bytes.clone(),
        losses,
    }
    .with(query)
}

/// Reads an answer. Several channels are read one behind the other.
pub(super) fn decode(body: &[u8]) -> Result<Transcription, TranslateError> {
    let response: ResponseIn =
        serde_json::from_slice(body).map_err(|e| no_answer("transcript", e))?;
    let ResultsIn {
        channels,
        utterances,
    } = response.results;
    let language = channels
        .iter()
        .find_map(|channel| channel.detected_language.clone());
    let best = channels
        .into_iter()
        .filter_map(|channel| channel.alternatives.into_iter().next());
    let mut texts = Vec::new();
    let mut words = Vec::new();
    for alternative in best {
        texts.push(alternative.transcript);
        words.extend(alternative.words.into_iter().map(WordIn::into_timed));
    }
    let segments = match utterances {
        Some(utterances) => utterances
            .into_iter()
            .map(UtteranceIn::into_timed)
            .collect(),
        None => sentences(&words),
    };
    Ok(Transcription {
        text: texts.join("\n"),
        language,
        duration: response.metadata.and_then(|metadata| metadata.duration),
        words,
        segments,
    })
}

// === impl WordIn ===

impl WordIn {
    fn into_timed(self) -> Timed {
        Timed {
            text: self.punctuated_word.unwrap_or(self.word),
            start: self.start,
            end: self.end,
        }
    }
}

// === impl UtteranceIn ===

impl UtteranceIn {
    fn into_timed(self) -> Timed {
        Timed {
            text: self.transcript,
            start: self.start,
            end: self.end,
        }
    }
}
