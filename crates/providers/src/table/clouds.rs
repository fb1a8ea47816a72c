//! Azure and Google Cloud: providers that authenticate with a cloud's identities.

use lockgate_wire::{DialectId, Operation};

use super::deviations as quirks;
use crate::spec::{
    Auth, Family, KeyRule, OPENAI_COMPATIBLE, Operations, ProviderSpec, UrlStyle, VertexApi,
};

pub(super) const ROWS: &[ProviderSpec] = &[
    AZURE,
    AZURE_AI,
    // LiteLLM's name for deployments of such models.
    ProviderSpec {
        id: "azure_text",
        ..AZURE_TEXT
    },
    BEDROCK,
    // LiteLLM's other name for it, which forces the API that is used anyway.
    ProviderSpec {
        id: "bedrock_converse",
        ..BEDROCK
    },
    VERTEX_AI,
    ProviderSpec {
        id: "vertex_ai_beta",
        ..VERTEX_AI
    },
];

/// What needs no key, because an identity will do.
const CLOUD: ProviderSpec = ProviderSpec {
    key: KeyRule::Optional,
    ..OPENAI_COMPATIBLE
};

const AZURE: ProviderSpec = ProviderSpec {
    // A deployment's name does not tell the model: LiteLLM's users say it before the name.
    families: &[
        named("o_series/", &AZURE_REASONING),
        named("gpt5_series/", &AZURE_REASONING),
        named("responses/", &AZURE_RESPONSES),
        starting("gpt-35-turbo-instruct", &AZURE_TEXT),
        starting("gpt-3.5-turbo-instruct", &AZURE_TEXT),
    ],
    ..AZURE_NAMED
};

/// Only newer versions of the API have it, so it is used where it is asked for.
const AZURE_RESPONSES: ProviderSpec = ProviderSpec {
    dialect: DialectId::OpenAiResponses,
    operations: Operations::CHAT.with(&[Operation::Responses]),
    ..AZURE_NAMED
};

/// Models that complete text and do not chat.
const AZURE_TEXT: ProviderSpec = ProviderSpec {
    operations: Operations::COMPLETIONS,
    quirks: &[],
    ..AZURE_NAMED
};

const AZURE_REASONING: ProviderSpec = ProviderSpec {
    quirks: quirks::REASONING_MODELS,
    ..AZURE_NAMED
};

/// A deployment whose name may tell its model.
const AZURE_NAMED: ProviderSpec = ProviderSpec {
    id: "azure",
    key_env: &["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"],
    base_env: &["AZURE_API_BASE"],
    auth: Auth::Azure("api-key"),
    url: UrlStyle::AzureOpenAi,
    operations: Operations::CHAT_AND_EMBEDDINGS.with(&[
        Operation::ImageGeneration,
        Operation::ImageEdit,
        Operation::Speech,
        Operation::Transcription,
        Operation::Translation,
        Operation::Realtime,
    ]),
    quirks: quirks::OPENAI,
    ..CLOUD
};

const AZURE_AI: ProviderSpec = ProviderSpec {
    auth: Auth::AzureAi,
    url: UrlStyle::AzureAi,
    // Azure AI Model Inference REST API: what the API does not know goes to the model.
    headers: &[("extra-parameters", "pass-through")],
    quirks: quirks::OPENAI,
    families: &[starting("claude", &AZURE_AI_CLAUDE)],
    ..FOUNDRY
};

/// Microsoft Foundry, "Claude models": Anthropic's own API below the resource.
const AZURE_AI_CLAUDE: ProviderSpec = ProviderSpec {
    dialect: DialectId::Anthropic,
    auth: Auth::Azure("x-api-key"),
    url: UrlStyle::AnthropicUnder("/anthropic"),
    operations: Operations::ANTHROPIC,
    headers: &[("anthropic-version", "2023-06-01")],
    ..FOUNDRY
};

const FOUNDRY: ProviderSpec = ProviderSpec {
    id: "azure_ai",
    key_env: &["AZURE_AI_API_KEY"],
    base_env: &["AZURE_AI_API_BASE"],
    ..CLOUD
};

/// Amazon Bedrock Runtime API reference, `Converse`, `InvokeModel`.
const BEDROCK: ProviderSpec = ProviderSpec {
    id: "bedrock",
    key_env: &["AWS_BEARER_TOKEN_BEDROCK"],
    dialect: DialectId::Bedrock,
    auth: Auth::Aws,
    url: UrlStyle::Bedrock,
    ..CLOUD
};

const VERTEX_AI: ProviderSpec = ProviderSpec {
    id: "vertex_ai",
    base_env: &["VERTEXAI_API_BASE", "VERTEX_API_BASE"],
    families: VERTEX_FAMILIES,
    ..VERTEX_GEMINI
};

/// Models of Google, and tuned ones, which are numbers.
const VERTEX_GEMINI: ProviderSpec = ProviderSpec {
    id: "vertex_ai",
    base_env: &["VERTEXAI_API_BASE", "VERTEX_API_BASE"],
    dialect: DialectId::Gemini,
    auth: Auth::Google,
    url: UrlStyle::Vertex(VertexApi::Gemini),
    operations: Operations::VERTEX_GEMINI,
    quirks: quirks::VERTEX_GEMINI,
    ..CLOUD
};

/// Vertex AI, "Text embeddings API": predictions, where the Gemini API has embeddings.
const VERTEX_EMBEDDINGS: ProviderSpec = ProviderSpec {
    url: UrlStyle::Vertex(VertexApi::Predict),
    operations: Operations::EMBEDDINGS,
    quirks: quirks::VERTEX_EMBEDDINGS,
    ..VERTEX_GEMINI
};

/// Vertex AI, "Anthropic Claude models": the path names the model, the body the API's version.
const VERTEX_CLAUDE: ProviderSpec = ProviderSpec {
    dialect: DialectId::Anthropic,
    url: UrlStyle::Vertex(VertexApi::Raw("anthropic")),
    operations: Operations::CHAT,
    quirks: quirks::VERTEX_CLAUDE,
    ..VERTEX_GEMINI
};

const VERTEX_MISTRAL: ProviderSpec = ProviderSpec {
    dialect: DialectId::OpenAiChat,
    url: UrlStyle::Vertex(VertexApi::Raw("mistralai")),
    operations: Operations::CHAT,
    quirks: quirks::MISTRAL,
    ..VERTEX_GEMINI
};

const VERTEX_AI21: ProviderSpec = ProviderSpec {
    url: UrlStyle::Vertex(VertexApi::Raw("ai21")),
    quirks: quirks::MAX_TOKENS,
    ..VERTEX_MISTRAL
};

/// Vertex AI, "Use open models via Model as a Service": `publisher/model` in the body.
const VERTEX_OPEN: ProviderSpec = ProviderSpec {
    url: UrlStyle::Vertex(VertexApi::OpenApi),
    quirks: quirks::MAX_TOKENS,
    ..VERTEX_MISTRAL
};

const VERTEX_FAMILIES: &[Family] = &[
    named("gemini/", &VERTEX_GEMINI),
    starting("gemini-embedding", &VERTEX_EMBEDDINGS),
    starting("text-embedding", &VERTEX_EMBEDDINGS),
    starting("text-multilingual-embedding", &VERTEX_EMBEDDINGS),
    starting("textembedding-gecko", &VERTEX_EMBEDDINGS),
    named("anthropic/", &VERTEX_CLAUDE),
    starting("claude", &VERTEX_CLAUDE),
    named("mistralai/", &VERTEX_MISTRAL),
    starting("mistral", &VERTEX_MISTRAL),
    starting("ministral", &VERTEX_MISTRAL),
    starting("codestral", &VERTEX_MISTRAL),
    named("ai21/", &VERTEX_AI21),
    starting("jamba", &VERTEX_AI21),
    starting("deepseek-ai/", &VERTEX_OPEN),
    starting("meta/", &VERTEX_OPEN),
    starting("minimaxai/", &VERTEX_OPEN),
    starting("moonshotai/", &VERTEX_OPEN),
    starting("openai/", &VERTEX_OPEN),
    starting("qwen/", &VERTEX_OPEN),
    starting("xai/", &VERTEX_OPEN),
    starting("zai-org/", &VERTEX_OPEN),
];

/// A family whose name is not the model's.
const fn named(start: &'static str, row: &'static ProviderSpec) -> Family {
    Family {
        start,
        strip: true,
        row,
    }
}

/// A family that the models' own names tell.
const fn starting(start: &'static str, row: &'static ProviderSpec) -> Family {
    Family {
        start,
        strip: false,
        row,
    }
}
