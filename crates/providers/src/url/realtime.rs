//! Where realtime sessions are, and how their model is named there.
//!
//! OpenAI API reference, "Realtime"; Azure OpenAI, "Use the GPT Realtime API";
//! Gemini API reference, "Live API"; Vertex AI, "Live API".

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::utf8_percent_encode;

use super::vertex::Vertex;
use super::{Base, Endpoints, Fixed, SEGMENT, UrlError};

/// The Gemini API's; a base may be written with a version, which stands elsewhere here.
const LIVE: &str = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
const VERSIONS: &[&str] = &["/v1beta", "/v1alpha", "/v1"];
/// Vertex AI's.
const VERTEX_LIVE: &str = "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent";
const VERTEX_VERSIONS: &[&str] = &["/v1beta1", "/v1"];

// === impl Endpoints ===

impl Endpoints {
    /// The URL of a session, as of a request: `http` where the protocol's own scheme is `ws`.
    pub(super) fn realtime(&self, model: &str) -> Result<Uri, UrlError> {
        let none = UrlError::NoEndpoint(Operation::Realtime.as_str());
        let wrong = || UrlError::Model(model.to_owned());
        match self {
            Self::Fixed(urls) => urls.realtime(model).ok_or(none)?.map_err(|_| wrong()),
            Self::Azure(urls) => urls.realtime(model).ok_or(none)?.map_err(|_| wrong()),
            Self::PerModel(base) => {
                let base = base.clone().without(VERSIONS);
                base.uri(LIVE, "").map_err(|_| wrong())
            }
            Self::Vertex(urls) => urls.live().ok_or(none)?.map_err(|_| wrong()),
            Self::None
            | Self::Own
            | Self::ModelIn(_)
            | Self::SageMaker(_)
            | Self::Bedrock(_)
            | Self::Watsonx(_) => Err(none),
        }
    }

    /// The model as the first message of a session names it.
    pub(crate) fn live_model(&self, model: &str) -> Result<String, UrlError> {
        match self {
            Self::Vertex(urls) => urls.live_model(model),
            _ if model.starts_with("models/") || model.starts_with("tunedModels/") => {
                Ok(model.to_owned())
            }
            _ => Ok(format!("models/{model}")),
        }
    }
}

// === impl Fixed ===

impl Fixed {
    fn realtime(&self, model: &str) -> Option<Result<Uri, http::Error>> {
        Some(self.base.as_ref()?.uri("/realtime", &named(model)))
    }
}

// === impl Vertex ===

impl Vertex {
    fn live(&self) -> Option<Result<Uri, http::Error>> {
        let root = self.root()?.without(VERTEX_VERSIONS);
        Some(root.uri(VERTEX_LIVE, ""))
    }

    fn live_model(&self, model: &str) -> Result<String, UrlError> {
        let resource = format!("{}/publishers/google/models/{model}", self.parent()?);
        Ok(resource.trim_start_matches('/').to_owned())
    }
}

/// A model's name in a query.
pub(super) fn named(model: &str) -> String {
    format!("model={}", utf8_percent_encode(model, SEGMENT))
}

/// What of a base stands before the models.
pub(super) fn before_models(base: &Base) -> Base {
    ["/projects/", "/publishers/", "/endpoints/"]
        .into_iter()
        .fold(base.clone(), Base::before)
}
