//! URLs of Amazon Bedrock's runtime.
//!
//! Amazon Bedrock API reference: `Converse`, `ConverseStream`, `InvokeModel`.

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::utf8_percent_encode;

use super::{Base, SEGMENT, UrlError};
use crate::cloud::region_in;

/// The URLs of one Bedrock connection.
#[derive(Debug, Clone)]
pub(crate) struct Bedrock {
    base: Base,
    /// Called in place of the model's name.
    model_id: Option<String>,
}

/// Ways to call a model that LiteLLM's users name before it. All models are called through
/// `Converse` here.
const ROUTES: &[&str] = &["converse", "converse_like", "invoke"];

// === impl Bedrock ===

impl Bedrock {
    pub(crate) fn new(base: Base, model_id: Option<&str>) -> Self {
        Self {
            base,
            model_id: model_id.map(str::to_owned),
        }
    }

    pub(super) fn uri(
        &self,
        operation: Operation,
        model: &str,
        stream: bool,
    ) -> Result<Uri, UrlError> {
        let method = match operation {
            Operation::Chat if stream => "converse-stream",
            Operation::Chat => "converse",
            Operation::Embeddings | Operation::EmbeddingsSingle | Operation::ImageGeneration => {
                "invoke"
            }
            _ => return Err(UrlError::NoEndpoint(operation.as_str())),
        };
        let id = self.model_id.as_deref().unwrap_or_else(|| bare(model));
        let wrong = || UrlError::Model(model.to_owned());
        if matches!(id, "" | "." | "..") {
            return Err(wrong());
        }
        let id = utf8_percent_encode(id, SEGMENT);
        self.base
            .uri(&format!("/model/{id}/{method}"), "")
            .map_err(|_| wrong())
    }
}

/// A model's own id, without what LiteLLM's users write before it: a route, a region, a family.
pub(crate) fn bare(model: &str) -> &str {
    // The family of an imported or provisioned model: `llama/arn:aws:bedrock:...`.
    if let Some(at) = model.find("arn:") {
        return &model[at..];
    }
    let mut id = model;
    while let Some((first, rest)) = id.split_once('/') {
        if !ROUTES.contains(&first) && region_in(std::iter::once(first)).is_none() {
            break;
        }
        id = rest;
    }
    id
}

/// The region that a model's name says: before the id, or in an ARN.
pub(crate) fn region_of(model: &str) -> Option<&str> {
    match model.split_once("arn:") {
        Some((_, arn)) => region_in(arn.split(':').skip(2).take(1)),
        None => region_in(model.split('/')),
    }
}
