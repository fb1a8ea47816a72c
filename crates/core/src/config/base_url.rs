//! A base URL that is safe to print.

use std::fmt;

/// Where a provider is reached, as the operator wrote it (`api_base`).
///
/// Credentials in it (`https://user:password@host`, `?key=...`) stay out of `Debug` and `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Wraps a URL. Whether it can be dialled is for the provider layer to say.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with everything in it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.split(['?', '#']).next().unwrap_or_default();
        let Some((scheme, rest)) = shown.split_once("://") else {
            return f.write_str(shown);
        };
        let (authority, path) = rest
            .find('/')
            .map_or((rest, ""), |slash| rest.split_at(slash));
        match authority.rsplit_once('@') {
            Some((_, host)) => write!(f, "{scheme}://[REDACTED]@{host}{path}"),
            None => write!(f, "{scheme}://{authority}{path}"),
        }
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
