//! Which headers travel on when a request is passed through.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};

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

/// What an answer's headers say about its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Whether it is one JSON document.
    pub is_json: bool,
    /// Whether it is a stream of server-sent events.
    pub is_event_stream: bool,
    /// Bytes, when announced.
    pub length: Option<u64>,
}

/// The client's headers without its key, with the provider's. `key_header` is a further header
/// that a key may be in.
pub(super) fn request(
    client: &HeaderMap,
    provider: &HeaderMap,
    key_header: Option<&str>,
) -> HeaderMap {
    let listed = connection_options(client);
    let mut headers = HeaderMap::with_capacity(client.len() + provider.len());
    for (name, value) in client {
        let text = name.as_str();
        let own = NOT_SENT.contains(&text)
            || KEY_HEADERS.contains(&text)
            || text.starts_with("x-litellm-")
            || text.starts_with("x-forwarded-")
            || text.starts_with("sec-")
            || key_header.is_some_and(|key| key.eq_ignore_ascii_case(text))
            || listed.contains(name);
        if !own {
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

// === impl Shape ===

impl Shape {
    /// What `headers` say.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name| {
            headers
                .get(name)
                .and_then(|v: &http::HeaderValue| v.to_str().ok())
        };
        let content_type = text(CONTENT_TYPE).unwrap_or_default();
        let packed = headers.contains_key("content-encoding");
        Self {
            is_json: content_type.starts_with("application/json") && !packed,
            is_event_stream: content_type.starts_with("text/event-stream") && !packed,
            length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        }
    }
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
