//! What there is to say about a provider, as plain data.

use lockgate_wire::rerank::RerankFormat;
use lockgate_wire::{DialectId, Operation};

use crate::Quirk;

/// One row of the provider table.
#[derive(Debug, Clone, Copy)]
pub struct ProviderSpec {
    /// The prefix in `id/model`.
    pub id: &'static str,
    /// Base URL when neither the deployment nor the environment names one; `None`: one of them
    /// must. `{NAME|NAME:default}` in it stands for an environment variable, `{NAME|NAME}` for one
    /// that must be set.
    pub base_url: Option<&'static str>,
    /// Environment variables the key is read from; the first that is set wins.
    pub key_env: &'static [&'static str],
    /// Environment variables the base URL is read from; the first that is set wins.
    pub base_env: &'static [&'static str],
    /// What to do when no key is found.
    pub key: KeyRule,
    /// The wire format it speaks.
    pub dialect: DialectId,
    /// How the key travels.
    pub auth: Auth,
    /// How base URL, operation and model become a URL.
    pub url: UrlStyle,
    /// What it can be asked for.
    pub operations: Operations,
    /// How it is asked to rerank, where it can.
    pub rerank: RerankFormat,
    /// Headers sent with every request. In a value `{api_key}` stands for the key and
    /// `{NAME|NAME:default}` for an environment variable; an empty value is not sent.
    pub headers: &'static [(&'static str, &'static str)],
    /// Where it deviates from its dialect.
    pub quirks: &'static [Quirk],
    /// Models that are called in another way; the first that fits wins.
    pub families: &'static [Family],
    /// No network: the engine answers in the provider's place (`demo`).
    pub built_in: bool,
}

/// Models of a provider that are called in another way than the others.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// How their names start.
    pub start: &'static str,
    /// Whether the start is only there to name the family.
    pub strip: bool,
    /// The row they follow; it has no families.
    pub row: &'static ProviderSpec,
}

/// How a key travels to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `Authorization: Bearer KEY`, without this start of the key (Snowflake's tokens as LiteLLM
    /// has them written, `pat/...`).
    BearerWithout(&'static str),
    /// `NAME: KEY`; the name is lower-case.
    Header(&'static str),
    /// Google AI Studio: `x-goog-api-key: KEY`.
    GeminiKey,
    /// Anthropic: `x-api-key: KEY`, but an OAuth token (`sk-ant-oat...`) goes into
    /// `Authorization: Bearer` with the beta header that admits it.
    AnthropicKey,
    /// Azure: this header holds the key; without one, a token of Microsoft Entra ID is the bearer.
    Azure(&'static str),
    /// Azure AI Foundry: the same, but a serverless endpoint takes the key as a bearer token.
    AzureAi,
    /// Amazon Bedrock: a key is the bearer; without one, every request is signed (Signature
    /// Version 4).
    Aws,
    /// Vertex AI: `x-goog-api-key: KEY`; without one, an OAuth token is the bearer.
    Google,
    /// No key is sent.
    None,
}

/// What to do when no key is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRule {
    /// Calls cannot work without one.
    Required,
    /// Calls go out without authentication.
    Optional,
    /// This one is sent: servers that want a header but do not look at it.
    Placeholder(&'static str),
}

/// How base URL, operation and model become a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlStyle {
    /// `{base}/chat/completions`, `{base}/completions`, `{base}/embeddings`.
    OpenAi,
    /// `{base}/fim/completions`: Mistral completes text there and answers as a chat does.
    MistralFim,
    /// The same below this path, which a base may already end with, wholly or in part.
    OpenAiUnder(&'static str),
    /// `{base}/ml/v1/text/chat?version=...`, or `chat_stream`; models that begin with
    /// `deployment/` have a path of their own.
    Watsonx,
    /// `{base}/v1/messages`, `{base}/v1/messages/count_tokens`; the base may already end in `/v1`
    /// or `/v1/messages`.
    Anthropic,
    /// `{base}/v1beta/models/{model}:{method}` on Google's own host; a custom base takes the place
    /// of everything before `/models`.
    Gemini,
    /// As `Anthropic` below this path, which a base may already end with.
    AnthropicUnder(&'static str),
    /// `{base}/openai/deployments/{model}/chat/completions?api-version=...`, or
    /// `{base}/openai/v1/chat/completions`; the base may be one deployment's.
    AzureOpenAi,
    /// `{base}/models/chat/completions?api-version=...` on a Foundry resource,
    /// `{base}/chat/completions` elsewhere.
    AzureAi,
    /// `{base}/model/{model}/converse`, `/converse-stream`, `/invoke`.
    Bedrock,
    /// `{base}/v1/projects/{project}/locations/{location}/...`
    Vertex(VertexApi),
    /// `{base}/v2/chat`, `/v2/embed`, `/v2/rerank`.
    Cohere,
    /// `{base}/api/chat`, `/api/generate`, `/api/embed`, `/api/embeddings`, `/v1/completions`.
    Ollama,
}

/// How a model of Vertex AI is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VertexApi {
    /// `publishers/google/models/{model}:generateContent`; a tuned model is an endpoint.
    Gemini,
    /// `publishers/google/models/{model}:predict`: embedding models.
    Predict,
    /// `publishers/{this}/models/{model}:rawPredict`: the publisher's own API.
    Raw(&'static str),
    /// `endpoints/openapi/chat/completions`.
    OpenApi,
}

/// A set of [`Operation`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Operations(u32);

/// What the rows of OpenAI-compatible providers have in common.
pub const OPENAI_COMPATIBLE: ProviderSpec = ProviderSpec {
    id: "",
    base_url: None,
    key_env: &[],
    base_env: &[],
    key: KeyRule::Required,
    dialect: DialectId::OpenAiChat,
    auth: Auth::Bearer,
    url: UrlStyle::OpenAi,
    operations: Operations::CHAT_AND_EMBEDDINGS,
    rerank: RerankFormat::Jina,
    headers: &[],
    quirks: &[],
    families: &[],
    built_in: false,
};

// === impl Operations ===

impl Operations {
    /// Chat only.
    pub const CHAT: Self = Self(bit(Operation::Chat));
    /// Text completions only.
    pub const COMPLETIONS: Self = Self(bit(Operation::Completions));
    /// Embeddings only.
    pub const EMBEDDINGS: Self = Self(bit(Operation::Embeddings));
    /// Chat and embeddings.
    pub const CHAT_AND_EMBEDDINGS: Self = Self(Self::CHAT.0 | Self::EMBEDDINGS.0);
    /// What the Anthropic API has: chat and token counts.
    pub const ANTHROPIC: Self = Self(Self::CHAT.0 | bit(Operation::CountTokens));
    /// What the Gemini API has: chat, embeddings one by one and in batches, token counts, sessions.
    pub const GEMINI: Self = Self(
        Self::CHAT_AND_EMBEDDINGS.0
            | bit(Operation::EmbeddingsSingle)
            | bit(Operation::CountTokens)
            | bit(Operation::Realtime),
    );
    /// What Vertex AI has for Gemini models: chat, token counts, sessions.
    pub const VERTEX_GEMINI: Self = Self::ANTHROPIC.with(&[Operation::Realtime]);
    /// What Ollama has: chat, generate, text completions beside its own API, embeddings in both
    /// forms.
    pub const OLLAMA: Self = Self::CHAT_AND_EMBEDDINGS.with(&[
        Operation::Completions,
        Operation::Generate,
        Operation::EmbeddingsSingle,
    ]);

    /// What a server that speaks all of the OpenAI API has.
    pub const OPENAI: Self = Self::CHAT_AND_EMBEDDINGS.with(&[
        Operation::Responses,
        Operation::Moderations,
        Operation::ImageGeneration,
        Operation::ImageEdit,
        Operation::ImageVariation,
        Operation::Speech,
        Operation::Transcription,
        Operation::Translation,
        Operation::Realtime,
    ]);

    /// This set with `operations` added.
    #[must_use]
    pub const fn with(self, operations: &[Operation]) -> Self {
        let (mut set, mut at) = (self.0, 0);
        while at < operations.len() {
            set |= bit(operations[at]);
            at += 1;
        }
        Self(set)
    }

    /// Whether `operation` is in the set.
    #[must_use]
    pub const fn contains(self, operation: Operation) -> bool {
        self.0 & bit(operation) != 0
    }
}

const fn bit(operation: Operation) -> u32 {
    1 << operation as u8
}
