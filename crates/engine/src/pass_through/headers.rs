//! Which headers travel on when a request is passed through.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::contract::KEY_HEADERS;

/// Headers of a request that are about this hop, about the client's browser, or a key to us.
const NOT_SENT: [&str; 17] = [
    // Answers are read for usage, and nothing is gained by packing text for one hop more.
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Headers of a request that say what its body is, and what its answer may be.
pub(super) const DESCRIBES_BODY: [&str; 3] = ["accept", "content-encoding", "content-type"];

/// What stands before the name of a header that always goes along, as in LiteLLM.
pub(super) const PASS: &str = "x-pass-";

/// Headers of an answer that are about that hop, or would act on the client's browser.
const NOT_RETURNED: [&str; 11] = [
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The client's headers without its key, with the provider's. `key_header` is a further header
/// that a key may be in.
pub(super) fn request(
    client: &HeaderMap,
    provider: &HeaderMap,
    key_header: Option<&str>,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(client.len() + provider.len());
    for (name, value) in sendable(client) {
        if !key_header.is_some_and(|key| key.eq_ignore_ascii_case(name.as_str())) {
            headers.append(name.clone(), value.clone());
        }
    }
    for (name, value) in provider {
        // A credential is always ours; a version or a content type is the client's if it said one.
        if value.is_sensitive() || !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    if !client.contains_key(CONTENT_TYPE) {
        headers.remove(CONTENT_TYPE);
    }
    headers
}

/// The client's headers that are neither about this hop nor for the gateway.
pub(super) fn sendable(client: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let listed = connection_options(client);
    client
        .iter()
        .filter(move |(name, _)| !is_own(name.as_str()) && !listed.contains(name))
}

/// Whether a header is about this hop, or for the gateway.
pub(super) fn is_own(name: &str) -> bool {
    NOT_SENT.contains(&name)
        || KEY_HEADERS.contains(&name)
        || name.starts_with("x-litellm-")
        || name.starts_with("x-forwarded-")
        || name.starts_with("sec-")
}

/// The upstream's headers as the client gets them.
pub(super) fn response(upstream: &HeaderMap) -> HeaderMap {
    let listed = connection_options(upstream);
    let mut headers = HeaderMap::with_capacity(upstream.len() + 12);
    for (name, value) in upstream {
        if !NOT_RETURNED.contains(&name.as_str()) && !listed.contains(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// What `Connection` names ends at this hop, too (RFC 9110, section 7.6.1).
fn connection_options(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all("connection")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect()
}
