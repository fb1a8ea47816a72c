//! Embeddings: texts in, vectors out.

use std::borrow::Cow;

use super::{Block, RawJson, Usage};

/// Texts to turn into vectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingRequest {
    /// The model as the client names it.
    pub model: String,
    /// The inputs, in order.
    pub input: Vec<EmbeddingInput>,
    /// Length of the vectors.
    pub dimensions: Option<u32>,
    /// How the client wants numbers written.
    pub encoding: EncodingFormat,
    /// The customer's id.
    pub user: Option<String>,
    /// Gemini's `taskType`.
    pub task_type: Option<String>,
    /// Gemini's `title`.
    pub title: Option<String>,
    /// Members that no canonical field holds; see [`super::Params::extra`].
    pub extra: Vec<(String, RawJson)>,
    /// What the client said that has no canonical form; see [`super::ChatRequest::unmapped`].
    pub unmapped: Vec<String>,
}

/// One input.
#[derive(Debug, Clone, PartialEq)]
pub enum EmbeddingInput {
    /// Text.
    Text(String),
    /// Token ids of the model's own vocabulary.
    Tokens(Vec<u32>),
    /// Text and pictures that make one vector together.
    Content(Vec<Block>),
}

/// How numbers of a vector are written in OpenAI's format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EncodingFormat {
    /// A JSON array of numbers.
    #[default]
    Float,
    /// Base64 of little-endian 32-bit floats.
    Base64,
}

/// The vectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingResponse {
    /// The upstream's model name, when it gave one.
    pub model: Option<String>,
    /// One vector per input, in order.
    pub vectors: Vec<Vec<f32>>,
    /// Token counts; `None` when the upstream gave none.
    pub usage: Option<Usage>,
}

// === impl EmbeddingInput ===

impl EmbeddingInput {
    /// The input as text; `None` when it is anything else, also in part.
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Tokens(_) => None,
            Self::Content(blocks) => {
                let texts: Option<Vec<&str>> = blocks.iter().map(Block::as_text).collect();
                Some(Cow::Owned(texts?.join("\n")))
            }
        }
    }
}
