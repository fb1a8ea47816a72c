//! The wire formats of embeddings that are no dialect's: providers whose other calls speak a dialect,
//! and servers that do nothing else.

mod tei;
mod triton;
mod watsonx;

use crate::canonical::{EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Loss};
use crate::dialect::TranslateError;
use crate::own::OwnRequest;

/// The format that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmbeddingFormat {
    /// Hugging Face: Text Embeddings Inference, feature extraction, and its containers on `SageMaker`.
    Tei,
    /// The inference protocol of Triton (`KServe` v2).
    Triton,
    /// IBM watsonx.ai.
    Watsonx,
}

// === impl EmbeddingFormat ===

impl EmbeddingFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tei, Self::Triton, Self::Watsonx];

    /// The stable name used in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tei => "tei",
            Self::Triton => "triton",
            Self::Watsonx => "watsonx",
        }
    }

    /// Writes a request for a provider that has the model `model`.
    pub fn encode_request(
        self,
        request: &EmbeddingRequest,
        model: &str,
    ) -> Result<OwnRequest, TranslateError> {
        match self {
            Self::Tei => tei::encode(request),
            Self::Triton => triton::encode(request),
            Self::Watsonx => watsonx::encode(request, model),
        }
    }

    /// Reads a provider's vectors.
    pub fn decode_response(self, body: &[u8]) -> Result<EmbeddingResponse, TranslateError> {
        match self {
            Self::Tei => tei::decode(body),
            Self::Triton => triton::decode(body),
            Self::Watsonx => watsonx::decode(body),
        }
    }
}

/// The inputs, which must be text.
fn texts(request: &EmbeddingRequest) -> Result<Vec<std::borrow::Cow<'_, str>>, TranslateError> {
    let texts = request.input.iter().map(EmbeddingInput::to_text);
    texts.collect::<Option<_>>().ok_or_else(|| {
        TranslateError::Unsupported("only text can be embedded by this provider".to_owned())
    })
}

/// What the request says that none of these formats has a word for; `dimensions` unless it does.
fn losses(request: &EmbeddingRequest, has_dimensions: bool) -> Vec<Loss> {
    let mut losses: Vec<Loss> = request.unmapped.iter().map(Loss::hint).collect();
    if request.dimensions.is_some() && !has_dimensions {
        losses.push(Loss::param("dimensions"));
    }
    for (said, name) in [
        (request.user.is_some(), "user"),
        (request.task_type.is_some(), "task_type"),
        (request.title.is_some(), "title"),
    ] {
        if said {
            losses.push(Loss::hint(name));
        }
    }
    losses
}
