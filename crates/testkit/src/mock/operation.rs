//! Which operation of which dialect a request names.

use http::{HeaderMap, Method};

use super::scan;

/// The operations the mock answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    OpenAiChat,
    OpenAiCompletions,
    OpenAiEmbeddings,
    OpenAiModels,
    OpenAiResponses,
    OpenAiInputTokens,
    AnthropicMessages,
    AnthropicCountTokens,
    AnthropicModels,
    GeminiGenerate,
    GeminiStream,
    GeminiEmbed,
    GeminiBatchEmbed,
    GeminiCountTokens,
    GeminiModels,
    BedrockConverse,
    BedrockStream,
    BedrockInvoke,
    CohereChat,
    CohereEmbed,
    CohereRerank,
    OllamaChat,
    OllamaGenerate,
    OllamaEmbed,
    OllamaEmbeddings,
    OllamaTags,
    OllamaVersion,
    OllamaPs,
    OllamaShow,
    /// As vLLM and llama.cpp's server have it.
    Health,
    Log,
    Reset,
    Unknown,
}

impl Operation {
    /// Reads method and path; paths may carry any prefix, as base URLs do.
    pub(super) fn of(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        let post = method == Method::POST;
        // Ids of Bedrock's models have colons of their own.
        if let Some((_, verb)) = path.rsplit_once('/')
            && post
            && path.contains("/model/")
        {
            return Self::bedrock(verb);
        }
        if let Some((_, verb)) = path.rsplit_once(':')
            && post
        {
            return Self::gemini(verb);
        }
        let post_routes = [
            ("/chat/completions", Self::OpenAiChat),
            ("/completions", Self::OpenAiCompletions),
            ("/api/embeddings", Self::OllamaEmbeddings),
            ("/embeddings", Self::OpenAiEmbeddings),
            ("/responses", Self::OpenAiResponses),
            ("/responses/input_tokens", Self::OpenAiInputTokens),
            ("/v1/messages", Self::AnthropicMessages),
            ("/v1/messages/count_tokens", Self::AnthropicCountTokens),
            ("/v2/chat", Self::CohereChat),
            ("/v2/embed", Self::CohereEmbed),
            ("/v2/rerank", Self::CohereRerank),
            ("/api/chat", Self::OllamaChat),
            ("/api/generate", Self::OllamaGenerate),
            ("/api/embed", Self::OllamaEmbed),
            ("/api/show", Self::OllamaShow),
        ];
        let get_routes = [
            ("/api/tags", Self::OllamaTags),
            ("/api/version", Self::OllamaVersion),
            ("/api/ps", Self::OllamaPs),
            ("/health", Self::Health),
            ("/health/readiness", Self::Health),
            ("/_mock/requests", Self::Log),
        ];
        if path == "/_mock/reset" {
            return Self::Reset;
        }
        if path.ends_with("/models") && !post {
            return Self::models(path, headers);
        }
        let routes: &[(&str, Self)] = if post { &post_routes } else { &get_routes };
        routes
            .iter()
            .find(|(suffix, _)| path.ends_with(suffix))
            .map_or(Self::Unknown, |(_, operation)| *operation)
    }

    /// The model a request asks for; empty when it names none.
    pub(super) fn model<'a>(self, path: &'a str, body: &'a [u8]) -> &'a str {
        match self {
            Self::GeminiGenerate
            | Self::GeminiStream
            | Self::GeminiEmbed
            | Self::GeminiBatchEmbed
            | Self::GeminiCountTokens => {
                let name = path.rsplit_once("/models/").map_or(path, |(_, name)| name);
                name.rsplit_once(':').map_or(name, |(name, _)| name)
            }
            Self::BedrockConverse | Self::BedrockStream | Self::BedrockInvoke => {
                let name = path.rsplit_once("/model/").map_or(path, |(_, name)| name);
                name.rsplit_once('/').map_or(name, |(name, _)| name)
            }
            _ => scan::string(body, "model").unwrap_or_default(),
        }
    }

    fn bedrock(verb: &str) -> Self {
        match verb {
            "converse" => Self::BedrockConverse,
            "converse-stream" => Self::BedrockStream,
            "invoke" => Self::BedrockInvoke,
            _ => Self::Unknown,
        }
    }

    fn gemini(verb: &str) -> Self {
        match verb {
            "generateContent" => Self::GeminiGenerate,
            "streamGenerateContent" => Self::GeminiStream,
            "embedContent" => Self::GeminiEmbed,
            "batchEmbedContents" => Self::GeminiBatchEmbed,
            "countTokens" => Self::GeminiCountTokens,
            _ => Self::Unknown,
        }
    }

    /// The three APIs share the path; what else they ask for tells them apart.
    fn models(path: &str, headers: &HeaderMap) -> Self {
        if path.contains("/v1beta") || headers.contains_key("x-goog-api-key") {
            Self::GeminiModels
        } else if headers.contains_key("anthropic-version") {
            Self::AnthropicModels
        } else {
            Self::OpenAiModels
        }
    }
}
