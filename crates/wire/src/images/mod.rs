//! The wire formats of pictures: what clients send and get, and what providers with a format of
//! their own do.

mod bedrock;
mod client;
mod fal;
mod gemini;
mod imagen;
mod ratio;
mod stability;

pub use client::{decode_form, decode_request, encode_response};

use crate::canonical::{ImageRequest, ImageResponse, Loss};
use crate::dialect::TranslateError;
use crate::own::OwnRequest;

/// The format that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// Stability AI: `/v2beta/stable-image/...`.
    Stability,
    /// fal: one endpoint for each model.
    Fal,
    /// Google's Imagen: `:predict`.
    Imagen,
    /// Google's Gemini models that answer with pictures: `:generateContent`.
    Gemini,
    /// Amazon Bedrock: Titan, Nova Canvas, and Stability AI's models there.
    Bedrock,
}

// === impl ImageFormat ===

impl ImageFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Stability,
        Self::Fal,
        Self::Imagen,
        Self::Gemini,
        Self::Bedrock,
    ];

    /// The stable name used in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stability => "stability",
            Self::Fal => "fal",
            Self::Imagen => "imagen",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
        }
    }

    /// Writes a request for a provider that has the model `model`.
    pub fn encode_request(
        self,
        request: &ImageRequest,
        model: &str,
    ) -> Result<OwnRequest, TranslateError> {
        match self {
            Self::Stability => stability::encode(request, model),
            Self::Fal => fal::encode(request, model),
            Self::Imagen => imagen::encode(request),
            Self::Gemini => gemini::encode(request),
            Self::Bedrock => bedrock::encode(request, model),
        }
    }

    /// Reads a provider's answer.
    pub fn decode_response(self, body: &[u8]) -> Result<ImageResponse, TranslateError> {
        match self {
            Self::Stability => stability::decode(body),
            Self::Fal => fal::decode(body),
            Self::Imagen => imagen::decode(body),
            Self::Gemini => gemini::decode(body),
            Self::Bedrock => bedrock::decode(body),
        }
    }
}

/// Notes of OpenAI's members those that `has` does not name and the request says.
fn lose_all_but(has: &[&str], request: &ImageRequest) -> Vec<Loss> {
    let more = request.count.is_some_and(|count| count > 1);
    let parameters = [
        (more, "n"),
        (request.quality.is_some(), "quality"),
        (request.style.is_some(), "style"),
        (request.background.is_some(), "background"),
        (request.format.is_some(), "output_format"),
    ];
    let mut losses = request.unmapped.clone();
    let lost = parameters
        .into_iter()
        .filter(|(said, name)| *said && !has.contains(name));
    losses.extend(lost.map(|(_, name)| Loss::param(name)));
    if request.user.is_some() {
        losses.push(Loss::hint("user"));
    }
    if !request.images.is_empty() && !has.contains(&"image") {
        losses.push(Loss::content("image"));
    }
    if request.mask.is_some() && !has.contains(&"mask") {
        losses.push(Loss::content("mask"));
    }
    losses
}
