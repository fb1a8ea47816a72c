//! The routes that lead to models, as keys are allowed them: by what was matched.

use lockgate_core::access::{MatchedRoute, RouteClass};
use lockgate_wire::{DialectId, Operation};

use crate::pipeline::Endpoint;

// === impl Endpoint ===

impl Endpoint {
    /// The route that a request was matched to, under every path that leads there.
    pub(crate) fn matched(&self) -> MatchedRoute<'static> {
        MatchedRoute {
            paths: paths(self.dialect, self.operation),
            class: class(self.dialect),
        }
    }
}

fn class(dialect: DialectId) -> RouteClass {
    match dialect {
        DialectId::OpenAiChat | DialectId::OpenAiResponses => RouteClass::OpenAi,
        DialectId::Anthropic => RouteClass::Anthropic,
        DialectId::Gemini => RouteClass::Google,
        DialectId::Bedrock | DialectId::Cohere | DialectId::Ollama => RouteClass::OtherDialect,
    }
}

/// The paths of an operation, the usual one first.
fn paths(dialect: DialectId, operation: Operation) -> &'static [&'static str] {
    match dialect {
        DialectId::OpenAiChat => openai(operation),
        DialectId::OpenAiResponses => match operation {
            Operation::CountTokens => &["/v1/responses/input_tokens", "/responses/input_tokens"],
            Operation::Compact => &["/v1/responses/compact", "/responses/compact"],
            _ => &["/v1/responses", "/responses"],
        },
        DialectId::Anthropic => match operation {
            Operation::CountTokens => &["/v1/messages/count_tokens"],
            _ => &["/v1/messages"],
        },
        DialectId::Gemini => match operation {
            Operation::CountTokens => &[
                "/v1beta/models/{model_name}:countTokens",
                "/models/{model_name}:countTokens",
            ],
            Operation::Realtime => &["/vertex_ai/live"],
            _ => &[
                "/v1beta/models/{model_name}:generateContent",
                "/models/{model_name}:generateContent",
                "/v1beta/models/{model_name}:streamGenerateContent",
                "/models/{model_name}:streamGenerateContent",
            ],
        },
        DialectId::Bedrock => &[
            "/model/{model_id}/converse",
            "/bedrock/model/{model_id}/converse",
        ],
        DialectId::Cohere => match operation {
            Operation::Embeddings => &["/v2/embed"],
            _ => &["/v2/chat"],
        },
        DialectId::Ollama => match operation {
            Operation::Generate => &["/api/generate"],
            Operation::Embeddings => &["/api/embed"],
            Operation::EmbeddingsSingle => &["/api/embeddings"],
            _ => &["/api/chat"],
        },
    }
}

fn openai(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::Completions => &[
            "/v1/completions",
            "/completions",
            "/engines/{model}/completions",
            "/openai/deployments/{model}/completions",
        ],
        Operation::Embeddings => &[
            "/v1/embeddings",
            "/embeddings",
            "/engines/{model}/embeddings",
            "/openai/deployments/{model}/embeddings",
        ],
        Operation::Moderations => &["/v1/moderations", "/moderations"],
        Operation::ImageGeneration => &["/v1/images/generations", "/images/generations"],
        Operation::ImageEdit => &["/v1/images/edits", "/images/edits"],
        Operation::ImageVariation => &["/v1/images/variations", "/images/variations"],
        Operation::Speech => &["/v1/audio/speech", "/audio/speech"],
        Operation::Transcription => &["/v1/audio/transcriptions", "/audio/transcriptions"],
        Operation::Translation => &["/v1/audio/translations", "/audio/translations"],
        Operation::Ocr => &["/v1/ocr", "/ocr"],
        Operation::Rerank => &["/v1/rerank", "/rerank", "/v2/rerank"],
        Operation::Realtime => &["/v1/realtime", "/realtime"],
        _ => &[
            "/v1/chat/completions",
            "/chat/completions",
            "/engines/{model}/chat/completions",
            "/openai/deployments/{model}/chat/completions",
        ],
    }
}
