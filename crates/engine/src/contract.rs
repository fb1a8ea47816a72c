//! The headers that LiteLLM users read and send (reference sections 5.1 and 5.2).

use std::time::{Duration, Instant};

use bytes::BytesMut;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use lockgate_core::config::GeneralSettings;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ApiError;
use lockgate_wire::dialects::bedrock;

use crate::deployment::Deployment;

/// The LiteLLM version whose behaviour is served, for clients that look.
pub const LITELLM_VERSION: &str = "1.105.0";

const CALL_ID: HeaderName = HeaderName::from_static("x-litellm-call-id");
const VERSION: HeaderName = HeaderName::from_static("x-litellm-version");
const MODEL_ID: HeaderName = HeaderName::from_static("x-litellm-model-id");
const MODEL_NAME: HeaderName = HeaderName::from_static("x-litellm-model-name");
const MODEL_GROUP: HeaderName = HeaderName::from_static("x-litellm-model-group");
const API_BASE: HeaderName = HeaderName::from_static("x-litellm-model-api-base");
const RETRIES: HeaderName = HeaderName::from_static("x-litellm-attempted-retries");
const FALLBACKS: HeaderName = HeaderName::from_static("x-litellm-attempted-fallbacks");
const DURATION: HeaderName = HeaderName::from_static("x-litellm-response-duration-ms");
const OVERHEAD: HeaderName = HeaderName::from_static("x-litellm-overhead-duration-ms");
const DROPPED: HeaderName = HeaderName::from_static("x-lockgate-dropped");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Request headers that carry a key; they never travel on.
pub(crate) const KEY_HEADERS: [&str; 6] = [
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "x-litellm-api-key",
    "x-litellm-key",
    "ocp-apim-subscription-key",
];

/// Upstream headers that describe the hop or would act on the client.
const NOT_RELAYED: [&str; 11] = [
    "connection",
    "content-encoding",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What an answer's headers say about how it came about.
#[derive(Debug, Clone, Copy)]
pub struct Story<'a> {
    /// The call id.
    pub call_id: &'a str,
    /// The deployment that answered.
    pub deployment: Option<&'a Deployment>,
    /// Attempts beyond the first.
    pub retries: u32,
    /// Hops to a fallback.
    pub fallbacks: u32,
    /// When the request was accepted.
    pub started: Instant,
    /// How much of the time until now the upstream took.
    pub upstream_time: Duration,
    /// What was left out of the upstream request.
    pub dropped: &'a [String],
}

// === impl Story ===

impl Story<'_> {
    /// Adds the `x-litellm-*` headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        put(headers, CALL_ID, self.call_id);
        headers.insert(VERSION, HeaderValue::from_static(LITELLM_VERSION));
        if let Some(deployment) = self.deployment {
            headers.insert(MODEL_ID, deployment.labels.id.clone());
            headers.insert(MODEL_NAME, deployment.labels.name.clone());
            headers.insert(MODEL_GROUP, deployment.labels.group.clone());
            if let Some(base) = &deployment.labels.api_base {
                headers.insert(API_BASE, base.clone());
            }
        }
        headers.insert(RETRIES, HeaderValue::from(self.retries));
        headers.insert(FALLBACKS, HeaderValue::from(self.fallbacks));
        let duration = self.started.elapsed();
        headers.insert(DURATION, milliseconds(duration));
        headers.insert(
            OVERHEAD,
            milliseconds(duration.saturating_sub(self.upstream_time)),
        );
        if !self.dropped.is_empty() {
            put(headers, DROPPED, &self.dropped.join(","));
        }
    }
}

/// Adds the headers of a streamed answer.
pub fn stream_headers(dialect: DialectId, headers: &mut HeaderMap) {
    let content_type = dialect.dialect().stream_content_type();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
}

/// Adds the upstream's headers: each as `llm_provider-<name>`, rate limits under their own name.
pub fn provider_headers(upstream: &HeaderMap, headers: &mut HeaderMap) {
    let mut prefixed = Vec::with_capacity(64);
    for (name, value) in upstream {
        let text = name.as_str();
        if NOT_RELAYED.contains(&text) {
            continue;
        }
        prefixed.clear();
        prefixed.extend_from_slice(b"llm_provider-");
        prefixed.extend_from_slice(text.as_bytes());
        if let Ok(prefixed) = HeaderName::from_bytes(&prefixed) {
            headers.append(prefixed, value.clone());
        }
        if text.starts_with("x-ratelimit-") {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// What SDKs of a dialect read an error's type from, where that is a header.
pub fn error_headers(dialect: DialectId, error: &ApiError, headers: &mut HeaderMap) {
    if dialect == DialectId::Bedrock {
        let name = HeaderName::from_static("x-amzn-errortype");
        headers.insert(name, HeaderValue::from_static(bedrock::exception(error)));
    }
}

/// Tells the client when to come back.
pub fn retry_after(wait: Duration, headers: &mut HeaderMap) {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
}

/// The call id of a request: the client's own, if it sent a usable one.
pub fn call_id(headers: &HeaderMap) -> String {
    headers
        .get(&CALL_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= 256)
        .map_or_else(fresh_id, str::to_owned)
}

/// Client headers that travel on to the upstream; none that a key may be read from.
pub fn forwarded(dialect: DialectId, general: &GeneralSettings, headers: &HeaderMap) -> HeaderMap {
    let mut forwarded = HeaderMap::new();
    let mut pass = |name: &str| {
        if let (Ok(name), Some(value)) =
            (HeaderName::from_bytes(name.as_bytes()), headers.get(name))
        {
            forwarded.insert(name, value.clone());
        }
    };
    if dialect == DialectId::Anthropic || general.forward_client_headers_to_llm_api {
        pass("anthropic-beta");
    }
    if general.forward_openai_org_id {
        pass("openai-organization");
    }
    if general.forward_client_headers_to_llm_api {
        for name in headers.keys().map(HeaderName::as_str) {
            let own = name.starts_with("x-litellm-")
                || name.starts_with("x-stainless-")
                || general
                    .litellm_key_header_name
                    .as_ref()
                    .is_some_and(|key| key.eq_ignore_ascii_case(name));
            if name.starts_with("x-") && !own && !KEY_HEADERS.contains(&name) {
                pass(name);
            }
        }
    }
    forwarded
}

/// A random UUID; it names something, it guards nothing.
pub(crate) fn fresh_id() -> String {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes())
        .into_uuid()
        .to_string()
}

fn milliseconds(duration: Duration) -> HeaderValue {
    let microseconds = duration.as_micros();
    let mut digits = itoa::Buffer::new();
    let mut text = BytesMut::with_capacity(16);
    text.extend_from_slice(digits.format(microseconds / 1000).as_bytes());
    text.extend_from_slice(b".");
    // Three digits, also where the first ones are zero.
    let thousandths = digits.format(1000 + microseconds % 1000);
    text.extend_from_slice(&thousandths.as_bytes()[1..]);
    HeaderValue::from_maybe_shared(text.freeze()).unwrap_or_else(|_| HeaderValue::from_static("0"))
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
