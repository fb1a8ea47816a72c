//! The wire formats of transcription: what clients send and get, and what providers with a format of
//! their own do.

mod client;
mod deepgram;
mod elevenlabs;
mod subtitles;

pub use client::{decode_request, encode_response};

use crate::canonical::{Transcription, TranscriptionRequest};
use crate::dialect::TranslateError;
use crate::own::OwnRequest;

/// The format that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TranscriptionFormat {
    /// Deepgram: `/v1/listen`.
    Deepgram,
    /// `ElevenLabs`: `/v1/speech-to-text`.
    ElevenLabs,
}

// === impl TranscriptionFormat ===

impl TranscriptionFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Deepgram, Self::ElevenLabs];

    /// The stable name used in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deepgram => "deepgram",
            Self::ElevenLabs => "elevenlabs",
        }
    }

    /// Writes a request for a provider that has the model `model`.
    pub fn encode_request(
        self,
        request: &TranscriptionRequest,
        model: &str,
    ) -> Result<OwnRequest, TranslateError> {
        match self {
            Self::Deepgram => Ok(deepgram::encode(request, model)),
            Self::ElevenLabs => Ok(elevenlabs::encode(request, model)),
        }
    }

    /// Reads a provider's answer.
    pub fn decode_response(self, body: &[u8]) -> Result<Transcription, TranslateError> {
        match self {
            Self::Deepgram => deepgram::decode(body),
            Self::ElevenLabs => elevenlabs::decode(body),
        }
    }
}
