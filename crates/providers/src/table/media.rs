//! Services for sound and pictures, in formats of their own.

use lockgate_wire::Operation;
use lockgate_wire::images::ImageFormat;
use lockgate_wire::speech::SpeechFormat;
use lockgate_wire::transcription::TranscriptionFormat;

use super::hosted::hosted;
use crate::spec::{Auth, Formats, Operations, ProviderSpec, UrlStyle};

pub(super) const ROWS: &[ProviderSpec] = &[
    ProviderSpec {
        auth: Auth::Scheme("Token"),
        url: UrlStyle::Own,
        operations: Operations::NONE.with(&[Operation::Speech, Operation::Transcription]),
        formats: Formats {
            speech: Some(SpeechFormat::Deepgram),
            transcription: Some(TranscriptionFormat::Deepgram),
            ..Formats::NONE
        },
        ..hosted(
            "deepgram",
            "https://api.deepgram.com/v1",
            &["DEEPGRAM_API_KEY"],
            &["DEEPGRAM_API_BASE"],
        )
    },
    ProviderSpec {
        auth: Auth::Header("xi-api-key"),
        url: UrlStyle::Own,
        operations: Operations::NONE.with(&[Operation::Speech, Operation::Transcription]),
        formats: Formats {
            speech: Some(SpeechFormat::ElevenLabs),
            transcription: Some(TranscriptionFormat::ElevenLabs),
            ..Formats::NONE
        },
        ..hosted(
            "elevenlabs",
            "https://api.elevenlabs.io",
            &["ELEVENLABS_API_KEY"],
            &["ELEVENLABS_API_BASE"],
        )
    },
    ProviderSpec {
        auth: Auth::Scheme("Key"),
        url: UrlStyle::Own,
        operations: PICTURES,
        formats: pictures(ImageFormat::Fal),
        ..hosted(
            "fal_ai",
            "https://fal.run",
            &["FAL_AI_API_KEY", "FAL_KEY"],
            &["FAL_AI_API_BASE"],
        )
    },
    ProviderSpec {
        url: UrlStyle::Own,
        operations: PICTURES,
        formats: pictures(ImageFormat::Stability),
        headers: &[("accept", "application/json")],
        ..hosted(
            "stability",
            "https://api.stability.ai",
            &["STABILITY_API_KEY"],
            &["STABILITY_API_BASE"],
        )
    },
];

/// New pictures, and changed ones.
const PICTURES: Operations =
    Operations::NONE.with(&[Operation::ImageGeneration, Operation::ImageEdit]);

/// Pictures in a format of its own.
pub(super) const fn pictures(format: ImageFormat) -> Formats {
    Formats {
        images: Some(format),
        ..Formats::NONE
    }
}
