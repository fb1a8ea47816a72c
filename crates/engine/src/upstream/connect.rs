//! Opening connections: addresses, TCP, proxies, TLS.

use std::error::Error;
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::proxy::{Proxies, Via};

/// A connected stream, with or without TLS.
pub(super) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

type BoxError = Box<dyn Error + Send + Sync>;

/// Opens streams to upstreams: tries all addresses of a host, speaks TLS where the scheme says so,
/// goes through a proxy where there is one.
#[derive(Clone)]
pub(super) struct Connector {
    direct: HttpsConnector<HttpConnector>,
    /// What tunnels are dug with.
    http: HttpConnector,
    tls: rustls::ClientConfig,
    proxies: Proxies,
}

/// An upstream that could not be reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// Nor anything in its place.
    #[error("{}", super::root_cause(.0.as_ref()))]
    Direct(BoxError),
    /// The proxy could not be reached, or did not get through.
    #[error("through the proxy at {proxy}: {}", super::root_cause(.cause.as_ref()))]
    Proxied {
        /// Host and port.
        proxy: String,
        /// What went wrong.
        cause: BoxError,
    },
}

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
        Self {
            direct: secured(tls, http.clone()),
            http,
            tls: tls.clone(),
            proxies: Proxies::default(),
        }
    }

    /// Goes through `proxies` from now on.
    pub(super) fn set_proxies(&mut self, proxies: Proxies) {
        self.proxies = proxies;
    }

    /// The proxies.
    pub(super) fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Connects to the authority of `uri`, or to the proxy that answers for it.
    pub(super) async fn connect(&self, uri: Uri) -> Result<Stream, ConnectError> {
        let Some(via) = self.proxies.towards(&uri) else {
            let direct = self.direct.clone();
            return call(direct, uri).await.map_err(ConnectError::Direct);
        };
        let proxy = via.uri.authority().map(ToString::to_string);
        self.connect_via(via, uri)
            .await
            .map_err(|cause| ConnectError::Proxied {
                proxy: proxy.unwrap_or_default(),
                cause,
            })
    }

    async fn connect_via(&self, via: Via, uri: Uri) -> Result<Stream, BoxError> {
        if self.proxies.instead_of(&uri).is_some() {
            return call(self.direct.clone(), via.uri).await;
        }
        let mut tunnel = Tunnel::new(via.uri, self.http.clone());
        if let Some(auth) = via.auth {
            tunnel = tunnel.with_auth(auth);
        }
        call(secured(&self.tls, tunnel), uri).await
    }
}

/// TLS over what `inner` opens, where the scheme says so.
fn secured<C>(tls: &rustls::ClientConfig, inner: C) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        // HTTP/2 would put all streams of a host on one connection, about 100 of them, and
        // queue the rest in silence; see docs/adr.
        .enable_http1()
        .wrap_connector(inner)
}

async fn call<C>(mut connector: C, uri: Uri) -> Result<Stream, BoxError>
where
    C: Service<Uri, Response = Stream, Error = BoxError>,
{
    std::future::poll_fn(|cx| connector.poll_ready(cx)).await?;
    connector.call(uri).await
}
