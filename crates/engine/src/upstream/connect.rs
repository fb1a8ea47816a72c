//! Opening connections: addresses, TCP, TLS.

use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service as _;

/// A connected stream, with or without TLS.
pub(super) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Opens streams to upstreams: tries all addresses of a host, speaks TLS where the scheme says so.
#[derive(Clone)]
pub(super) struct Connector(HttpsConnector<HttpConnector>);

// === impl Connector ===

impl Connector {
    /// `connect_timeout` bounds the TCP handshake.
    pub(super) fn new(tls: &rustls::ClientConfig, connect_timeout: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        // Without it every small write of a stream waits for an acknowledgement.
        http.set_nodelay(true);
        http.set_connect_timeout(Some(connect_timeout));
        http.set_keepalive(Some(Duration::from_secs(60)));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            // HTTP/2 would put all streams of a host on one connection, about 100 of them, and
            // queue the rest in silence; see docs/adr.
            .enable_http1()
            .wrap_connector(http);
        Self(https)
    }

    /// Connects to the authority of `uri`.
    pub(super) async fn connect(&self, uri: Uri) -> Result<Stream, ConnectError> {
        let mut connector = self.0.clone();
        std::future::poll_fn(|cx| connector.poll_ready(cx))
            .await
            .map_err(ConnectError)?;
        connector.call(uri).await.map_err(ConnectError)
    }
}

/// An upstream that could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("{}", super::root_cause(.0.as_ref()))]
pub(super) struct ConnectError(Box<dyn std::error::Error + Send + Sync>);
