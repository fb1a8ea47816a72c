//! Why a caller is not let in: which claim or setting is at fault, and never what the token says.

use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;

/// Why a caller is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It is no token of this kind.
    #[error("the token is not a JWT: {0}")]
    Malformed(&'static str),
    /// The token's header asks for what is not done here.
    #[error("the token's header is not accepted: {0}")]
    Header(&'static str),
    /// Nobody vouches for this issuer.
    #[error("the claim `iss` names no issuer that is known here")]
    UnknownIssuer,
    /// The issuer has no such key.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// The token is too old.
    #[error("the token is expired (claim `exp`)")]
    Expired,
    /// A claim is not what it must be.
    #[error("the claim `{claim}` {wrong}")]
    Claim {
        /// Its name, or the path to it.
        claim: String,
        /// What is wrong, to follow the name.
        wrong: &'static str,
    },
    /// A valid token, but its bearer may not enter.
    #[error("{why} ({setting})")]
    Forbidden {
        /// The setting that says so.
        setting: &'static str,
        /// Why.
        why: String,
    },
    /// The bearer may not use that model.
    #[error("this token does not open the model ({setting})")]
    Model {
        /// The setting that says so.
        setting: &'static str,
    },
    /// The endpoint says that the token is not good.
    #[error("the token is not active")]
    Inactive,
    /// Who could tell cannot be asked.
    #[error("who issued the token cannot be asked now: {0}; try again shortly")]
    Unavailable(&'static str),
}

// === impl IdentityError ===

impl IdentityError {
    pub(crate) fn claim(claim: impl Into<String>, wrong: &'static str) -> Self {
        let claim = claim.into();
        Self::Claim { claim, wrong }
    }

    pub(crate) fn forbidden(setting: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Forbidden { setting, why }
    }

    /// The HTTP status (reference sections 3.1 and 3.7).
    #[must_use]
    pub fn status(&self) -> u16 {
        self.kind().status()
    }

    /// The `type` of the error as OpenAI-style routes show it (reference section 2.4).
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Expired => "expired_key",
            Self::Unavailable(_) => "auth_provider_unavailable",
            _ => "auth_error",
        }
    }

    /// What of the request is at fault, where clients are told.
    #[must_use]
    pub fn param(&self) -> Option<&'static str> {
        match self {
            Self::Forbidden { setting, .. } if *setting == "user_allowed_email_domain" => {
                Some("user_email")
            }
            Self::Model { .. } => Some("model"),
            _ => None,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Forbidden { .. } | Self::Model { .. } => ErrorKind::PermissionDenied,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            _ => ErrorKind::Authentication,
        }
    }
}

impl From<IdentityError> for GatewayError {
    fn from(error: IdentityError) -> Self {
        let message = format!("Authentication failed: {error}");
        let made = match error {
            IdentityError::Unavailable(_) => Self::gateway(error.kind(), message),
            _ => Self::client(error.kind(), message),
        };
        let made = made.with_type(error.error_type());
        match error.param() {
            Some(param) => made.with_param(param),
            None => made,
        }
    }
}
