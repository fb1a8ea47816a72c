//! URLs that clients choose the end of: below a provider's base, and nowhere else.

use http::Uri;
use lockgate_wire::Operation;

use crate::connection::Connection;
use crate::url::UrlError;

// === impl Connection ===

impl Connection {
    /// Where `path` (with its slash, percent-encoded) and `query` (without question mark) of the
    /// provider's own API are. A path that begins as the base URL's path ends is not doubled:
    /// below `https://host/v1`, both `/v1/files` and `/files` are `https://host/v1/files`.
    pub fn resource_uri(&self, path: &str, query: &str) -> Result<Uri, UrlError> {
        let refused = || UrlError::Path(path.to_owned());
        let base = self.base.as_ref().ok_or_else(refused)?;
        if climbs(path) {
            return Err(refused());
        }
        let there = self.endpoints.place_of(path);
        let base = there.as_ref().unwrap_or(base);
        base.below(path, query).map_err(|_| refused())
    }

    /// Where `path` (with its slash, percent-encoded) below the provider's `/responses` is, with
    /// `query` (without question mark) beside what the URL has anyway.
    pub fn responses_uri(&self, path: &str, query: &str) -> Result<Uri, UrlError> {
        let responses = self.endpoints.uri(Operation::Responses, "", false)?;
        let whole = format!("{}{path}", responses.path());
        with_path(responses, &whole, query).ok_or_else(|| UrlError::Path(path.to_owned()))
    }

    /// Where `path` (with its slash, percent-encoded) of the OpenAI API, counted from its version,
    /// is: beside the provider's `/responses`. A provider that does not speak that API has it where
    /// its own paths are.
    pub fn openai_uri(&self, path: &str, query: &str) -> Result<Uri, UrlError> {
        let refused = || UrlError::Path(path.to_owned());
        if climbs(path) {
            return Err(refused());
        }
        let Ok(responses) = self.endpoints.uri(Operation::Responses, "", false) else {
            return self.resource_uri(&format!("/v1{path}"), query);
        };
        let base = responses.path().strip_suffix("/responses");
        let whole = format!("{}{path}", base.ok_or_else(refused)?);
        with_path(responses, &whole, query).ok_or_else(refused)
    }
}

/// The same URL with another path, and with `query` beside its own.
fn with_path(uri: Uri, path: &str, query: &str) -> Option<Uri> {
    let own = uri.query().unwrap_or_default();
    let joint = if own.is_empty() || query.is_empty() {
        ""
    } else {
        "&"
    };
    let mark = if own.is_empty() && query.is_empty() {
        ""
    } else {
        "?"
    };
    let whole = format!("{path}{mark}{own}{joint}{query}");
    let mut parts = uri.into_parts();
    parts.path_and_query = Some(whole.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Whether a path may lead out of where it is put, in any spelling a server may take it in.
pub(crate) fn climbs(path: &str) -> bool {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    !path.starts_with('/')
        || decoded
            .split(['/', '\\'])
            .any(|segment| matches!(segment, "." | ".."))
}
