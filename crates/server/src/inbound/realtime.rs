//! Paths of realtime sessions (reference section 2.2, WebSocket).

use http::Request;
use lockgate_engine::realtime::{Ask, Protocol, Talk, is_asked_for};

use super::route::{decode, query_value};

/// OpenAI's, and Azure's without and with dated versions.
const OPENAI: [&str; 4] = [
    "/v1/realtime",
    "/realtime",
    "/openai/v1/realtime",
    "/openai/realtime",
];
/// LiteLLM's name for Vertex AI's.
const VERTEX: &str = "/vertex_ai/live";
/// How Google's own begin and end, below any base URL: the API's version stands between.
const LIVE: [(&str, &str); 2] = [
    (
        "/ws/google.ai.generativelanguage.",
        ".GenerativeService.BidiGenerateContent",
    ),
    (
        "/ws/google.cloud.aiplatform.",
        ".LlmBidiService/BidiGenerateContent",
    ),
];
/// What of a query is meant for the gateway.
const OWN: [&str; 5] = ["api-version", "api_key", "deployment", "key", "model"];

/// The Responses API, where a request wants a WebSocket.
pub(super) fn responses<B>(request: &Request<B>, path: &str) -> Option<Ask> {
    let asked = matches!(path, "/v1/responses" | "/responses") && is_asked_for(request);
    asked.then(|| Ask {
        talk: Talk::Responses,
        model: None,
        query: String::new(),
        key: None,
    })
}

/// The session that `request` asks for.
pub(super) fn ask<B>(request: &Request<B>, path: &str) -> Option<Ask> {
    if OPENAI.contains(&path) {
        let query = request.uri().query().unwrap_or_default();
        let (mut model, mut passed) = (None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if matches!(name, "model" | "deployment") {
                model = Some(decode(value))
                    .filter(|model| !model.is_empty())
                    .or(model);
            } else if !OWN.contains(&name) {
                passed.push(pair);
            }
        }
        return Some(Ask {
            talk: Talk::Realtime(Protocol::OpenAi),
            model,
            query: passed.join("&"),
            key: None,
        });
    }
    let live = path == VERTEX
        || LIVE.iter().any(|(begin, end)| {
            path.strip_suffix(end)
                .and_then(|path| path.rsplit_once(begin))
                .is_some_and(|(_, version)| !version.contains('/'))
        });
    live.then(|| Ask {
        talk: Talk::Realtime(Protocol::Gemini),
        model: None,
        query: String::new(),
        key: query_value(request, "key"),
    })
}
