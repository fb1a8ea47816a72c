//! A base URL, taken apart and put together.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use http::Uri;
use http::uri::{Authority, Scheme};

use super::UrlError;

/// An absolute URL, taken apart.
#[derive(Clone)]
pub(crate) struct Base {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at the end.
    path: String,
    /// With its question mark, or empty.
    query: String,
    /// `user:password`, percent-encoded as it was written.
    userinfo: Option<String>,
}

// === impl Base ===

impl Base {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        let refused = || UrlError::NotABase(display(text));
        let (scheme, rest) = text.split_once("://").ok_or_else(refused)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(refused()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (before_query, query) = match rest.find('?') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (authority, path) = match before_query.find('/') {
            Some(at) => before_query.split_at(at),
            None => (before_query, ""),
        };
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo.to_owned()), host),
            None => (None, authority),
        };
        let authority = Authority::from_str(host).map_err(|_| refused())?;
        // `Authority` takes any digits for a port.
        let port = host.strip_prefix(authority.host()).unwrap_or_default();
        if authority.host().is_empty() || !(port.is_empty() || authority.port_u16().is_some()) {
            return Err(refused());
        }
        let base = Self {
            scheme,
            authority,
            path: path.trim_end_matches('/').to_owned(),
            query: if query == "?" { "" } else { query }.to_owned(),
            userinfo,
        };
        base.uri("", "").map_err(|_| refused())?;
        Ok(base)
    }

    /// Host in lower case.
    pub(crate) fn host(&self) -> String {
        self.authority.host().to_ascii_lowercase()
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Path without a slash at the end.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// With its question mark, or empty.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// `Basic` credentials, when the URL carries some.
    pub(crate) fn basic_auth(&self) -> Option<String> {
        let userinfo = self.userinfo.as_deref()?;
        let userinfo: Vec<u8> = percent_encoding::percent_decode_str(userinfo).collect();
        let encoded = base64::engine::general_purpose::STANDARD.encode(userinfo);
        Some(format!("Basic {encoded}"))
    }

    /// Takes off the first of these ends that the path has, so that a base may be written with it.
    pub(crate) fn without(mut self, ends: &[&str]) -> Self {
        if let Some(path) = ends.iter().find_map(|end| self.path.strip_suffix(end)) {
            self.path.truncate(path.len());
        }
        self
    }

    /// Cuts the path off where it first says `part`.
    pub(crate) fn before(mut self, part: &str) -> Self {
        if let Some(at) = self.path.find(part) {
            self.path.truncate(at);
        }
        self
    }

    /// Adds that part of `path` that the path does not end with.
    pub(crate) fn under(mut self, path: &str) -> Self {
        self.path.push_str(self.beyond(path));
        self
    }

    /// That part of `path` that the path of this URL does not end with.
    fn beyond<'p>(&self, path: &'p str) -> &'p str {
        let cut = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()])
            .rfind(|&at| self.path.ends_with(&path[..at]))
            .unwrap_or_default();
        &path[cut..]
    }

    /// This URL with that part of `path` that its own path does not end with, and `query`.
    pub(crate) fn below(&self, path: &str, query: &str) -> Result<Uri, http::Error> {
        self.uri(self.beyond(path), query)
    }

    /// This URL with `suffix` behind its path and `pair` in its query.
    pub(crate) fn uri(&self, suffix: &str, pair: &str) -> Result<Uri, http::Error> {
        let Self { path, query, .. } = self;
        let joint = match (query.is_empty(), pair.is_empty()) {
            (_, true) => "",
            (true, false) => "?",
            (false, false) => "&",
        };
        let slash = if path.is_empty() && suffix.is_empty() {
            "/"
        } else {
            ""
        };
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{path}{suffix}{slash}{query}{joint}{pair}"))
            .build()
    }
}

impl fmt::Display for Base {
    /// Neither credentials nor query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            authority,
            path,
            ..
        } = self;
        write!(f, "{scheme}://{authority}{path}")
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A text that was meant as a URL, without what may be a credential.
fn display(text: &str) -> String {
    lockgate_core::config::BaseUrl::new(text).to_string()
}
