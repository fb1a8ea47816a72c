//! Asking an upstream for a session: a WebSocket handshake is an attempt like any other.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::websocket;
use tokio::time::Instant;

use super::mishap::{no_credential, no_url, redirected, unreachable_upstream};
use super::{Attempt, Content, Failure, Reply};
use crate::answer::Slot;
use crate::upstream::{Upgraded, Upstream, UpstreamRequest};

/// An upstream's connection that speaks WebSocket.
pub(crate) struct Line {
    /// The connection.
    pub upgraded: Upgraded,
    /// The model as the upstream names it.
    pub model: String,
    /// The longest silence on both sides.
    pub idle: Duration,
    /// Counts the session as in flight.
    pub slot: Slot,
}

/// What makes a request for a session one that only transcribes, which names its model later.
const TRANSCRIPTION: &str = "intent=transcription";

// === impl Attempt ===

impl Attempt<'_> {
    pub(super) async fn switch(
        &self,
        upstream: &Upstream,
        slot: Slot,
        started: Instant,
    ) -> Result<Reply, Failure> {
        self.check_key()?;
        let key = websocket::key(rand::random());
        let (uri, headers) = self.session_address(&key)?;
        let request = UpstreamRequest {
            method: Method::GET,
            uri,
            headers,
            body: Bytes::new().into(),
            head_deadline: started + self.limits.first_byte.min(self.limits.total),
        };
        let response = upstream.send(request).await;
        let mut response = response.map_err(|e| unreachable_upstream(&e))?;
        if response.status >= 400 {
            let total = started + self.limits.total;
            return Err(Box::pin(self.refused(response, total)).await);
        }
        let error = match response.status {
            101 => wrong_handshake(&response.headers, &key).map(|wrong| bad_gateway(&wrong)),
            status @ 300.. => Some(redirected(status)),
            status => Some(bad_gateway(&format!("it answers {status} to a handshake"))),
        };
        if let Some(error) = error {
            let headers = response.headers;
            return Err(Failure { error, headers });
        }
        response.headers.remove(SEC_WEBSOCKET_ACCEPT);
        let Some(upgraded) = response.body.upgrade() else {
            return Err(bad_gateway("its connection broke right away").into());
        };
        Ok(Reply {
            headers: response.headers,
            content: Content::Session(Box::new(Line {
                upgraded,
                model: self.model.to_owned(),
                idle: self.limits.idle,
                slot,
            })),
        })
    }

    fn session_address(&self, key: &str) -> Result<(Uri, HeaderMap), GatewayError> {
        let connection = &self.deployment.connection;
        let uri = connection
            .uri(self.prepared.operation, self.model, true)
            .map_err(|e| no_url(&e))?;
        let uri = with_query(&uri, &self.call.query)?;
        let mut headers = self.headers();
        headers.remove(CONTENT_TYPE);
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        let key = HeaderValue::from_str(key).map_err(|e| bad_gateway(&e.to_string()))?;
        headers.insert(SEC_WEBSOCKET_KEY, key);
        connection
            .authorize(&Method::GET, &uri, &mut headers, b"")
            .map_err(|e| no_credential(&e))?;
        Ok((uri, headers))
    }
}

/// The URL with more in its query. A session that transcribes must not name a model there (OpenAI
/// API reference, "Realtime transcription").
fn with_query(uri: &Uri, more: &str) -> Result<Uri, GatewayError> {
    if more.is_empty() {
        return Ok(uri.clone());
    }
    let transcribes = more.split('&').any(|pair| pair == TRANSCRIPTION);
    let own = uri.query().unwrap_or_default().split('&');
    let query: Vec<&str> = own
        .filter(|pair| !pair.is_empty() && !(transcribes && pair.starts_with("model=")))
        .chain([more])
        .collect();
    let mut parts = uri.clone().into_parts();
    let path = format!("{}?{}", uri.path(), query.join("&"));
    let refused = |e: &dyn std::fmt::Display| {
        GatewayError::client(ErrorKind::InvalidRequest, format!("the query: {e}"))
    };
    parts.path_and_query = Some(path.parse().map_err(|e| refused(&e))?);
    Uri::from_parts(parts).map_err(|e| refused(&e))
}

/// What is wrong with an answer that switches protocols (RFC 6455, section 4.1).
fn wrong_handshake(headers: &HeaderMap, key: &str) -> Option<String> {
    let says = |name: HeaderName, word: &str| {
        let values = headers.get_all(name);
        let mut values = values.iter().filter_map(|value| value.to_str().ok());
        values.any(|value| {
            value
                .split(',')
                .any(|v| v.trim().eq_ignore_ascii_case(word))
        })
    };
    let accepted = headers.get(SEC_WEBSOCKET_ACCEPT);
    if !says(UPGRADE, "websocket") || !says(CONNECTION, "upgrade") {
        Some("it switches to another protocol than WebSocket".to_owned())
    } else if accepted.is_none_or(|value| value != &websocket::accept(key.as_bytes())) {
        Some("its handshake does not answer the key".to_owned())
    } else if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        Some("it uses an extension that it was not offered".to_owned())
    } else {
        None
    }
}

fn bad_gateway(what: &str) -> GatewayError {
    let message = format!("the upstream does not speak WebSocket here: {what}");
    GatewayError::connection(ErrorKind::BadGateway, message)
}
