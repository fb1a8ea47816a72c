//! The URLs of IBM watsonx.ai (watsonx.ai API reference, "Infer text chat", "Generate embeddings",
//! "Generate rerank").

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::utf8_percent_encode;

use crate::url::{Base, MODEL, UrlError};

/// What a base URL may be written with although it is no part of it.
pub(crate) const ENDS: &[&str] = &["/ml/v1/text/chat", "/ml/v1"];

/// The API's date, which every request names. The one LiteLLM asks for.
const VERSION: &str = "version=2024-03-13";

/// Start of the names of models that an operator has deployed.
const DEPLOYMENT: &str = "deployment/";

pub(crate) fn uri(
    base: &Base,
    operation: Operation,
    model: &str,
    stream: bool,
) -> Result<Uri, UrlError> {
    let method = match operation {
        Operation::Chat if stream => "chat_stream",
        Operation::Chat => "chat",
        Operation::Embeddings => "embeddings",
        Operation::Rerank => "rerank",
        _ => return Err(UrlError::NoEndpoint(operation.as_str())),
    };
    let path = match model.strip_prefix(DEPLOYMENT) {
        Some(id) if id.is_empty() || id.contains('/') || id.starts_with('.') => {
            return Err(UrlError::Model(model.to_owned()));
        }
        Some(id) => {
            let id = utf8_percent_encode(id, MODEL);
            format!("/ml/v1/deployments/{id}/text/{method}")
        }
        None => format!("/ml/v1/text/{method}"),
    };
    base.uri(&path, version(base))
        .map_err(|_| UrlError::Model(model.to_owned()))
}

pub(crate) fn models(base: &Base) -> Option<Uri> {
    base.uri("/ml/v1/foundation_model_specs", version(base))
        .ok()
}

/// A base URL may name a date of its own.
fn version(base: &Base) -> &'static str {
    if base.query().contains("version=") {
        ""
    } else {
        VERSION
    }
}
