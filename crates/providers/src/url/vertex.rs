//! URLs of Vertex AI.
//!
//! Vertex AI API reference, `projects.locations.publishers.models` and
//! `projects.locations.endpoints`; "Locations", "Express mode".

use std::sync::Arc;
use std::time::SystemTime;

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::utf8_percent_encode;

use super::realtime::before_models;
use super::{Base, SEGMENT, UrlError};
use crate::cloud::Credential;
use crate::spec::VertexApi;

/// The URLs of one Vertex AI connection.
#[derive(Debug, Clone)]
pub(crate) struct Vertex {
    base: Base,
    api: VertexApi,
    scope: Scope,
}

/// Whose models are called, and where.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// A project's, at a location.
    Project(Project, String),
    /// Those of an API key (express mode).
    Express,
    /// What the base says: it ends with the model.
    Model,
}

/// A Google Cloud project.
#[derive(Debug, Clone)]
pub(crate) enum Project {
    /// As configured.
    Given(String),
    /// The one that the credential belongs to.
    OfCredential(Arc<Credential>),
    /// Nobody says.
    Unknown,
}

// === impl Vertex ===

impl Vertex {
    /// Where the location is that `path` names, when that is Google's to say.
    pub(super) fn place_of(&self, path: &str) -> Option<Base> {
        if !self.base.host().ends_with("aiplatform.googleapis.com") {
            return None;
        }
        let location = path.split("/locations/").nth(1)?.split('/').next()?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let named = !location.is_empty() && location.chars().all(plain);
        named.then(|| Base::parse(&host(location)).ok())?
    }

    pub(crate) fn new(base: Base, api: VertexApi, scope: Scope) -> Self {
        // LiteLLM appends nothing but the method to a base; one that is only a host or a proxy's
        // prefix gets the whole path.
        let names_model =
            base.path().contains("/publishers/") || base.path().contains("/endpoints/");
        Self {
            base: if names_model {
                base
            } else {
                with_version(base)
            },
            scope: if names_model { Scope::Model } else { scope },
            api,
        }
    }

    pub(super) fn uri(
        &self,
        operation: Operation,
        model: &str,
        stream: bool,
    ) -> Result<Uri, UrlError> {
        let wrong = || UrlError::Model(model.to_owned());
        if model
            .split('/')
            .any(|segment| matches!(segment, "" | "." | ".."))
        {
            return Err(wrong());
        }
        let (path, query) = self.method(operation, model, stream)?;
        if matches!(self.scope, Scope::Model) {
            let method = path
                .rsplit_once(':')
                .map(|(_, method)| format!(":{method}"));
            let suffix = method.unwrap_or_default();
            return self.base.uri(&suffix, query).map_err(|_| wrong());
        }
        let parent = self.parent()?;
        self.base
            .uri(&format!("{parent}{path}"), query)
            .map_err(|_| wrong())
    }

    /// The location that models are in, as a path.
    pub(super) fn parent(&self) -> Result<String, UrlError> {
        let Scope::Project(project, location) = &self.scope else {
            return Ok(String::new());
        };
        let project = project.id()?;
        let project = utf8_percent_encode(&project, SEGMENT);
        let location = utf8_percent_encode(location, SEGMENT);
        Ok(format!("/projects/{project}/locations/{location}"))
    }

    /// Where Google's own models are, without what leads to them.
    pub(super) fn root(&self) -> Option<Base> {
        (self.api == VertexApi::Gemini).then(|| before_models(&self.base))
    }

    /// The path below the location, and the query.
    fn method(
        &self,
        operation: Operation,
        model: &str,
        stream: bool,
    ) -> Result<(String, &'static str), UrlError> {
        let none = Err(UrlError::NoEndpoint(operation.as_str()));
        let name = utf8_percent_encode(model, SEGMENT);
        let numbered = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        Ok(match self.api {
            VertexApi::Gemini => {
                let (method, query) = match operation {
                    Operation::Chat if stream => ("streamGenerateContent", "alt=sse"),
                    Operation::Chat => ("generateContent", ""),
                    Operation::CountTokens => ("countTokens", ""),
                    _ => return none,
                };
                // A tuned model is an endpoint, and has a number for a name.
                let collection = if numbered(model) {
                    "endpoints"
                } else {
                    "publishers/google/models"
                };
                (format!("/{collection}/{name}:{method}"), query)
            }
            VertexApi::Predict if operation == Operation::Embeddings => {
                (format!("/publishers/google/models/{name}:predict"), "")
            }
            VertexApi::Predict => return none,
            VertexApi::Raw(publisher) => {
                let method = match operation {
                    Operation::Chat if stream => "streamRawPredict",
                    Operation::Chat => "rawPredict",
                    _ => return none,
                };
                (
                    format!("/publishers/{publisher}/models/{name}:{method}"),
                    "",
                )
            }
            VertexApi::OpenApi => match (operation, model.strip_prefix("openai/")) {
                (Operation::Chat, Some(id)) if numbered(id) => {
                    (format!("/endpoints/{id}/chat/completions"), "")
                }
                (Operation::Chat, _) => ("/endpoints/openapi/chat/completions".to_owned(), ""),
                _ => return none,
            },
        })
    }
}

// === impl Project ===

impl Project {
    fn id(&self) -> Result<String, UrlError> {
        match self {
            Self::Given(id) => Ok(id.clone()),
            Self::Unknown => Err(UrlError::NoProject),
            Self::OfCredential(credential) => {
                let lease = credential
                    .current(SystemTime::now())
                    .map_err(UrlError::Credential)?;
                lease.project.clone().ok_or(UrlError::NoProject)
            }
        }
    }
}

/// Adds the API version, unless the base has one.
fn with_version(base: Base) -> Base {
    let versioned = base.path().contains("/projects/")
        || ["/v1", "/v1beta1"]
            .iter()
            .any(|end| base.path().ends_with(end));
    if versioned { base } else { base.under("/v1") }
}

/// The host of a location.
pub(crate) fn host(location: &str) -> String {
    match location {
        "global" => "https://aiplatform.googleapis.com".to_owned(),
        // Multi-regions.
        "us" | "eu" => format!("https://aiplatform.{location}.rep.googleapis.com"),
        region => format!("https://{region}-aiplatform.googleapis.com"),
    }
}
