//! What a request asks for, independent of the dialect that asks.

/// One kind of call that a client may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A conversation in, the next message out.
    Chat,
    /// OpenAI's older `/completions`: a prompt in, the text that follows it out. Canonically a chat
    /// with one user message.
    Completions,
    /// Ollama's `/api/generate`: one prompt in, text out. Canonically a chat with one user message.
    Generate,
    /// Texts in, vectors out.
    Embeddings,
    /// Ollama's older `/api/embeddings`: one prompt in, one vector out.
    EmbeddingsSingle,
    /// How many tokens a chat request would be billed for.
    CountTokens,
    /// Text in, what is objectionable about it out.
    Moderations,
    /// A prompt in, pictures out.
    ImageGeneration,
    /// Text in, speech out, as the bytes of an audio file.
    Speech,
    /// A document in, its text out.
    Ocr,
    /// Speech in, its text out.
    Transcription,
    /// Speech in, its text in English out.
    Translation,
    /// A picture and a prompt in, pictures out.
    ImageEdit,
    /// A picture in, others like it out.
    ImageVariation,
    /// Whatever the provider's own API has, as it is.
    PassThrough,
    /// A chat through an upstream's own Responses API. Clients ask for [`Operation::Chat`]; what an
    /// upstream is asked for depends on what it offers.
    Responses,
    /// A conversation in, a shorter one that says the same out (OpenAI API reference, "Compact a
    /// response"). What an upstream does not offer the gateway asks its model for.
    Compact,
    /// A query and documents in, the documents' relevance out; see [`crate::rerank`].
    Rerank,
    /// A conversation in events over a WebSocket; see [`crate::realtime`].
    Realtime,
}

impl Operation {
    /// All of them that a provider may or may not have.
    pub const ALL: [Self; 17] = [
        Self::Chat,
        Self::Responses,
        Self::Completions,
        Self::Generate,
        Self::Embeddings,
        Self::EmbeddingsSingle,
        Self::CountTokens,
        Self::Moderations,
        Self::ImageGeneration,
        Self::ImageEdit,
        Self::ImageVariation,
        Self::Speech,
        Self::Transcription,
        Self::Translation,
        Self::Ocr,
        Self::Rerank,
        Self::Realtime,
    ];

    /// Whether the answer is what a model writes (as opposed to vectors or a number).
    pub fn is_chat(self) -> bool {
        matches!(self, Self::Chat | Self::Completions | Self::Generate)
    }

    /// Whether the answer is a list of vectors.
    pub fn is_embeddings(self) -> bool {
        matches!(self, Self::Embeddings | Self::EmbeddingsSingle)
    }

    /// Where the OpenAI API has an operation whose bodies pass as they are, below the base URL.
    ///
    /// They have no canonical form: only an upstream that offers the very operation can serve
    /// them. Source: OpenAI API reference; Mistral API reference for `/ocr`.
    pub fn forwarded_path(self) -> Option<&'static str> {
        Some(match self {
            Self::Moderations => "/moderations",
            Self::ImageGeneration => "/images/generations",
            Self::Speech => "/audio/speech",
            Self::Ocr => "/ocr",
            Self::Transcription => "/audio/transcriptions",
            Self::Translation => "/audio/translations",
            Self::ImageEdit => "/images/edits",
            Self::ImageVariation => "/images/variations",
            _ => return None,
        })
    }

    /// Whether requests can be translated: those that cannot go only where the very operation is.
    pub fn has_canonical_form(self) -> bool {
        self != Self::Realtime && self.forwarded_path().is_none()
    }

    /// Whether the request is a form with a file in it.
    pub fn is_upload(self) -> bool {
        matches!(
            self,
            Self::Transcription | Self::Translation | Self::ImageEdit | Self::ImageVariation
        )
    }

    /// The stable name used in logs and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "completions",
            Self::Generate => "generate",
            Self::Embeddings => "embeddings",
            Self::EmbeddingsSingle => "embeddings_single",
            Self::CountTokens => "count_tokens",
            Self::Moderations => "moderations",
            Self::ImageGeneration => "image_generation",
            Self::Speech => "speech",
            Self::Ocr => "ocr",
            Self::Transcription => "transcription",
            Self::Translation => "translation",
            Self::ImageEdit => "image_edit",
            Self::ImageVariation => "image_variation",
            Self::PassThrough => "pass_through",
            Self::Responses => "responses",
            Self::Compact => "compact",
            Self::Rerank => "rerank",
            Self::Realtime => "realtime",
        }
    }
}
