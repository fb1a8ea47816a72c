//! URLs of endpoints on Amazon `SageMaker`.
//!
//! Amazon `SageMaker` Runtime API reference: `InvokeEndpoint`, `InvokeEndpointWithResponseStream`.

use http::Uri;
use lockgate_wire::Operation;
use percent_encoding::utf8_percent_encode;

use super::{Base, SEGMENT, UrlError};

/// The URL of the endpoint `model`.
pub(super) fn uri(
    base: &Base,
    operation: Operation,
    model: &str,
    stream: bool,
) -> Result<Uri, UrlError> {
    let method = match operation {
        Operation::Chat if stream => "invocations-response-stream",
        Operation::Chat | Operation::Embeddings => "invocations",
        _ => return Err(UrlError::NoEndpoint(operation.as_str())),
    };
    if matches!(model, "" | "." | "..") {
        return Err(UrlError::Model(model.to_owned()));
    }
    let name = utf8_percent_encode(model, SEGMENT);
    base.uri(&format!("/endpoints/{name}/{method}"), "")
        .map_err(|_| UrlError::Model(model.to_owned()))
}
