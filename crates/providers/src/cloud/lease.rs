//! What a source of credentials gives, and for how long.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as AwsKeys;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::exchange::FetchError;

/// No credential is renewed earlier than this before its end.
const EARLIEST: Duration = Duration::from_secs(600);

/// A credential in force.
#[derive(Clone)]
pub(crate) struct Lease {
    pub(crate) grant: Grant,
    /// `None`: for ever.
    pub(crate) expires: Option<SystemTime>,
    /// The project that a Google credential belongs to, when it tells.
    pub(crate) project: Option<String>,
}

/// What goes into requests.
#[derive(Clone)]
pub(crate) enum Grant {
    /// Headers, the same for every request.
    Headers(HeaderMap),
    /// Keys that every request is signed with.
    Aws(AwsKeys),
}

// === impl Lease ===

impl Lease {
    /// An `Authorization: Bearer` header.
    pub(crate) fn bearer(token: &str, expires: Option<SystemTime>) -> Result<Self, FetchError> {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| FetchError::Answer("the token cannot stand in a header".to_owned()))?;
        value.set_sensitive(true);
        Ok(Self {
            grant: Grant::Headers(HeaderMap::from_iter([(AUTHORIZATION, value)])),
            expires,
            project: None,
        })
    }

    pub(crate) fn aws(keys: AwsKeys) -> Self {
        Self {
            expires: keys.expiry(),
            grant: Grant::Aws(keys),
            project: None,
        }
    }

    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// How long it may rest before it is renewed: three quarters of its life, or all but the last
    /// ten minutes of a long one. `None`: it never needs to be.
    pub(crate) fn rest(&self, now: SystemTime) -> Option<Duration> {
        let life = self.expires?.duration_since(now).unwrap_or_default();
        Some(life - EARLIEST.min(life / 4))
    }
}

// === impl Grant ===

impl Grant {
    /// Adds the headers that are the same for every request.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        match self {
            Self::Headers(own) => {
                for (name, value) in own {
                    headers.insert(name, value.clone());
                }
            }
            Self::Aws(keys) => {
                let token = keys.session_token().map(HeaderValue::from_str);
                if let Some(Ok(mut token)) = token {
                    token.set_sensitive(true);
                    headers.insert(SESSION_TOKEN, token);
                }
            }
        }
    }
}

/// Signature Version 4: the token of temporary keys.
pub(super) const SESSION_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
