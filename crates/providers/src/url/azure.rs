//! URLs of Azure OpenAI and of Azure AI Foundry's model inference.
//!
//! Azure OpenAI REST API reference, "API specs" (data plane) and "v1 API lifecycle"; Azure AI Model
//! Inference REST API.

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::utf8_percent_encode;

use super::realtime::named;
use super::{Base, Fixed, SEGMENT, UrlError};

/// What Azure OpenAI is asked for when nobody says a version; LiteLLM's choice.
pub(crate) const DEFAULT_VERSION: &str = "2025-02-01-preview";
/// The version of the model inference API.
const FOUNDRY_VERSION: &str = "2024-05-01-preview";
/// Words that mean the API without dated versions.
const UNDATED: &[&str] = &["v1", "latest", "preview"];
const ENDS: &[&str] = &["/chat/completions", "/completions", "/embeddings"];
const V1: &str = "/openai/v1";
/// Cloudflare's gateway knows resources and deployments only.
const CLOUDFLARE: &str = "gateway.ai.cloudflare.com";
const DEPLOYMENTS: &str = "/openai/deployments";

/// The URLs of one Azure OpenAI connection.
#[derive(Debug, Clone)]
pub(crate) struct AzureOpenAi {
    base: Base,
    /// Whether the deployment's name is still to be added to the base.
    named: bool,
    /// `api-version=...`, or empty.
    version: String,
    /// Where the APIs are that no deployment has a path for.
    resource: Option<Resource>,
}

/// The APIs of a resource that name their deployment elsewhere: Responses and Realtime.
#[derive(Debug, Clone)]
struct Resource {
    base: Base,
    /// `api-version=...`, or empty.
    version: String,
    /// The version has a date.
    dated: bool,
    /// The deployment that the base names.
    deployment: Option<String>,
}

// === impl AzureOpenAi ===

impl AzureOpenAi {
    /// From a base as LiteLLM's users write it: the resource, a deployment, the v1 API, or a
    /// gateway of Cloudflare's.
    pub(crate) fn new(base: Base, version: Option<&str>) -> Self {
        let base = base.without(ENDS);
        let resource = Resource::new(&base, version);
        let version = version.unwrap_or(DEFAULT_VERSION);
        let dated = |base: &Base| match base.query().contains("api-version=") {
            true => String::new(),
            false => format!("api-version={version}"),
        };
        if base.path().ends_with(V1) || UNDATED.contains(&version) && !names_one(&base) {
            // Only the preview has to be asked for; `v1` and `latest` are what is there anyway.
            let preview = version == "preview" && !base.query().contains("api-version=");
            return Self {
                version: if preview { "api-version=preview" } else { "" }.to_owned(),
                named: false,
                base: base.under(V1),
                resource,
            };
        }
        let version = dated(&base);
        if names_one(&base) {
            return Self {
                base,
                named: false,
                version,
                resource,
            };
        }
        let base = match base.host().as_str() {
            // Its path ends with the resource; deployments come right behind it.
            CLOUDFLARE => base,
            _ => base.under(DEPLOYMENTS),
        };
        Self {
            base,
            named: true,
            version,
            resource,
        }
    }

    pub(super) fn uri(&self, operation: Operation, model: &str) -> Result<Uri, UrlError> {
        let suffix = match operation {
            Operation::Responses => {
                let resource = self.resource.as_ref();
                return resource
                    .and_then(|at| at.base.uri("/responses", &at.version).ok())
                    .ok_or(UrlError::NoEndpoint(operation.as_str()));
            }
            Operation::Chat => "/chat/completions",
            Operation::Completions => "/completions",
            Operation::Embeddings => "/embeddings",
            _ => operation
                .forwarded_path()
                .ok_or(UrlError::NoEndpoint(operation.as_str()))?,
        };
        let wrong = || UrlError::Model(model.to_owned());
        if !self.named {
            return self.base.uri(suffix, &self.version).map_err(|_| wrong());
        }
        if matches!(model, "" | "." | "..") {
            return Err(wrong());
        }
        let deployment = utf8_percent_encode(model, SEGMENT);
        self.base
            .uri(&format!("/{deployment}{suffix}"), &self.version)
            .map_err(|_| wrong())
    }

    /// A session: dated versions call the deployment a deployment, the others a model.
    pub(super) fn realtime(&self, model: &str) -> Option<Result<Uri, http::Error>> {
        let at = self.resource.as_ref()?;
        let model = named(at.deployment.as_deref().unwrap_or(model));
        let name = match at.dated {
            true => model.replacen("model=", "deployment=", 1),
            false => model,
        };
        let joint = if at.version.is_empty() { "" } else { "&" };
        let query = format!("{}{joint}{name}", at.version);
        Some(at.base.uri("/realtime", &query))
    }
}

// === impl Resource ===

impl Resource {
    /// Of the API without versions unless one is asked for (Azure OpenAI REST API reference,
    /// "Create response").
    fn new(base: &Base, version: Option<&str>) -> Option<Self> {
        if base.host() == CLOUDFLARE {
            return None;
        }
        let asked = base.query().contains("api-version=");
        let undated = version.is_none_or(|version| UNDATED.contains(&version)) && !asked;
        let (api, pair) = match version {
            Some("preview") if !asked => (V1, "api-version=preview".to_owned()),
            _ if undated || base.path().ends_with(V1) => (V1, String::new()),
            Some(version) if !asked => ("/openai", format!("api-version={version}")),
            _ => ("/openai", String::new()),
        };
        Some(Self {
            deployment: named_one(base).map(str::to_owned),
            base: base.clone().before(DEPLOYMENTS).under(api),
            version: pair,
            dated: api != V1,
        })
    }
}

/// The deployment that the base names itself.
fn named_one(base: &Base) -> Option<&str> {
    let (_, rest) = base.path().split_once(DEPLOYMENTS)?;
    Some(rest.trim_matches('/')).filter(|name| !name.is_empty())
}

/// Whether the base names a deployment itself.
fn names_one(base: &Base) -> bool {
    named_one(base).is_some()
}

/// Azure AI Foundry: the resource's model inference, its v1 API, or one serverless endpoint.
pub(super) fn foundry(base: Base, version: Option<&str>) -> Fixed {
    let base = base.without(ENDS);
    let undated = version.is_some_and(|version| UNDATED.contains(&version));
    let (base, default) = if is_resource(&base.host()) && !base.path().contains("/openai") {
        if undated {
            (base.under(V1), None)
        } else {
            (base.under("/models"), Some(FOUNDRY_VERSION))
        }
    } else {
        (base, None)
    };
    let version = version.filter(|_| !undated).or(default);
    let version = match version {
        Some(version) if !base.query().contains("api-version=") => format!("api-version={version}"),
        _ => String::new(),
    };
    Fixed {
        chat: base.uri("/chat/completions", &version).ok(),
        embeddings: base.uri("/embeddings", &version).ok(),
        ..Fixed::default()
    }
}

/// Hosts of Foundry resources, where keys go into `api-key`; serverless endpoints take them as
/// bearer tokens.
pub(crate) fn takes_api_key(host: &str) -> bool {
    is_resource(host) || host.ends_with(".openai.azure.com")
}

fn is_resource(host: &str) -> bool {
    host.ends_with(".services.ai.azure.com") || host.ends_with(".cognitiveservices.azure.com")
}
