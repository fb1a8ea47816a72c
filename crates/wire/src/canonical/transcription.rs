//! Transcription: speech in, its text out.

use bytes::Bytes;

use super::RawJson;

/// Speech to be written down.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TranscriptionRequest {
    /// The file with the speech.
    pub file: MediaFile,
    /// The language that is spoken, ISO 639-1.
    pub language: Option<String>,
    /// What the speech is about, or continues.
    pub prompt: Option<String>,
    /// How the client wants the answer.
    pub format: TranscriptFormat,
    /// Sampling temperature, as it was written.
    pub temperature: Option<String>,
    /// Words with their times are wanted.
    pub words: bool,
    /// The answer shall stream.
    pub stream: bool,
    /// Fields that no canonical one holds: the provider's own parameters.
    pub extra: Vec<(String, RawJson)>,
}

/// A file that a client sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaFile {
    /// Its name.
    pub name: String,
    /// Its content type; empty when nobody said.
    pub content_type: String,
    /// Its content.
    pub bytes: Bytes,
}

/// How a transcript is written for the client (OpenAI API reference, create transcription).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TranscriptFormat {
    /// An object with the text.
    #[default]
    Json,
    /// The text alone.
    Text,
    /// `SubRip` subtitles.
    Srt,
    /// `WebVTT` subtitles.
    Vtt,
    /// An object with the text, its segments and words.
    Verbose,
}

/// What was said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcription {
    /// All of it.
    pub text: String,
    /// The language, as the provider names it.
    pub language: Option<String>,
    /// How long the speech is, seconds.
    pub duration: Option<f64>,
    /// Words with their times; empty when the provider gave none.
    pub words: Vec<Timed>,
    /// Sentences or breaths with their times; empty when the provider gave none.
    pub segments: Vec<Timed>,
}

/// Text and when it was said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timed {
    /// The text.
    pub text: String,
    /// Seconds from the beginning.
    pub start: f64,
    /// Seconds from the beginning.
    pub end: f64,
}

// === impl TranscriptFormat ===

impl TranscriptFormat {
    /// The content type of an answer.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::Verbose => "application/json",
            Self::Text | Self::Srt | Self::Vtt => "text/plain; charset=utf-8",
        }
    }
}
