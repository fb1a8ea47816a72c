//! The headers that every request of a connection carries.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::connection::ConnectError;
use crate::spec::Auth;

/// A key and where it came from.
pub(crate) struct Key<'a> {
    pub(crate) text: &'a str,
    /// The variable it was read from.
    pub(crate) variable: Option<&'a str>,
}

/// Anthropic's variable for a token that is sent as a bearer token, not as `x-api-key`.
const BEARER_VARIABLE: &str = "ANTHROPIC_AUTH_TOKEN";
/// How Anthropic's OAuth tokens start.
const OAUTH_PREFIX: &str = "sk-ant-oat";
/// The beta that admits them.
const OAUTH_BETA: &str = "oauth-2025-04-20";
pub(crate) const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// A header map that knows whom to blame.
pub(crate) struct Headers<'a> {
    pub(crate) provider: &'a str,
    pub(crate) map: HeaderMap,
}

// === impl Headers ===

impl Headers<'_> {
    pub(crate) fn authenticate(
        &mut self,
        auth: Auth,
        key: Option<&Key<'_>>,
    ) -> Result<(), ConnectError> {
        let Some(key) = key else { return Ok(()) };
        let text = key.text;
        match auth {
            Auth::None => Ok(()),
            Auth::Header(name) | Auth::Azure(name) => {
                self.set_sensitive(HeaderName::from_static(name), text)
            }
            Auth::Bearer | Auth::AzureAi | Auth::Aws => {
                self.set_sensitive(AUTHORIZATION, &format!("Bearer {text}"))
            }
            Auth::Scheme(scheme) => self.set_sensitive(AUTHORIZATION, &format!("{scheme} {text}")),
            Auth::BearerWithout(prefix) => {
                let text = text.strip_prefix(prefix).unwrap_or(text);
                self.set_sensitive(AUTHORIZATION, &format!("Bearer {text}"))
            }
            Auth::GeminiKey | Auth::Google => {
                self.set_sensitive(HeaderName::from_static("x-goog-api-key"), text)
            }
            Auth::AnthropicKey if text.starts_with(OAUTH_PREFIX) => {
                self.map
                    .insert(ANTHROPIC_BETA, HeaderValue::from_static(OAUTH_BETA));
                self.set_sensitive(AUTHORIZATION, &format!("Bearer {text}"))
            }
            Auth::AnthropicKey if key.variable == Some(BEARER_VARIABLE) => {
                self.set_sensitive(AUTHORIZATION, &format!("Bearer {text}"))
            }
            Auth::AnthropicKey => self.set_sensitive(HeaderName::from_static("x-api-key"), text),
        }
    }

    pub(crate) fn set_sensitive(
        &mut self,
        name: HeaderName,
        value: &str,
    ) -> Result<(), ConnectError> {
        let mut value = HeaderValue::from_str(value).map_err(|_| ConnectError::Key {
            provider: self.provider.to_owned(),
        })?;
        value.set_sensitive(true);
        self.map.insert(name, value);
        Ok(())
    }

    /// Sets a configured header; an empty value means that it is not sent.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), ConnectError> {
        let refused = || ConnectError::Header {
            provider: self.provider.to_owned(),
            name: name.to_owned(),
        };
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        if value.is_empty() {
            self.map.remove(header);
            return Ok(());
        }
        let mut merged = String::new();
        let value = match self.map.get(&header).filter(|_| header == ANTHROPIC_BETA) {
            Some(own) => {
                merged.push_str(&merge(own.to_str().unwrap_or_default(), value));
                &merged
            }
            None => value,
        };
        let mut value = HeaderValue::from_str(value).map_err(|_| refused())?;
        // Operators put credentials into headers of any name.
        value.set_sensitive(!is_public(&header));
        self.map.insert(header, value);
        Ok(())
    }
}

/// Headers that never hold a credential.
fn is_public(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "content-type"
            | "user-agent"
            | "anthropic-version"
            | "anthropic-beta"
            | "extra-parameters"
            | "openai-organization"
            | "http-referer"
            | "x-title"
    )
}

/// Two comma-separated lists as one, without duplicates.
pub(crate) fn merge(own: &str, added: &str) -> String {
    let mut all: Vec<&str> = Vec::new();
    for item in own.split(',').chain(added.split(',')).map(str::trim) {
        if !item.is_empty() && !all.contains(&item) {
            all.push(item);
        }
    }
    all.join(",")
}
