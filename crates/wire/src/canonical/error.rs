//! An error as an API reports it, independent of the dialect.

/// What went wrong, in the terms that the dialects' error types map to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is malformed or asks for something impossible.
    InvalidRequest,
    /// No key, or a key that is not known.
    Authentication,
    /// The key is known but may not do this.
    PermissionDenied,
    /// No such model, route or resource.
    NotFound,
    /// The body is larger than allowed.
    RequestTooLarge,
    /// Well-formed, but refused by validation (HTTP 422).
    Unprocessable,
    /// Too many requests or tokens.
    RateLimited,
    /// Nobody answered in time.
    Timeout,
    /// The input does not fit into the model's context window.
    ContextWindow,
    /// The provider's content policy refused the input.
    ContentPolicy,
    /// The provider has no capacity right now.
    Overloaded,
    /// The provider is unavailable.
    Unavailable,
    /// The provider answered something that is not an answer.
    BadGateway,
    /// Anything else that is not the client's fault.
    Internal,
}

/// An error in canonical form: decoded from an upstream, or made by the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The HTTP status for the client.
    pub status: u16,
    /// The sentence for a person.
    pub message: String,
    /// The upstream's own error type, when it had one (`invalid_request_error`).
    pub error_type: Option<String>,
    /// The upstream's own error code, when it had one (`context_length_exceeded`).
    pub code: Option<String>,
    /// The request field at fault, when known.
    pub param: Option<String>,
}

// === impl ErrorKind ===

impl ErrorKind {
    /// The HTTP status that goes with this kind (reference section 5.4; a timeout is 408, as
    /// LiteLLM answers it).
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::ContextWindow | Self::ContentPolicy => 400,
            Self::Authentication => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::Timeout => 408,
            Self::RequestTooLarge => 413,
            Self::Unprocessable => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::BadGateway => 502,
            Self::Overloaded | Self::Unavailable => 503,
        }
    }

    /// What an upstream's bare HTTP status means.
    pub fn from_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            413 => Self::RequestTooLarge,
            422 => Self::Unprocessable,
            429 => Self::RateLimited,
            502 => Self::BadGateway,
            503 => Self::Unavailable,
            529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::Internal,
        }
    }
}

// === impl ApiError ===

impl ApiError {
    /// An error with the status that goes with its kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: kind.status(),
            message: message.into(),
            error_type: None,
            code: None,
            param: None,
        }
    }

    /// Names the request field at fault.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }
}
