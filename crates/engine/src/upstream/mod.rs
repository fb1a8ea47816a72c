//! Calling upstreams: a pool of connections per core, four timeouts, bodies that can be cancelled.

mod body;
mod connect;
mod connection;
mod pool;
mod request_body;

use std::rc::Rc;
use std::time::Duration;

use http::{HeaderMap, Method, Request, Uri};
use tokio::time::Instant;

pub use self::body::{BodyError, UpstreamBody};
use self::connect::Connector;
use self::connection::Connection;
use self::pool::{Origin, Pool};
pub use self::request_body::RequestBody;

/// The upstream client of one core.
#[derive(Clone)]
pub struct Upstream {
    connector: Connector,
    pool: Rc<Pool>,
}

/// One request for an upstream.
pub struct UpstreamRequest {
    /// The method.
    pub method: Method,
    /// Absolute.
    pub uri: Uri,
    /// Complete but for `host` and `content-length`.
    pub headers: HeaderMap,
    /// The body.
    pub body: RequestBody,
    /// When the head of the answer must be here.
    pub head_deadline: Instant,
}

/// The head of an upstream's answer and its body, still to be read.
pub struct UpstreamResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers as they came.
    pub headers: HeaderMap,
    /// The body; dropping it cancels the call.
    pub body: UpstreamBody,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UpstreamError {
    /// The upstream could not be reached. Nothing was sent.
    #[error("cannot connect to {authority}: {reason}")]
    Connect {
        /// Host and port.
        authority: String,
        /// The innermost cause.
        reason: String,
    },
    /// The connection broke after the request was on its way.
    #[error("connection to {authority} broke: {reason}")]
    Broken {
        /// Host and port.
        authority: String,
        /// The innermost cause.
        reason: String,
    },
    /// The head of the answer did not come in time.
    #[error("{authority} did not answer in time")]
    Timeout {
        /// Host and port.
        authority: String,
    },
    /// The URL cannot be called.
    #[error("not a URL that can be called: {0}")]
    BadUri(String),
}

// === impl Upstream ===

impl Upstream {
    /// A client for the current thread. `connect_timeout` bounds the TCP handshake.
    pub fn new(tls: &rustls::ClientConfig, connect_timeout: Duration) -> Self {
        Self {
            connector: Connector::new(tls, connect_timeout),
            pool: Rc::default(),
        }
    }

    /// Closes connections that have rested too long. To be called now and then.
    pub fn sweep(&self) {
        self.pool.sweep();
    }

    /// Sends a request and waits for the head of the answer.
    pub async fn send(&self, request: UpstreamRequest) -> Result<UpstreamResponse, UpstreamError> {
        let (Some(scheme), Some(authority)) = (
            request.uri.scheme().cloned(),
            request.uri.authority().cloned(),
        ) else {
            return Err(UpstreamError::BadUri(request.uri.to_string()));
        };
        let origin = Origin { scheme, authority };
        let deadline = request.head_deadline;
        let authority = origin.authority.to_string();
        match tokio::time::timeout_at(deadline, self.exchange(origin, request)).await {
            Ok(result) => result,
            Err(_) => Err(UpstreamError::Timeout { authority }),
        }
    }

    async fn exchange(
        &self,
        origin: Origin,
        request: UpstreamRequest,
    ) -> Result<UpstreamResponse, UpstreamError> {
        let mut connection = match self.pool.take(&origin).await {
            Some(connection) => connection,
            // Rare, and large as a future: kept out of every request's.
            None => Box::pin(self.open(&origin, &request.uri)).await?,
        };
        let message = to_message(&origin, request)?;
        let response = connection
            .send(message)
            .await
            .map_err(|e| UpstreamError::Broken {
                authority: origin.authority.to_string(),
                reason: root_cause(&e),
            })?;
        let (head, incoming) = response.into_parts();
        Ok(UpstreamResponse {
            status: head.status.as_u16(),
            headers: head.headers,
            body: UpstreamBody::new(incoming, connection, self.pool.clone(), origin),
        })
    }

    async fn open(&self, origin: &Origin, uri: &Uri) -> Result<Connection, UpstreamError> {
        let failed = |reason: String| UpstreamError::Connect {
            authority: origin.authority.to_string(),
            reason,
        };
        let stream = self
            .connector
            .connect(uri.clone())
            .await
            .map_err(|e| failed(e.to_string()))?;
        Connection::handshake(stream)
            .await
            .map_err(|e| failed(root_cause(&e)))
    }
}

fn to_message(
    origin: &Origin,
    request: UpstreamRequest,
) -> Result<Request<RequestBody>, UpstreamError> {
    let target = request.uri.path_and_query().map_or("/", |p| p.as_str());
    let target: Uri = target
        .parse()
        .map_err(|_| UpstreamError::BadUri(request.uri.to_string()))?;
    let host = http::HeaderValue::from_str(host_without_userinfo(origin))
        .map_err(|_| UpstreamError::BadUri(request.uri.to_string()))?;
    let mut message = Request::new(request.body);
    *message.method_mut() = request.method;
    *message.uri_mut() = target;
    *message.headers_mut() = request.headers;
    message.headers_mut().insert(http::header::HOST, host);
    Ok(message)
}

fn host_without_userinfo(origin: &Origin) -> &str {
    let authority = origin.authority.as_str();
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

/// The sentence of the innermost cause.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
