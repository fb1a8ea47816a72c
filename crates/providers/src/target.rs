//! A server that an operator names for requests that are passed through to it.

use http::Uri;

use crate::url::{Base, UrlError};

/// Where requests of one path go.
#[derive(Debug, Clone)]
pub struct Target(Base);

// === impl Target ===

impl Target {
    /// Reads an absolute `http` or `https` URL, which may have a path, a query and credentials.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        Base::parse(url).map(Self)
    }

    /// The target with `below` (with its slash, percent-encoded, or empty) behind its path and
    /// `query` (without question mark) behind its own. A path that climbs is refused, in any
    /// spelling.
    pub fn uri(&self, below: &str, query: &str) -> Result<Uri, UrlError> {
        let refused = || UrlError::Path(below.to_owned());
        if !below.is_empty() && crate::resource::climbs(below) {
            return Err(refused());
        }
        self.0.uri(below, query).map_err(|_| refused())
    }

    /// The names of the parameters that its own query has.
    pub fn own_parameters(&self) -> impl Iterator<Item = &str> {
        let query = self.0.query().trim_start_matches('?');
        query.split('&').filter_map(|pair| pair.split('=').next())
    }

    /// `Basic` credentials, when the URL carries some.
    #[must_use]
    pub fn basic_auth(&self) -> Option<String> {
        self.0.basic_auth()
    }
}
