//! Which endpoint a request means (reference section 2.2).

use http::{Method, Request};
use lockgate_admin::Found;
use lockgate_engine::Endpoint;
use lockgate_engine::pass_through::PassThrough;
use lockgate_engine::responses::Ask;
use lockgate_engine::snapshot::Snapshot;
use lockgate_wire::{DialectId, Operation};
use percent_encoding::percent_decode_str;

use super::admin::AdminAsk;
use super::{bedrock_path, gemini_path, pass_through, realtime, responses};

/// Where a request goes.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// Through the pipeline.
    Pipeline(Endpoint),
    /// To a provider's own API.
    PassThrough(PassThrough),
    /// To a WebSocket.
    Session(lockgate_engine::realtime::Ask),
    /// To an endpoint that is answered here.
    Page(Page),
    /// To the management API.
    Admin(AdminAsk),
    /// To a path of the management API that has these methods instead.
    AdminMethods(String),
    /// Nowhere; the error is written in this dialect.
    NotFound(DialectId),
    /// Nowhere either: its head is too large to be looked at.
    HeadTooLarge(DialectId),
    /// To an endpoint that has another method.
    WrongMethod(DialectId, &'static str),
}

/// An endpoint that is answered without the pipeline.
#[derive(Debug, Clone)]
pub(super) enum Page {
    /// `/`
    About,
    /// `/openapi.json`
    OpenApi,
    /// `/public/providers`
    Providers,
    /// `/public/litellm_model_cost_map`
    PriceMap,
    /// `/health/liveliness`
    Alive,
    /// `/health/readiness`
    Ready,
    /// `/health`
    Health,
    /// `/metrics`
    Metrics,
    /// The model list, in a dialect, with the `?key=` of Gemini's.
    Models(DialectId, Option<String>),
    /// One model of it.
    Model(DialectId, String, Option<String>),
    /// `/v1/responses/{id}` and below.
    Responses(Ask),
    /// `/api/version`
    OllamaVersion,
    /// `/api/tags`
    OllamaTags,
    /// `/api/ps`
    OllamaRunning,
    /// `/api/show`
    OllamaShow,
    /// `/model/info`, `/v1/model/info`
    ModelInfo,
    /// `/v2/model/info`
    ModelInfoPages,
    /// `/model_group/info`
    ModelGroupInfo,
    /// `/utils/token_counter`
    TokenCounter,
    /// `/utils/supported_openai_params`
    SupportedParams,
    /// `/utils/transform_request`
    TransformRequest,
    /// `/v1/lockgate/capabilities`
    Capabilities,
}

/// Where `request` goes; `is_provider` tells the ids that requests may be passed through to, and
/// `is_declared` the paths that the operator has for it. The gateway's own paths come first.
pub(super) fn route<B>(
    request: &Request<B>,
    is_provider: impl Fn(&str) -> bool,
    is_declared: impl Fn(&Method, &str) -> bool,
) -> Route {
    let path = request.uri().path();
    let path = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    let post = request.method() == Method::POST;
    if let Some(page) = fixed_page(path) {
        return pages(page, get, post);
    }
    if let Some(ask) = realtime::responses(request, path) {
        return Route::Session(ask);
    }
    if let Some((dialect, operation)) = fixed_operation(path) {
        return operations(endpoint(dialect, operation), post);
    }
    if let Some(endpoint) = model_in_path(path) {
        return operations(endpoint, post);
    }
    if let Some(endpoint) = bedrock_path::operation(path) {
        return operations(endpoint, post);
    }
    if let Some(mut endpoint) = gemini_path::operation(path) {
        endpoint.key = query_value(request, "key");
        endpoint.json_array = query_value(request, "alt").as_deref() != Some("sse");
        return operations(endpoint, post);
    }
    match lockgate_admin::find(request.method().as_str(), path) {
        Some(Found::Route(route, params)) => return Route::Admin(AdminAsk { route, params }),
        Some(Found::OtherMethods(methods)) => return Route::AdminMethods(methods),
        None => {}
    }
    if let Some(ask) = responses::ask(path, request) {
        return match ask {
            Ok(ask) => Route::Page(Page::Responses(ask)),
            Err(allowed) => Route::WrongMethod(DialectId::OpenAiResponses, allowed),
        };
    }
    if let Some(page) = model_pages(request, path) {
        return pages(page, get, post);
    }
    if let Some(ask) = realtime::ask(request, path) {
        return match get {
            true => Route::Session(ask),
            false => Route::WrongMethod(ask.dialect(), "GET"),
        };
    }
    if is_declared(request.method(), request.uri().path()) {
        return Route::PassThrough(pass_through::declared(request));
    }
    match pass_through::target(request, path, is_provider) {
        Some(target) => Route::PassThrough(target),
        None => Route::NotFound(dialect_of(request)),
    }
}

fn fixed_page(path: &str) -> Option<Page> {
    Some(match path {
        "/" => Page::About,
        "/openapi.json" => Page::OpenApi,
        "/public/providers" => Page::Providers,
        "/public/litellm_model_cost_map" => Page::PriceMap,
        "/health" => Page::Health,
        "/health/liveliness" | "/health/liveness" => Page::Alive,
        "/health/readiness" => Page::Ready,
        "/metrics" => Page::Metrics,
        "/api/version" => Page::OllamaVersion,
        "/api/tags" => Page::OllamaTags,
        "/api/ps" => Page::OllamaRunning,
        "/api/show" => Page::OllamaShow,
        "/model/info" | "/v1/model/info" => Page::ModelInfo,
        "/v2/model/info" => Page::ModelInfoPages,
        "/model_group/info" => Page::ModelGroupInfo,
        "/utils/token_counter" => Page::TokenCounter,
        "/utils/supported_openai_params" => Page::SupportedParams,
        "/utils/transform_request" => Page::TransformRequest,
        "/v1/lockgate/capabilities" => Page::Capabilities,
        _ => return None,
    })
}

fn fixed_operation(path: &str) -> Option<(DialectId, Operation)> {
    let unversioned = path.strip_prefix("/v1").unwrap_or(path);
    Some(match unversioned {
        "/chat/completions" => (DialectId::OpenAiChat, Operation::Chat),
        "/completions" => (DialectId::OpenAiChat, Operation::Completions),
        "/embeddings" => (DialectId::OpenAiChat, Operation::Embeddings),
        "/rerank" | "/v2/rerank" => (DialectId::OpenAiChat, Operation::Rerank),
        "/v2/chat" => (DialectId::Cohere, Operation::Chat),
        "/v2/embed" => (DialectId::Cohere, Operation::Embeddings),
        "/moderations" => (DialectId::OpenAiChat, Operation::Moderations),
        "/images/generations" => (DialectId::OpenAiChat, Operation::ImageGeneration),
        "/audio/speech" => (DialectId::OpenAiChat, Operation::Speech),
        "/audio/transcriptions" => (DialectId::OpenAiChat, Operation::Transcription),
        "/audio/translations" => (DialectId::OpenAiChat, Operation::Translation),
        "/images/edits" => (DialectId::OpenAiChat, Operation::ImageEdit),
        "/images/variations" => (DialectId::OpenAiChat, Operation::ImageVariation),
        "/ocr" => (DialectId::OpenAiChat, Operation::Ocr),
        "/responses/input_tokens" => (DialectId::OpenAiResponses, Operation::CountTokens),
        "/responses/compact" => (DialectId::OpenAiResponses, Operation::Compact),
        "/responses" => (DialectId::OpenAiResponses, Operation::Chat),
        "/messages" => (DialectId::Anthropic, Operation::Chat),
        "/messages/count_tokens" => (DialectId::Anthropic, Operation::CountTokens),
        "/api/chat" => (DialectId::Ollama, Operation::Chat),
        "/api/generate" => (DialectId::Ollama, Operation::Generate),
        "/api/embed" => (DialectId::Ollama, Operation::Embeddings),
        "/api/embeddings" => (DialectId::Ollama, Operation::EmbeddingsSingle),
        _ => return None,
    })
}

/// `/engines/{model}/...` and Azure's `/openai/deployments/{model}/...`; a model may hold slashes.
fn model_in_path(path: &str) -> Option<Endpoint> {
    let rest = path
        .strip_prefix("/openai/deployments/")
        .or_else(|| path.strip_prefix("/engines/"))
        .or_else(|| path.strip_prefix("/v1/engines/"))?;
    let (model, operation) = [
        ("/chat/completions", Operation::Chat),
        ("/completions", Operation::Completions),
        ("/embeddings", Operation::Embeddings),
        ("/images/generations", Operation::ImageGeneration),
        ("/audio/speech", Operation::Speech),
        ("/audio/transcriptions", Operation::Transcription),
        ("/audio/translations", Operation::Translation),
        ("/images/edits", Operation::ImageEdit),
    ]
    .iter()
    .find_map(|(end, operation)| Some((rest.strip_suffix(end)?, *operation)))?;
    let mut endpoint = endpoint(DialectId::OpenAiChat, operation);
    endpoint.model = Some(decode(model));
    Some(endpoint)
}

fn model_pages<B>(request: &Request<B>, path: &str) -> Option<Page> {
    if let Some(rest) = path.strip_prefix("/v1beta/models") {
        let key = query_value(request, "key");
        return model_page(DialectId::Gemini, rest, key);
    }
    let rest = path
        .strip_prefix("/v1")
        .unwrap_or(path)
        .strip_prefix("/models")?;
    model_page(models_dialect(request), rest, query_value(request, "key"))
}

fn model_page(dialect: DialectId, rest: &str, key: Option<String>) -> Option<Page> {
    if rest.is_empty() {
        return Some(Page::Models(dialect, key));
    }
    let id = rest.strip_prefix('/').filter(|id| !id.is_empty())?;
    Some(Page::Model(dialect, decode(id), key))
}

/// The SDKs of three vendors ask for the same path; their own headers tell them apart.
fn models_dialect<B>(request: &Request<B>) -> DialectId {
    if request.headers().contains_key("anthropic-version") {
        DialectId::Anthropic
    } else if request.headers().contains_key("x-goog-api-key")
        || query_value(request, "key").is_some()
    {
        DialectId::Gemini
    } else {
        DialectId::OpenAiChat
    }
}

/// The dialect of a client, as far as its request tells before it is matched.
pub(super) fn dialect_of<B>(request: &Request<B>) -> DialectId {
    let path = request.uri().path();
    if path.starts_with("/v1beta/") || path.contains(":generateContent") {
        DialectId::Gemini
    } else if path.starts_with("/model/") {
        DialectId::Bedrock
    } else if path.starts_with("/v2/") {
        DialectId::Cohere
    } else if path.starts_with("/v1/responses") {
        DialectId::OpenAiResponses
    } else if path.starts_with("/api/") {
        DialectId::Ollama
    } else if request.headers().contains_key("anthropic-version")
        || path.starts_with("/v1/messages")
    {
        DialectId::Anthropic
    } else {
        DialectId::OpenAiChat
    }
}

fn pages(page: Page, get: bool, post: bool) -> Route {
    let (asked_rightly, method) = if page.takes_a_body() {
        (post, "POST")
    } else {
        (get, "GET, HEAD")
    };
    if asked_rightly {
        Route::Page(page)
    } else {
        Route::WrongMethod(page.dialect(), method)
    }
}

fn operations(endpoint: Endpoint, post: bool) -> Route {
    if post {
        Route::Pipeline(endpoint)
    } else {
        Route::WrongMethod(endpoint.dialect, "POST")
    }
}

fn endpoint(dialect: DialectId, operation: Operation) -> Endpoint {
    Endpoint {
        dialect,
        operation,
        model: None,
        stream: None,
        json_array: false,
        key: None,
    }
}

pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

pub(super) fn query_value<B>(request: &Request<B>, name: &str) -> Option<String> {
    value_in(request.uri().query(), name)
}

/// The value of `name` in a query.
pub(super) fn value_in(query: Option<&str>, name: &str) -> Option<String> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| decode(value))
    })
}

// === impl Page ===

impl Page {
    /// Whether the caller must show a key: everywhere but where a probe or a person first looks.
    pub(super) fn needs_key(&self, snapshot: &Snapshot) -> bool {
        match self {
            Self::About
            | Self::OpenApi
            | Self::Providers
            | Self::PriceMap
            | Self::Alive
            | Self::Ready
            | Self::OllamaVersion => false,
            Self::Metrics => snapshot.config.litellm.require_auth_for_metrics_endpoint,
            Self::Health
            | Self::Models(..)
            | Self::Model(..)
            | Self::OllamaTags
            | Self::OllamaRunning
            | Self::OllamaShow
            | Self::ModelInfo
            | Self::ModelInfoPages
            | Self::ModelGroupInfo
            | Self::TokenCounter
            | Self::SupportedParams
            | Self::TransformRequest
            | Self::Capabilities
            | Self::Responses(_) => true,
        }
    }

    /// Whether it is asked with a body, and so with POST.
    fn takes_a_body(&self) -> bool {
        matches!(
            self,
            Self::OllamaShow | Self::TokenCounter | Self::TransformRequest
        )
    }

    /// The dialect its errors are written in.
    pub(super) fn dialect(&self) -> DialectId {
        match self {
            Self::Models(dialect, _) | Self::Model(dialect, ..) => *dialect,
            Self::OllamaVersion | Self::OllamaTags | Self::OllamaRunning | Self::OllamaShow => {
                DialectId::Ollama
            }
            Self::Responses(_) => DialectId::OpenAiResponses,
            _ => DialectId::OpenAiChat,
        }
    }

    /// The key in the URL, where the dialect allows one.
    pub(super) fn query_key(&self) -> Option<&str> {
        match self {
            Self::Models(DialectId::Gemini, key) | Self::Model(DialectId::Gemini, _, key) => {
                key.as_deref()
            }
            _ => None,
        }
    }
}
