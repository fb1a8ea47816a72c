//! What a request asks: whose token is this?

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use lockgate_core::config::{IdentitySettings, JwtAuth, RoutingOverride};
use serde_json::Value;

use crate::caller::{Caller, TokenKind};
use crate::claims::Claims;
use crate::error::IdentityError;
use crate::glob;
use crate::introspector::Introspector;
use crate::jws::{Jws, has_form};
use crate::keeper::Keeper;
use crate::mapping;
use crate::memory::{GOOD, Known, Memory, TokenHash};
use crate::verifier::Verifier;

/// Knows callers by tokens that others issued. One belongs to a configuration; the keys it uses
/// belong to the [`Keeper`] and outlive it.
pub struct Identity {
    jwt: Option<Jwt>,
    oauth2: Option<Introspector>,
    memory: Memory,
}

struct Jwt {
    settings: JwtAuth,
    verifier: Verifier,
}

// === impl Identity ===

impl Identity {
    /// By these settings; `None` when neither kind of token is accepted.
    #[must_use]
    pub fn new(settings: &IdentitySettings, keeper: &Arc<Keeper>) -> Option<Self> {
        if settings.jwt.is_none() && settings.oauth2.is_none() {
            return None;
        }
        Some(Self {
            jwt: settings.jwt.as_ref().map(|settings| Jwt {
                settings: settings.clone(),
                verifier: Verifier::new(settings, keeper),
            }),
            oauth2: settings
                .oauth2
                .as_ref()
                .map(|settings| Introspector::new(settings, keeper)),
            memory: Memory::new(),
        })
    }

    /// How `token` would be checked; `None`: it is not for this, but a virtual key.
    ///
    /// To be asked after the master key and the virtual keys: a key that is known is never shown to
    /// the endpoint, nor is anything that starts like one of ours.
    #[must_use]
    pub fn kind(&self, token: &str) -> Option<TokenKind> {
        let opaque = self.oauth2.as_ref().map(|_| TokenKind::OAuth2);
        match &self.jwt {
            Some(jwt) if has_form(token) => {
                let elsewhere = !jwt.settings.routing_overrides.is_empty()
                    && opaque.is_some()
                    && jwt.is_routed_elsewhere(token);
                Some(if elsewhere {
                    TokenKind::OAuth2
                } else {
                    TokenKind::Jwt
                })
            }
            _ => opaque.filter(|_| !token.starts_with("sk-")),
        }
    }

    /// Says who shows `token`.
    ///
    /// Ready at once when the token was seen within the last minute, or is a JWT whose key is there:
    /// that is one signature to check, far below a millisecond. Otherwise it waits for the issuer, 3 seconds
    /// at most, or for the endpoint, 12 at most. Dropping it undoes nothing and loses nothing.
    ///
    /// # Errors
    ///
    /// When the token is not good, or nobody can tell.
    pub async fn authenticate(
        &self,
        token: &str,
        now: SystemTime,
    ) -> Result<Arc<Caller>, IdentityError> {
        let hash = TokenHash::of(token);
        if let Some(known) = self.memory.get(hash, now) {
            return known.caller;
        }
        let known = match (self.kind(token), &self.jwt, &self.oauth2) {
            (Some(TokenKind::Jwt), Some(jwt), _) => jwt.check(token, now).await?,
            (Some(TokenKind::OAuth2), _, Some(endpoint)) => endpoint.ask(token, hash).await?,
            _ => return Err(IdentityError::Malformed("it is a virtual key")),
        };
        self.memory.put(hash, known.clone());
        known.caller
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("jwt", &self.jwt.is_some())
            .field("oauth2", &self.oauth2.is_some())
            .finish_non_exhaustive()
    }
}

// === impl Jwt ===

impl Jwt {
    async fn check(&self, token: &str, now: SystemTime) -> Result<Known, IdentityError> {
        let verified = self.verifier.verify(token, now).await?;
        let caller = mapping::caller(&verified, &self.settings)?;
        Ok(Known {
            caller: Ok(Arc::new(caller)),
            until: verified.until.min(now + GOOD),
        })
    }

    /// Whether the token is one of those that the endpoint knows better. Nothing it says is believed
    /// by that: whichever way it goes, it is checked there.
    fn is_routed_elsewhere(&self, token: &str) -> bool {
        let Ok(jws) = Jws::parse(token) else {
            return false;
        };
        let mut rules = self.settings.routing_overrides.iter();
        rules.any(|rule| applies(rule, &jws.claims))
    }
}

/// Whether all that `rule` asks for is there.
fn applies(rule: &RoutingOverride, claims: &Claims) -> bool {
    let scopes = claims.scopes().unwrap_or_default();
    let scope = || {
        rule.scope
            .iter()
            .any(|own| scopes.iter().any(|scope| glob::fits(own, scope)))
    };
    has(claims, "iss", &rule.iss)
        && (rule.client_id.is_empty() || has(claims, "client_id", &rule.client_id))
        && (rule.aud.is_empty() || has(claims, "aud", &rule.aud))
        && (rule.scope.is_empty() || scope())
}

/// Whether a value of the claim fits one of `patterns`. What has a space in it fits no star, so that
/// `trusted.*` does not let in "trusted.example.com evil.example.com".
fn has(claims: &Claims, name: &str, patterns: &[String]) -> bool {
    let fits = |value: &Value| {
        value.as_str().is_some_and(|text| {
            patterns.iter().any(|own| {
                own == text || (!text.contains(char::is_whitespace) && glob::fits(own, text))
            })
        })
    };
    match claims.get(name) {
        Some(Value::Array(all)) => all.iter().any(fits),
        Some(one) => fits(one),
        None => false,
    }
}
