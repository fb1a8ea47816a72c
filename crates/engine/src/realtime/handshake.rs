//! The client's side of the handshake (RFC 6455, section 4.2).

use http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use lockgate_core::error::GatewayError;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::{ApiError, ErrorKind};
use lockgate_wire::websocket;

use crate::answer::AnswerBody;
use crate::contract;
use crate::pipeline::{error_response, respond, story};
use crate::record::RecordGuard;

/// What a client offers.
#[derive(Debug)]
pub(super) struct Offer<'r> {
    /// Answered in the handshake.
    accept: String,
    /// The subprotocol that is agreed on.
    protocol: Option<&'r str>,
    /// The key among the subprotocols: browsers cannot set headers.
    pub(super) key: Option<&'r str>,
    /// The beta of the API is asked for among the subprotocols.
    pub(super) beta: Option<&'r str>,
}

/// Why a request is no handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is an ordinary request.
    NoUpgrade,
    /// Another version than 13.
    Version,
    /// No key, or one that is none.
    Key,
}

/// How a subprotocol begins that is the key (OpenAI API, "Realtime API with WebSockets").
const KEY: &str = "openai-insecure-api-key.";
/// How one begins that asks for a beta: `openai-beta.realtime-v1`.
const BETA: &str = "openai-beta.";
/// Further subprotocols that say something and are never agreed on.
const SAYING: [&str; 2] = ["openai-organization.", "openai-project."];

/// Whether a request wants its connection to become a WebSocket.
pub fn is_asked_for<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && words(request.headers(), CONNECTION).any(|word| word.eq_ignore_ascii_case("upgrade"))
        && words(request.headers(), UPGRADE).any(|word| word.eq_ignore_ascii_case("websocket"))
}

/// The elements of a list in headers.
fn words(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

// === impl Offer ===

impl<'r> Offer<'r> {
    /// Reads a handshake.
    pub(super) fn read<B>(request: &'r Request<B>) -> Result<Self, Wrong> {
        let headers = request.headers();
        if !is_asked_for(request) {
            return Err(Wrong::NoUpgrade);
        }
        let version = headers.get(SEC_WEBSOCKET_VERSION);
        if version.is_none_or(|version| version != "13") {
            return Err(Wrong::Version);
        }
        let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
        let key = key.filter(|key| websocket::is_key(key)).ok_or(Wrong::Key)?;
        let offered = || words(headers, SEC_WEBSOCKET_PROTOCOL);
        let said = |start: &'static str| offered().find_map(|name| name.strip_prefix(start));
        let meant = |name: &&str| {
            let mut starts = [KEY, BETA].into_iter().chain(SAYING);
            !name.is_empty() && starts.all(|start| !name.starts_with(start))
        };
        Ok(Self {
            accept: websocket::accept(key),
            protocol: offered().find(meant),
            key: said(KEY),
            beta: said(BETA),
        })
    }

    /// The answer that agrees; `upstream` are the headers of that side, if it was asked already.
    pub(super) fn accepted(
        &self,
        record: &RecordGuard,
        upstream: Option<&HeaderMap>,
    ) -> Response<AnswerBody> {
        let mut headers = HeaderMap::with_capacity(24);
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        for (name, text) in [
            (SEC_WEBSOCKET_ACCEPT, Some(self.accept.as_str())),
            (SEC_WEBSOCKET_PROTOCOL, self.protocol),
        ] {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, value);
            }
        }
        if let Some(upstream) = upstream {
            contract::provider_headers(upstream, &mut headers);
        }
        let sent = record.record().sent;
        let upstream_time = sent.map(|sent| sent.elapsed()).unwrap_or_default();
        story(record, &[], upstream_time).write(&mut headers);
        respond(
            StatusCode::SWITCHING_PROTOCOLS,
            headers,
            AnswerBody::plain(""),
        )
    }
}

// === impl Wrong ===

impl Wrong {
    pub(super) fn response(self, dialect: DialectId) -> Response<AnswerBody> {
        let (status, message) = match self {
            Self::NoUpgrade => (426, "this endpoint is a WebSocket over HTTP/1.1"),
            Self::Version => (426, "this endpoint speaks version 13 of WebSocket"),
            Self::Key => (400, "the handshake has no valid Sec-WebSocket-Key"),
        };
        let mut api = ApiError::new(ErrorKind::InvalidRequest, message);
        api.status = status;
        let mut response = error_response(dialect, &GatewayError::upstream(api, None));
        let headers = response.headers_mut();
        if status == 426 {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}
