//! Providers with a dialect of their own, servers that operators run themselves, and the demo.

use lockgate_wire::rerank::RerankFormat;
use lockgate_wire::{DialectId, Operation};

use super::deviations as quirks;
use crate::spec::{Auth, Family, KeyRule, OPENAI_COMPATIBLE, Operations, ProviderSpec, UrlStyle};

/// Sent to servers that want a key but do not look at it.
const FAKE: KeyRule = KeyRule::Placeholder("fake-api-key");

/// An OpenAI-compatible server of the operator's own.
const OWN_SERVER: ProviderSpec = ProviderSpec {
    key: KeyRule::Optional,
    operations: Operations::OPENAI,
    ..OPENAI_COMPATIBLE
};

const OLLAMA: ProviderSpec = ProviderSpec {
    id: "ollama",
    base_url: Some("http://localhost:11434"),
    key_env: &["OLLAMA_API_KEY"],
    base_env: &["OLLAMA_API_BASE"],
    key: KeyRule::Optional,
    dialect: DialectId::Ollama,
    url: UrlStyle::Ollama,
    operations: Operations::OLLAMA,
    ..OPENAI_COMPATIBLE
};

/// OpenAI API reference, create completion: the models that complete and do not chat, by which
/// LiteLLM knows them, too.
const OPENAI_FAMILIES: &[Family] = &[
    completes("gpt-3.5-turbo-instruct"),
    completes("davinci-002"),
    completes("babbage-002"),
    completes("ft:davinci-002"),
    completes("ft:babbage-002"),
];

const fn completes(start: &'static str) -> Family {
    Family {
        start,
        strip: false,
        row: &OPENAI_COMPLETIONS,
    }
}

const OPENAI_COMPLETIONS: ProviderSpec = ProviderSpec {
    id: "openai",
    base_url: Some("https://api.openai.com/v1"),
    key_env: &["OPENAI_API_KEY"],
    base_env: &["OPENAI_BASE_URL", "OPENAI_API_BASE"],
    headers: &[(
        "openai-organization",
        "{OPENAI_ORGANIZATION|OPENAI_ORG_ID:}",
    )],
    operations: Operations::COMPLETIONS,
    ..OPENAI_COMPATIBLE
};

const COHERE: ProviderSpec = ProviderSpec {
    id: "cohere",
    base_url: Some("https://api.cohere.com"),
    key_env: &["COHERE_API_KEY", "CO_API_KEY"],
    base_env: &["COHERE_API_BASE"],
    dialect: DialectId::Cohere,
    url: UrlStyle::Cohere,
    operations: Operations::CHAT_AND_EMBEDDINGS.with(&[Operation::Rerank]),
    rerank: RerankFormat::Cohere,
    ..OPENAI_COMPATIBLE
};

pub(super) const ROWS: &[ProviderSpec] = &[
    ProviderSpec {
        id: "anthropic",
        base_url: Some("https://api.anthropic.com"),
        key_env: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
        base_env: &["ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"],
        dialect: DialectId::Anthropic,
        auth: Auth::AnthropicKey,
        url: UrlStyle::Anthropic,
        operations: Operations::ANTHROPIC,
        headers: &[("anthropic-version", "2023-06-01")],
        ..OPENAI_COMPATIBLE
    },
    COHERE,
    // LiteLLM's other name for it.
    ProviderSpec {
        id: "cohere_chat",
        ..COHERE
    },
    ProviderSpec {
        id: "custom_openai",
        key_env: &["CUSTOM_OPENAI_API_KEY"],
        base_env: &["CUSTOM_OPENAI_API_BASE"],
        ..OWN_SERVER
    },
    ProviderSpec {
        id: "demo",
        key: KeyRule::Optional,
        auth: Auth::None,
        built_in: true,
        ..OPENAI_COMPATIBLE
    },
    ProviderSpec {
        id: "docker_model_runner",
        base_url: Some("http://localhost:22088/engines/llama.cpp"),
        key_env: &["DOCKER_MODEL_RUNNER_API_KEY"],
        base_env: &["DOCKER_MODEL_RUNNER_API_BASE"],
        key: KeyRule::Placeholder("dummy-key"),
        url: UrlStyle::OpenAiUnder("/v1"),
        quirks: quirks::MAX_TOKENS_TEXT,
        ..OPENAI_COMPATIBLE
    },
    ProviderSpec {
        id: "gemini",
        base_url: Some("https://generativelanguage.googleapis.com"),
        key_env: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        base_env: &["GEMINI_API_BASE"],
        dialect: DialectId::Gemini,
        auth: Auth::GeminiKey,
        url: UrlStyle::Gemini,
        operations: Operations::GEMINI,
        ..OPENAI_COMPATIBLE
    },
    ProviderSpec {
        id: "hosted_vllm",
        operations: Operations::CHAT_AND_EMBEDDINGS.with(&[
            Operation::Completions,
            Operation::Responses,
            Operation::Rerank,
            Operation::Transcription,
            Operation::Translation,
        ]),
        key_env: &["HOSTED_VLLM_API_KEY"],
        base_env: &["HOSTED_VLLM_API_BASE"],
        key: FAKE,
        ..OPENAI_COMPATIBLE
    },
    ProviderSpec {
        id: "infinity",
        key_env: &["INFINITY_API_KEY"],
        base_env: &["INFINITY_API_BASE"],
        operations: Operations::EMBEDDINGS.with(&[Operation::Rerank]),
        ..OWN_SERVER
    },
    ProviderSpec {
        id: "lemonade",
        base_url: Some("http://localhost:8000/api/v1"),
        key_env: &["LEMONADE_API_KEY"],
        base_env: &["LEMONADE_API_BASE"],
        quirks: quirks::MAX_TOKENS,
        ..OWN_SERVER
    },
    ProviderSpec {
        id: "litellm_proxy",
        key_env: &["LITELLM_PROXY_API_KEY"],
        base_env: &["LITELLM_PROXY_API_BASE"],
        operations: Operations::OPENAI.with(&[Operation::Completions]),
        ..OWN_SERVER
    },
    ProviderSpec {
        id: "llamafile",
        base_url: Some("http://127.0.0.1:8080/v1"),
        key_env: &["LLAMAFILE_API_KEY"],
        base_env: &["LLAMAFILE_API_BASE"],
        operations: Operations::CHAT_AND_EMBEDDINGS.with(&[Operation::Completions]),
        key: FAKE,
        ..OPENAI_COMPATIBLE
    },
    ProviderSpec {
        id: "lm_studio",
        key_env: &["LM_STUDIO_API_KEY"],
        base_env: &["LM_STUDIO_API_BASE"],
        operations: Operations::CHAT_AND_EMBEDDINGS.with(&[Operation::Completions]),
        key: FAKE,
        ..OPENAI_COMPATIBLE
    },
    OLLAMA,
    ProviderSpec {
        id: "ollama_chat",
        ..OLLAMA
    },
    ProviderSpec {
        quirks: quirks::OPENAI,
        operations: Operations::OPENAI,
        families: OPENAI_FAMILIES,
        ..OPENAI_COMPLETIONS
    },
    ProviderSpec {
        id: "openai_like",
        key_env: &["OPENAI_LIKE_API_KEY"],
        base_env: &["OPENAI_LIKE_API_BASE"],
        ..OWN_SERVER
    },
    ProviderSpec {
        id: "text-completion-codestral",
        base_url: Some("https://codestral.mistral.ai/v1"),
        key_env: &["CODESTRAL_API_KEY"],
        base_env: &["CODESTRAL_API_BASE"],
        url: UrlStyle::MistralFim,
        operations: Operations::COMPLETIONS,
        quirks: quirks::MISTRAL,
        ..OPENAI_COMPATIBLE
    },
    ProviderSpec {
        id: "text-completion-inception",
        base_url: Some("https://api.inceptionlabs.ai/v1"),
        key_env: &["INCEPTION_API_KEY"],
        base_env: &["INCEPTION_API_BASE"],
        url: UrlStyle::OpenAiUnder("/fim"),
        operations: Operations::COMPLETIONS,
        ..OPENAI_COMPATIBLE
    },
    ProviderSpec {
        id: "text-completion-openai",
        ..OPENAI_COMPLETIONS
    },
    ProviderSpec {
        id: "xinference",
        base_url: Some("http://127.0.0.1:9997/v1"),
        key_env: &["XINFERENCE_API_KEY"],
        base_env: &["XINFERENCE_API_BASE"],
        ..OWN_SERVER
    },
];
