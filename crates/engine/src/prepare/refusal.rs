//! Why a call cannot be written for a deployment.

use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::dialect::TranslateError;
use lockgate_wire::{DialectId, Operation};

use crate::call::bad_request;
use crate::deployment::Deployment;

pub(super) fn unsupported(names: &[&str], deployment: &Deployment) -> GatewayError {
    GatewayError::client(
        ErrorKind::InvalidRequest,
        format!(
            "{} cannot express {}. Leave it out, or set `drop_params: true` to have it dropped.",
            provider_name(deployment),
            names.join(", ")
        ),
    )
    .with_type("invalid_request_error")
    .with_param(names.first().copied().unwrap_or_default())
}

pub(super) fn not_offered(operation: Operation, deployment: &Deployment) -> GatewayError {
    GatewayError::client(
        ErrorKind::InvalidRequest,
        format!(
            "{} does not offer {}",
            provider_name(deployment),
            operation.as_str()
        ),
    )
    .with_param("model")
}

pub(super) fn not_expressible(error: &TranslateError, deployment: &Deployment) -> GatewayError {
    match error {
        TranslateError::Invalid { .. } => bad_request(error),
        TranslateError::Unsupported(message) => GatewayError::client(
            ErrorKind::InvalidRequest,
            format!("{}: {message}", provider_name(deployment)),
        ),
    }
}

pub(super) fn other_protocol(deployment: &Deployment) -> GatewayError {
    let own = match deployment.dialect() {
        DialectId::Gemini => "Google's Live API",
        _ => "OpenAI's Realtime API",
    };
    GatewayError::client(
        ErrorKind::InvalidRequest,
        format!(
            "{} speaks {own}, and sessions are not translated: ask for it in that API",
            provider_name(deployment),
        ),
    )
    .with_param("model")
}

fn provider_name(deployment: &Deployment) -> String {
    format!(
        "provider `{}` (model `{}`)",
        deployment.provider.id, deployment.model
    )
}
