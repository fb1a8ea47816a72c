//! What a request asks for, independent of the dialect that asks.

/// One kind of call that a client may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A conversation in, the next message out.
    Chat,
    /// Ollama's `/api/generate`: one prompt in, text out. Canonically a chat with one user message.
    Generate,
    /// Texts in, vectors out.
    Embeddings,
    /// Ollama's older `/api/embeddings`: one prompt in, one vector out.
    EmbeddingsSingle,
    /// How many tokens a chat request would be billed for.
    CountTokens,
    /// A query and documents in, the documents' relevance out; see [`crate::rerank`].
    Rerank,
}

impl Operation {
    /// Whether the answer is a chat answer (as opposed to vectors or a number).
    pub fn is_chat(self) -> bool {
        matches!(self, Self::Chat | Self::Generate)
    }

    /// Whether the answer is a list of vectors.
    pub fn is_embeddings(self) -> bool {
        matches!(self, Self::Embeddings | Self::EmbeddingsSingle)
    }

    /// The stable name used in logs and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Generate => "generate",
            Self::Embeddings => "embeddings",
            Self::EmbeddingsSingle => "embeddings_single",
            Self::CountTokens => "count_tokens",
            Self::Rerank => "rerank",
        }
    }
}
