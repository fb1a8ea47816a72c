//! The wire formats of speech: what clients send, and what providers with a format of their own do.
//!
//! The answer is sound in each of them and passes as it comes.

mod client;
mod deepgram;
mod elevenlabs;

pub use client::decode_request;
pub(crate) use client::extra;

use crate::canonical::SpeechRequest;
use crate::dialect::TranslateError;
use crate::own::OwnRequest;

/// The format that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpeechFormat {
    /// Deepgram: `/v1/speak`.
    Deepgram,
    /// `ElevenLabs`: `/v1/text-to-speech/{voice}`.
    ElevenLabs,
}

// === impl SpeechFormat ===

impl SpeechFormat {
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
        request: &SpeechRequest,
        model: &str,
    ) -> Result<OwnRequest, TranslateError> {
        match self {
            Self::Deepgram => deepgram::encode(request, model),
            Self::ElevenLabs => elevenlabs::encode(request, model),
        }
    }
}
