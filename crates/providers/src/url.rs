//! From a base URL to the URL of one operation.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use http::Uri;
use http::uri::{Authority, Scheme};
use lockgate_wire::Operation;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::spec::UrlStyle;
use crate::watsonx;

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
}

/// An absolute URL, taken apart.
#[derive(Clone)]
pub(crate) struct Base {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at the end.
    path: String,
    /// With its question mark, or empty.
    query: String,
    /// `user:password`, percent-encoded as it was written.
    userinfo: Option<String>,
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
    /// watsonx.ai: whether the answer streams decides, and the model may.
    Watsonx(Base),
}

/// The URLs of the operations that a provider has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fixed {
    chat: Option<Uri>,
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

/// Google's own host, whose base URL is written without the API version.
const GOOGLE_HOST: &str = "generativelanguage.googleapis.com";

// === impl Base ===

impl Base {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        let refused = || UrlError::NotABase(display(text));
        let (scheme, rest) = text.split_once("://").ok_or_else(refused)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(refused()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (before_query, query) = match rest.find('?') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (authority, path) = match before_query.find('/') {
            Some(at) => before_query.split_at(at),
            None => (before_query, ""),
        };
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo.to_owned()), host),
            None => (None, authority),
        };
        let authority = Authority::from_str(host).map_err(|_| refused())?;
        // `Authority` takes any digits for a port.
        let port = host.strip_prefix(authority.host()).unwrap_or_default();
        if authority.host().is_empty() || !(port.is_empty() || authority.port_u16().is_some()) {
            return Err(refused());
        }
        let base = Self {
            scheme,
            authority,
            path: path.trim_end_matches('/').to_owned(),
            query: if query == "?" { "" } else { query }.to_owned(),
            userinfo,
        };
        base.uri("", "").map_err(|_| refused())?;
        Ok(base)
    }

    /// Host in lower case.
    pub(crate) fn host(&self) -> String {
        self.authority.host().to_ascii_lowercase()
    }

    /// Path without a slash at the end.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// With its question mark, or empty.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// `Basic` credentials, when the URL carries some.
    pub(crate) fn basic_auth(&self) -> Option<String> {
        let userinfo = self.userinfo.as_deref()?;
        let userinfo: Vec<u8> = percent_encoding::percent_decode_str(userinfo).collect();
        let encoded = base64::engine::general_purpose::STANDARD.encode(userinfo);
        Some(format!("Basic {encoded}"))
    }

    /// Takes off the first of these ends that the path has, so that a base may be written with it.
    fn without(mut self, ends: &[&str]) -> Self {
        if let Some(path) = ends.iter().find_map(|end| self.path.strip_suffix(end)) {
            self.path.truncate(path.len());
        }
        self
    }

    /// Adds that part of `path` that the path does not end with.
    fn under(mut self, path: &str) -> Self {
        self.path.push_str(self.beyond(path));
        self
    }

    /// That part of `path` that the path of this URL does not end with.
    fn beyond<'p>(&self, path: &'p str) -> &'p str {
        let cut = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()])
            .rfind(|&at| self.path.ends_with(&path[..at]))
            .unwrap_or_default();
        &path[cut..]
    }

    /// This URL with that part of `path` that its own path does not end with, and `query`.
    pub(crate) fn below(&self, path: &str, query: &str) -> Result<Uri, http::Error> {
        self.uri(self.beyond(path), query)
    }

    /// This URL with `suffix` behind its path and `pair` in its query.
    pub(crate) fn uri(&self, suffix: &str, pair: &str) -> Result<Uri, http::Error> {
        let Self { path, query, .. } = self;
        let joint = match (query.is_empty(), pair.is_empty()) {
            (_, true) => "",
            (true, false) => "?",
            (false, false) => "&",
        };
        let slash = if path.is_empty() && suffix.is_empty() {
            "/"
        } else {
            ""
        };
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{path}{suffix}{slash}{query}{joint}{pair}"))
            .build()
    }
}

impl fmt::Display for Base {
    /// Neither credentials nor query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            authority,
            path,
            ..
        } = self;
        write!(f, "{scheme}://{authority}{path}")
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

// === impl Endpoints ===

impl Endpoints {
    pub(crate) fn new(style: UrlStyle, base: Base) -> Self {
        match style {
            UrlStyle::OpenAi => Self::fixed(Fixed::openai(&base.without(OPENAI_ENDS))),
            UrlStyle::OpenAiUnder(path) => {
                Self::fixed(Fixed::openai(&base.without(OPENAI_ENDS).under(path)))
            }
            UrlStyle::Watsonx => Self::Watsonx(base.without(watsonx::ENDS)),
            UrlStyle::Anthropic => Self::fixed(Fixed::anthropic(&base.without(ANTHROPIC_ENDS))),
            UrlStyle::Cohere => Self::fixed(Fixed::cohere(&base.without(COHERE_ENDS))),
            UrlStyle::Ollama => Self::fixed(Fixed::ollama(&base.without(OLLAMA_ENDS))),
            UrlStyle::Gemini if base.path.is_empty() && base.host() == GOOGLE_HOST => {
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
        let url = match self {
            Self::None => None,
            Self::Fixed(urls) => urls.get(operation),
            Self::PerModel(base) => return gemini(base, operation, model, stream),
            Self::Watsonx(base) => return watsonx::uri(base, operation, model, stream),
        };
        url.ok_or(UrlError::NoEndpoint(operation.as_str()))
    }

    pub(crate) fn models(&self) -> Option<Uri> {
        match self {
            Self::None => None,
            Self::Fixed(urls) => urls.models.clone(),
            Self::PerModel(base) => base.uri("/models", "").ok(),
            Self::Watsonx(base) => watsonx::models(base),
        }
    }
}

/// What a base URL may be written with although it is no part of it.
const OPENAI_ENDS: &[&str] = &["/chat/completions", "/embeddings"];
const ANTHROPIC_ENDS: &[&str] = &["/v1/messages", "/v1"];
const COHERE_ENDS: &[&str] = &["/v2/chat", "/v1/chat", "/v2", "/v1"];
const OLLAMA_ENDS: &[&str] = &["/api/chat", "/api/generate", "/api/embed", "/api"];

// === impl Fixed ===

impl Fixed {
    fn openai(base: &Base) -> Self {
        Self {
            chat: base.uri("/chat/completions", "").ok(),
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

/// A text that was meant as a URL, without what may be a credential.
fn display(text: &str) -> String {
    lockgate_core::config::BaseUrl::new(text).to_string()
}
