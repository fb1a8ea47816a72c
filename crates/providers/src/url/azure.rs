//! URLs of Azure OpenAI and of Azure AI Foundry's model inference.
//!
//! Azure OpenAI REST API reference, "API specs" (data plane) and "v1 API lifecycle"; Azure AI Model
//! Inference REST API.

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::utf8_percent_encode;

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
    /// Where the Responses API is, which no deployment has a path for.
    responses: Option<Uri>,
}

// === impl AzureOpenAi ===

impl AzureOpenAi {
    /// From a base as LiteLLM's users write it: the resource, a deployment, the v1 API, or a
    /// gateway of Cloudflare's.
    pub(crate) fn new(base: Base, version: Option<&str>) -> Self {
        let base = base.without(ENDS);
        let responses = responses(&base, version);
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
                responses,
            };
        }
        let version = dated(&base);
        if names_one(&base) {
            return Self {
                base,
                named: false,
                version,
                responses,
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
            responses,
        }
    }

    pub(super) fn uri(&self, operation: Operation, model: &str) -> Result<Uri, UrlError> {
        let suffix = match operation {
            Operation::Responses => {
                let missing = UrlError::NoEndpoint(operation.as_str());
                return self.responses.clone().ok_or(missing);
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
}

/// The Responses API is the resource's: of the API without versions unless one is asked for (Azure
/// OpenAI REST API reference, "Create response").
fn responses(base: &Base, version: Option<&str>) -> Option<Uri> {
    if base.host() == CLOUDFLARE {
        return None;
    }
    let asked = base.query().contains("api-version=");
    let undated = version.is_none_or(|version| UNDATED.contains(&version)) && !asked;
    let resource = base.clone().before(DEPLOYMENTS);
    let (api, pair) = match version {
        Some("preview") if !asked => (V1, "api-version=preview".to_owned()),
        _ if undated || base.path().ends_with(V1) => (V1, String::new()),
        Some(version) if !asked => ("/openai", format!("api-version={version}")),
        _ => ("/openai", String::new()),
    };
    resource.under(api).uri("/responses", &pair).ok()
}

/// Whether the base names a deployment itself.
fn names_one(base: &Base) -> bool {
    base.path()
        .split_once(DEPLOYMENTS)
        .is_some_and(|(_, rest)| rest.trim_matches('/').chars().next().is_some())
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
