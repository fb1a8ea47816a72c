//! What goes wrong between gateway and upstream, as the error that tells of it.

use lockgate_core::error::GatewayError;
use lockgate_providers::{NoCredential, UrlError};
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::dialect::TranslateError;

use crate::upstream::{BodyError, UpstreamError};

/// Never followed: the credential would go wherever it points.
pub(super) fn redirected(status: u16) -> GatewayError {
    let message = format!("the upstream redirects ({status}); set api_base to where it is");
    GatewayError::connection(ErrorKind::BadGateway, message)
}

/// Some proxies pack what they pass on whether they are asked to or not.
pub(super) fn encoded(coding: &str, status: u16) -> GatewayError {
    let message = format!(
        "the upstream's answer ({status}) is packed as `{coding}`, which was not asked for; \
         switch compression off there, or in what stands before it"
    );
    GatewayError::connection(ErrorKind::BadGateway, message)
}

/// Behind a wildcard the model's name is the client's.
pub(super) fn no_url(error: &UrlError) -> GatewayError {
    match error {
        UrlError::Model(_) => {
            GatewayError::client(ErrorKind::InvalidRequest, error.to_string()).with_param("model")
        }
        UrlError::Credential(missing) => no_credential(missing),
        UrlError::NoProject => {
            GatewayError::connection(ErrorKind::Authentication, error.to_string())
        }
        _ => GatewayError::gateway(ErrorKind::Internal, error.to_string()),
    }
}

/// As a missing key: another deployment may have one.
pub(crate) fn no_credential(error: &NoCredential) -> GatewayError {
    GatewayError::connection(ErrorKind::Authentication, error.to_string())
}

pub(crate) fn unreachable_upstream(error: &UpstreamError) -> GatewayError {
    let kind = match error {
        UpstreamError::Connect { .. } | UpstreamError::Broken { .. } => ErrorKind::Internal,
        UpstreamError::Timeout { .. } => ErrorKind::Timeout,
        UpstreamError::Body(_) => {
            return GatewayError::client(ErrorKind::InvalidRequest, error.to_string());
        }
        UpstreamError::BadUri(_) => {
            return GatewayError::gateway(ErrorKind::Internal, error.to_string());
        }
    };
    GatewayError::connection(kind, error.to_string())
}

pub(crate) fn broken(error: &BodyError) -> GatewayError {
    let kind = match error {
        BodyError::Idle => ErrorKind::Timeout,
        BodyError::Broken(_) | BodyError::TooLarge(_) => ErrorKind::BadGateway,
    };
    GatewayError::connection(kind, error.to_string())
}

pub(super) fn no_answer(error: &TranslateError) -> GatewayError {
    GatewayError::connection(
        ErrorKind::BadGateway,
        format!("the upstream's answer cannot be read: {error}"),
    )
}
