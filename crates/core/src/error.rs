//! The one error that crosses the pipeline's boundary.
//!
//! Small error types stay next to their cause. What reaches the pipeline becomes a
//! [`GatewayError`], which knows whose fault it is; the client's dialect encodes it.

use std::time::Duration;

use lockgate_wire::canonical::{ApiError, ErrorKind};

/// A failed request or attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", api.message)]
pub struct GatewayError {
    /// What the client is told.
    pub api: ApiError,
    /// Whose fault it is.
    pub source_of_fault: Fault,
    /// How long the upstream, or a cooldown, asks to wait.
    pub retry_after: Option<Duration>,
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The client's: repeating the request will not help.
    Client,
    /// The gateway's own, or its configuration's.
    Gateway,
    /// The upstream answered with an error.
    Upstream,
    /// The upstream could not be reached, broke off or stayed silent.
    Connection,
}

// === impl GatewayError ===

impl GatewayError {
    /// The client sent something that cannot be served.
    pub fn client(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(ApiError::new(kind, message), Fault::Client)
    }

    /// The gateway cannot serve the request.
    pub fn gateway(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(ApiError::new(kind, message), Fault::Gateway)
    }

    /// The upstream could not be reached, broke off or stayed silent.
    pub fn connection(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(ApiError::new(kind, message), Fault::Connection)
    }

    /// The upstream answered with an error.
    pub fn upstream(api: ApiError, retry_after: Option<Duration>) -> Self {
        Self {
            api,
            source_of_fault: Fault::Upstream,
            retry_after,
        }
    }

    fn new(api: ApiError, source_of_fault: Fault) -> Self {
        Self {
            api,
            source_of_fault,
            retry_after: None,
        }
    }

    /// Names the request field at fault.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.api.param = Some(param.into());
        self
    }

    /// Gives the error type that the OpenAI dialect shows, where it is not the status's usual one.
    #[must_use]
    pub fn with_type(mut self, error_type: impl Into<String>) -> Self {
        self.api.error_type = Some(error_type.into());
        self
    }

    /// Gives the error code that clients look for.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.api.code = Some(code.into());
        self
    }

    /// Whether another attempt can succeed (reference section 4.2). `alternatives` says that the
    /// model group has other deployments, whose credentials may be good where these are not.
    pub fn is_retryable(&self, alternatives: bool) -> bool {
        if matches!(
            self.api.kind,
            ErrorKind::ContextWindow | ErrorKind::ContentPolicy
        ) {
            return false;
        }
        match (self.source_of_fault, self.api.status) {
            (Fault::Client, _) => false,
            (_, 401 | 403) => alternatives,
            (Fault::Connection, _) | (Fault::Upstream, 408 | 409 | 429) => true,
            (Fault::Upstream | Fault::Gateway, status) => status >= 500,
        }
    }
}
