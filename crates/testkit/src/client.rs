//! A plain HTTP/1.1 client for tests: one connection per request, so that dropping a reply closes it.

mod reply;

use std::{io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

pub use self::reply::{Reply, StreamReply};

/// No single step of a test exchange may take longer.
const STEP: Duration = Duration::from_secs(30);

/// Where to send requests and what headers to send along; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    addr: SocketAddr,
    headers: HeaderMap,
}

/// Why an exchange failed before or while a response was read.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection could not be opened, written or read.
    #[error("connection failed: {0}")]
    Io(#[from] io::Error),
    /// The peer broke the HTTP protocol or closed before the end of the response.
    #[error("exchange failed: {0}")]
    Http(#[from] hyper::Error),
    /// The test asked for an impossible request.
    #[error("invalid request: {0}")]
    Request(#[from] http::Error),
    /// Nothing happened for thirty seconds.
    #[error("no progress within {STEP:?}")]
    Timeout,
}

// === impl Client ===

impl Client {
    /// A client of the server at `addr`, without default headers.
    #[must_use]
    pub fn new(addr: SocketAddr) -> Self {
        Self {
            addr,
            headers: HeaderMap::new(),
        }
    }

    /// Adds (or replaces) a header of every request; a name or value HTTP does not allow is ignored.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Sends `Authorization: Bearer KEY` with every request.
    #[must_use]
    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// `GET path`, whole response.
    ///
    /// # Errors
    /// See [`ClientError`]; an HTTP error status is not one.
    pub async fn get(&self, path: &str) -> Result<Reply, ClientError> {
        self.send(Method::GET, path, Bytes::new())
            .await?
            .collect()
            .await
    }

    /// `POST path` with a JSON body, whole response.
    ///
    /// # Errors
    /// See [`ClientError`]; an HTTP error status is not one.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply, ClientError> {
        self.stream(path, body).await?.collect().await
    }

    /// `POST path` with any bytes (still declared as JSON unless a default header says otherwise), whole response.
    ///
    /// # Errors
    /// See [`ClientError`]; an HTTP error status is not one.
    pub async fn post_bytes(
        &self,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Reply, ClientError> {
        self.send(Method::POST, path, body.into())
            .await?
            .collect()
            .await
    }

    /// `POST path` with a JSON body; returns when the response head arrived, the body is read piece by piece.
    ///
    /// # Errors
    /// See [`ClientError`]; an HTTP error status is not one.
    pub async fn stream(&self, path: &str, body: &Value) -> Result<StreamReply, ClientError> {
        self.send(Method::POST, path, Bytes::from(body.to_string()))
            .await
    }

    /// Any method and body; returns when the response head arrived.
    ///
    /// # Errors
    /// See [`ClientError`]; an HTTP error status is not one.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<StreamReply, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .body(Full::new(body.clone()))?;
        let headers = request.headers_mut();
        headers.insert(
            header::HOST,
            HeaderValue::from_str(&self.addr.to_string()).map_err(http::Error::from)?,
        );
        if !body.is_empty() {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        headers.extend(self.headers.clone());

        let stream = bounded(async { Ok(TcpStream::connect(self.addr).await?) }).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        // An error of the connection also reaches the response future or the body, where it is reported.
        driver.spawn(async move { connection.await.is_ok() });
        let response = bounded(async { Ok(sender.send_request(request).await?) }).await?;
        Ok(StreamReply::new(response, driver))
    }

    /// Writes `request` as it is (let it ask for `connection: close`) and returns everything the server sends until it closes.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn raw(&self, request: &[u8]) -> Result<Vec<u8>, ClientError> {
        bounded(async {
            let mut stream = TcpStream::connect(self.addr).await?;
            stream.write_all(request).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok(answer)
        })
        .await
    }
}

async fn bounded<T>(step: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    timeout(STEP, step)
        .await
        .unwrap_or(Err(ClientError::Timeout))
}
