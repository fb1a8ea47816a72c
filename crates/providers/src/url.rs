//! From a base URL to the URL of one operation.

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::cloud::NoCredential;
use crate::spec::UrlStyle;
use crate::watsonx;

mod azure;
mod base;
mod bedrock;
mod realtime;
mod vertex;

use self::azure::AzureOpenAi;
pub(crate) use self::azure::takes_api_key;
pub(crate) use self::base::Base;
use self::bedrock::Bedrock;
pub(crate) use self::bedrock::region_of;
use self::vertex::Vertex;
pub(crate) use self::vertex::{Project, Scope, host as vertex_host};

/// A base URL that cannot be used, or an operation that has no URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not an absolute `http` or `https` URL. The text is shown without credentials.
    #[error("`{0}` is not a base URL: expected `http://host[:port][/path]` or `https://...`")]
    NotABase(String),
    /// The provider's API has no such operation.
    #[error("the provider has no {0} endpoint")]
    NoEndpoint(&'static str),
    /// A path that cannot be asked for.
    #[error("`{0}` is not a path of the provider's API")]
    Path(String),
    /// The model name cannot stand in a path.
    #[error("`{0}` cannot be part of a URL")]
    Model(String),
    /// The URL names a project, and nobody says which.
    #[error("Vertex AI needs a project: set `vertex_project`, or VERTEXAI_PROJECT")]
    NoProject,
    /// The URL names the project of a credential that is not there.
    #[error(transparent)]
    Credential(NoCredential),
}

/// The URLs of one connection, built once.
#[derive(Debug, Clone)]
pub(crate) enum Endpoints {
    /// No network.
    None,
    /// One URL per operation, whatever the model.
    Fixed(Box<Fixed>),
    /// The model stands in the path.
    PerModel(Base),
    /// Azure OpenAI.
    Azure(AzureOpenAi),
    /// Amazon Bedrock.
    Bedrock(Bedrock),
    /// Vertex AI.
    Vertex(Vertex),
    /// watsonx.ai: whether the answer streams decides, and the model may.
    Watsonx(Base),
}

/// What URLs are made of besides a base.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place<'a> {
    /// `api_version`.
    pub(crate) api_version: Option<&'a str>,
    /// Called in place of the model's name (Bedrock).
    pub(crate) model_id: Option<&'a str>,
    /// Project and location (Vertex AI).
    pub(crate) scope: Option<Scope>,
}

/// The URLs of the operations that a provider has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fixed {
    chat: Option<Uri>,
    completions: Option<Uri>,
    generate: Option<Uri>,
    embeddings: Option<Uri>,
    embeddings_single: Option<Uri>,
    count_tokens: Option<Uri>,
    rerank: Option<Uri>,
    models: Option<Uri>,
    /// Of an OpenAI-compatible API: what its less frequent operations stand below.
    base: Option<Base>,
}

/// What RFC 3986 lets stand in a path segment, less `:`, which separates the method from the
/// model. Slashes stay: `tunedModels/x` and `publishers/google/models/x` are model names.
pub(crate) const MODEL: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'@');

/// The same for a name that must be one segment.
const SEGMENT: &AsciiSet = &MODEL.add(b'/');

/// Google's own host, whose base URL is written without the API version.
const GOOGLE_HOST: &str = "generativelanguage.googleapis.com";

// === impl Endpoints ===

impl Endpoints {
    pub(crate) fn new(style: UrlStyle, base: Base, place: Place<'_>) -> Self {
        match style {
            UrlStyle::AzureOpenAi => Self::Azure(AzureOpenAi::new(base, place.api_version)),
            UrlStyle::AzureAi => Self::fixed(azure::foundry(base, place.api_version)),
            UrlStyle::AnthropicUnder(path) => {
                let base = base
                    .without(FOUNDRY_ENDS)
                    .without(ANTHROPIC_ENDS)
                    .under(path);
                Self::fixed(Fixed::anthropic(&base))
            }
            UrlStyle::Bedrock => Self::Bedrock(Bedrock::new(base, place.model_id)),
            UrlStyle::Vertex(api) => {
                let scope = place.scope.unwrap_or(Scope::Model);
                Self::Vertex(Vertex::new(base, api, scope))
            }
            UrlStyle::OpenAi => Self::fixed(Fixed::openai(&base.without(OPENAI_ENDS))),
            UrlStyle::OpenAiUnder(path) => {
                Self::fixed(Fixed::openai(&base.without(OPENAI_ENDS).under(path)))
            }
            UrlStyle::MistralFim => {
                Self::fixed(Fixed::openai(&base.without(OPENAI_ENDS).under("/fim")))
            }
            UrlStyle::Watsonx => Self::Watsonx(base.without(watsonx::ENDS)),
            UrlStyle::Anthropic => Self::fixed(Fixed::anthropic(&base.without(ANTHROPIC_ENDS))),
            UrlStyle::Cohere => Self::fixed(Fixed::cohere(&base.without(COHERE_ENDS))),
            UrlStyle::Ollama => Self::fixed(Fixed::ollama(&base.without(OLLAMA_ENDS))),
            UrlStyle::Gemini if base.path().is_empty() && base.host() == GOOGLE_HOST => {
                Self::PerModel(base.under("/v1beta"))
            }
            UrlStyle::Gemini => Self::PerModel(base),
        }
    }

    fn fixed(urls: Fixed) -> Self {
        Self::Fixed(Box::new(urls))
    }

    pub(crate) fn uri(
        &self,
        operation: Operation,
        model: &str,
        stream: bool,
    ) -> Result<Uri, UrlError> {
        if operation == Operation::Realtime {
            return self.realtime(model);
        }
        let url = match self {
            Self::None => None,
            Self::Fixed(urls) => urls.get(operation),
            Self::PerModel(base) => return gemini(base, operation, model, stream),
            Self::Azure(urls) => return urls.uri(operation, model),
            Self::Bedrock(urls) => return urls.uri(operation, model, stream),
            Self::Vertex(urls) => return urls.uri(operation, model, stream),
            Self::Watsonx(base) => return watsonx::uri(base, operation, model, stream),
        };
        url.ok_or(UrlError::NoEndpoint(operation.as_str()))
    }

    /// Where the server is that has `path`, if that is not the same for all: Vertex AI names the
    /// location twice.
    pub(crate) fn place_of(&self, path: &str) -> Option<Base> {
        match self {
            Self::Vertex(urls) => urls.place_of(path),
            _ => None,
        }
    }

    pub(crate) fn models(&self) -> Option<Uri> {
        match self {
            // Clouds list models in their management APIs.
            Self::None | Self::Azure(_) | Self::Bedrock(_) | Self::Vertex(_) => None,
            Self::Fixed(urls) => urls.models.clone(),
            Self::PerModel(base) => base.uri("/models", "").ok(),
            Self::Watsonx(base) => watsonx::models(base),
        }
    }
}

/// What a base URL may be written with although it is no part of it.
const OPENAI_ENDS: &[&str] = &["/chat/completions", "/completions", "/embeddings"];
const ANTHROPIC_ENDS: &[&str] = &["/v1/messages", "/v1"];
/// A resource of Azure AI Foundry is written with the path of its other API.
const FOUNDRY_ENDS: &[&str] = &["/models/chat/completions", "/models", "/openai/v1"];
const COHERE_ENDS: &[&str] = &["/v2/chat", "/v1/chat", "/v2", "/v1"];
const OLLAMA_ENDS: &[&str] = &["/api/chat", "/api/generate", "/api/embed", "/api"];

// === impl Fixed ===

impl Fixed {
    fn openai(base: &Base) -> Self {
        Self {
            chat: base.uri("/chat/completions", "").ok(),
            completions: base.uri("/completions", "").ok(),
            embeddings: base.uri("/embeddings", "").ok(),
            rerank: base.uri("/rerank", "").ok(),
            models: base.uri("/models", "").ok(),
            base: Some(base.clone()),
            ..Self::default()
        }
    }

    fn anthropic(base: &Base) -> Self {
        Self {
            chat: base.uri("/v1/messages", "").ok(),
            count_tokens: base.uri("/v1/messages/count_tokens", "").ok(),
            models: base.uri("/v1/models", "").ok(),
            ..Self::default()
        }
    }

    fn cohere(base: &Base) -> Self {
        Self {
            chat: base.uri("/v2/chat", "").ok(),
            embeddings: base.uri("/v2/embed", "").ok(),
            rerank: base.uri("/v2/rerank", "").ok(),
            models: base.uri("/v1/models", "").ok(),
            ..Self::default()
        }
    }

    fn ollama(base: &Base) -> Self {
        Self {
            chat: base.uri("/api/chat", "").ok(),
            completions: base.uri("/v1/completions", "").ok(),
            generate: base.uri("/api/generate", "").ok(),
            embeddings: base.uri("/api/embed", "").ok(),
            embeddings_single: base.uri("/api/embeddings", "").ok(),
            models: base.uri("/api/tags", "").ok(),
            ..Self::default()
        }
    }

    fn get(&self, operation: Operation) -> Option<Uri> {
        match operation {
            Operation::Chat => self.chat.clone(),
            Operation::Completions => self.completions.clone(),
            Operation::Generate => self.generate.clone(),
            Operation::Embeddings => self.embeddings.clone(),
            Operation::EmbeddingsSingle => self.embeddings_single.clone(),
            Operation::CountTokens => self.count_tokens.clone(),
            Operation::Rerank => self.rerank.clone(),
            Operation::Responses => self.base.as_ref()?.uri("/responses", "").ok(),
            _ => self
                .base
                .as_ref()?
                .uri(operation.forwarded_path()?, "")
                .ok(),
        }
    }
}

/// Gemini API reference: `models.generateContent`, `streamGenerateContent`, `countTokens`,
/// `embedContent`, `batchEmbedContents`.
fn gemini(base: &Base, operation: Operation, model: &str, stream: bool) -> Result<Uri, UrlError> {
    let (method, query) = match operation {
        Operation::Chat if stream => ("streamGenerateContent", "alt=sse"),
        Operation::Chat => ("generateContent", ""),
        Operation::Embeddings => ("batchEmbedContents", ""),
        Operation::EmbeddingsSingle => ("embedContent", ""),
        Operation::CountTokens => ("countTokens", ""),
        _ => return Err(UrlError::NoEndpoint(operation.as_str())),
    };
    let bare = model.strip_prefix("models/").unwrap_or(model);
    // `..` would climb out of the collection, and an empty segment would name another one.
    if bare
        .split('/')
        .any(|segment| segment.is_empty() || segment == "." || segment == "..")
    {
        return Err(UrlError::Model(model.to_owned()));
    }
    let collection = if bare.starts_with("tunedModels/") {
        ""
    } else {
        "models/"
    };
    let model_path = utf8_percent_encode(bare, MODEL);
    base.uri(&format!("/{collection}{model_path}:{method}"), query)
        .map_err(|_| UrlError::Model(model.to_owned()))
}
