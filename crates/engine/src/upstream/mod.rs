//! Calling upstreams: a pool of connections per core, four timeouts, bodies that can be cancelled.

mod body;
mod connect;
mod connection;
pub mod http1;
mod io;
mod outgoing;
mod pool;
mod proxy;
mod request_body;

use std::rc::Rc;
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, Method, Uri};
use tokio::time::Instant;

pub use self::body::{BodyError, Upgraded, UpstreamBody};
use self::connect::Connector;
use self::connection::{Arrived, Connection, ExchangeError};
use self::http1::{Asked, RequestHead};
pub use self::io::UpstreamStream;
use self::outgoing::Outgoing;
use self::pool::{Origin, Pool};
pub use self::proxy::Proxies;
pub use self::request_body::{BodyStream, BodyStreamError, CollectError, Pieces, RequestBody};

/// The upstream client of one core.
#[derive(Clone)]
pub struct Upstream {
    connector: Connector,
    pool: Rc<Pool>,
}

/// One request for an upstream.
pub struct UpstreamRequest {
    /// Any but CONNECT.
    pub method: Method,
    /// Absolute.
    pub uri: Uri,
    /// Complete but for `host` and what frames the body.
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
    /// The connection broke after the request was on its way. A request that can be sent again
    /// was, if its connection was an old one that broke before anything was answered: then the
    /// upstream had most likely closed it before.
    #[error("connection to {authority} broke: {reason}")]
    Broken {
        /// Host and port.
        authority: String,
        /// The innermost cause.
        reason: String,
    },
    /// The request's own body broke off while it was sent.
    #[error("the request's body could not be sent: {0}")]
    Body(String),
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

    /// The same client, going through `proxies`.
    #[must_use]
    pub fn through(mut self, proxies: Proxies) -> Self {
        self.connector.set_proxies(proxies);
        self
    }

    /// Closes connections that have rested too long. To be called now and then.
    pub fn sweep(&self) {
        self.pool.sweep();
    }

    /// Sends a request and waits for the head of the answer.
    pub async fn send(&self, request: UpstreamRequest) -> Result<UpstreamResponse, UpstreamError> {
        let Some(origin) = Origin::of(&request.uri) else {
            return Err(UpstreamError::BadUri(request.uri.to_string()));
        };
        let deadline = request.head_deadline;
        let authority = origin.authority.clone();
        match tokio::time::timeout_at(deadline, self.exchange(origin, request)).await {
            Ok(result) => result,
            Err(_) => Err(UpstreamError::Timeout {
                authority: authority.to_string(),
            }),
        }
    }

    async fn exchange(
        &self,
        origin: Origin,
        mut request: UpstreamRequest,
    ) -> Result<UpstreamResponse, UpstreamError> {
        let instead = self.connector.proxies().instead_of(&request.uri);
        let absolute = instead.is_some();
        if let Some(auth) = instead.and_then(|proxy| proxy.auth) {
            request.headers.insert(PROXY_AUTHORIZATION, auth);
        }
        let head = RequestHead {
            method: &request.method,
            uri: &request.uri,
            headers: &request.headers,
            absolute,
            length: request.body.length(),
        };
        let asked = Asked::of(&request.method, &request.headers);
        let mut outgoing = Outgoing::new(&head, request.body, self.pool.take_head());
        let rested = std::future::poll_fn(|cx| self.pool.take(&origin, cx).into()).await;
        if let Some(mut connection) = rested {
            let exchanged = connection.exchange(&mut outgoing, asked, &self.pool.buffer);
            match exchanged.await {
                Err(ExchangeError::Silent(_)) if outgoing.rewind() => {}
                Err(error) => return Err(broken(&origin, &error)),
                Ok(arrived) => return Ok(self.answer(arrived, connection, outgoing, origin)),
            }
        }
        // Rare, and large as a future: kept out of every request's.
        let mut connection = Box::pin(self.open(&origin, &request.uri)).await?;
        match (connection.exchange(&mut outgoing, asked, &self.pool.buffer)).await {
            Err(error) => Err(broken(&origin, &error)),
            Ok(arrived) => Ok(self.answer(arrived, connection, outgoing, origin)),
        }
    }

    fn answer(
        &self,
        mut arrived: Arrived,
        mut connection: Connection,
        outgoing: Outgoing,
        origin: Origin,
    ) -> UpstreamResponse {
        let head = &mut arrived.head;
        let reusable = head.keep_alive && outgoing.is_sent();
        let (status, headers) = (head.status, std::mem::take(&mut head.headers));
        if outgoing.is_sent() {
            self.pool.put_head(outgoing.into_scratch());
        } else if status < 400 {
            connection.keep_sending(outgoing);
        }
        UpstreamResponse {
            status,
            headers,
            body: UpstreamBody::new(arrived, connection, reusable, self.pool.clone(), origin),
        }
    }

    async fn open(&self, origin: &Origin, uri: &Uri) -> Result<Connection, UpstreamError> {
        match self.connector.connect(uri.clone()).await {
            Ok(stream) => Ok(Connection::new(stream.into())),
            Err(error) => Err(UpstreamError::Connect {
                authority: origin.authority.to_string(),
                reason: error.to_string(),
            }),
        }
    }
}

fn broken(origin: &Origin, error: &ExchangeError) -> UpstreamError {
    match error {
        ExchangeError::Body(error) => UpstreamError::Body(error.to_string()),
        ExchangeError::Silent(_) | ExchangeError::Broken(_) => UpstreamError::Broken {
            authority: origin.authority.to_string(),
            reason: error.to_string(),
        },
    }
}

/// The sentence of the innermost cause.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
