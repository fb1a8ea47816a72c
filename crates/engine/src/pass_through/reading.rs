//! What of an answer that is passed through is read on the side: the tokens it tells of.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use lockgate_wire::DialectId;

/// How the paths of chats and embeddings end, and whose they are.
const PATHS: [(&str, DialectId); 12] = [
    ("/chat/completions", DialectId::OpenAiChat),
    ("/completions", DialectId::OpenAiChat),
    ("/embeddings", DialectId::OpenAiChat),
    ("/responses", DialectId::OpenAiResponses),
    ("/messages", DialectId::Anthropic),
    ("/converse", DialectId::Bedrock),
    ("/converse-stream", DialectId::Bedrock),
    ("/v2/chat", DialectId::Cohere),
    ("/v2/embed", DialectId::Cohere),
    ("/api/chat", DialectId::Ollama),
    ("/api/generate", DialectId::Ollama),
    ("/api/embed", DialectId::Ollama),
];

/// Methods of Google's APIs that answer with a chat.
const GEMINI: [&str; 2] = [":generateContent", ":streamGenerateContent"];

/// The dialect of what is answered at `path`, if it is one that tells of tokens.
pub(super) fn dialect_of(path: &str) -> Option<DialectId> {
    let path = path.trim_end_matches('/');
    if GEMINI.iter().any(|method| path.ends_with(method)) {
        return Some(DialectId::Gemini);
    }
    // Claude on Vertex AI; its path says who made the model.
    if path.contains("/publishers/anthropic/models/") {
        return Some(DialectId::Anthropic);
    }
    let found = PATHS.iter().find(|(end, _)| path.ends_with(end));
    found.map(|(_, dialect)| *dialect)
}

/// What an answer's headers say about its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One JSON document, of this length when it is announced.
    Json(Option<u64>),
    /// A stream in the framing of its dialect.
    Stream,
    /// Anything else.
    Opaque,
}

// === impl Shape ===

impl Shape {
    /// What `headers` say.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if headers.contains_key("content-encoding") {
            return Self::Opaque;
        }
        let content_type: &str = text(CONTENT_TYPE).unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "application/json" => {
                let length = headers.get("content-length");
                let length = length.and_then(|value| value.to_str().ok());
                Self::Json(length.and_then(|length| length.parse().ok()))
            }
            "text/event-stream" | "application/vnd.amazon.eventstream" | "application/x-ndjson" => {
                Self::Stream
            }
            _ => Self::Opaque,
        }
    }
}
