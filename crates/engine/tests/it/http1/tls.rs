//! The same through TLS, where what was read is not all that is there.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lockgate_engine::CONNECT_TIMEOUT;
use lockgate_engine::upstream::{Upstream, UpstreamRequest};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::scripted::LONG;
use crate::support::on_core;

/// Answers every request with its own body, on one connection only.
async fn echo_once(listener: TcpListener, acceptor: TlsAcceptor) {
    let (stream, _) = listener.accept().await.unwrap();
    let stream = acceptor.accept(stream).await.unwrap();
    let echo = service_fn(async |request: http::Request<hyper::body::Incoming>| {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Ok::<_, Infallible>(Response::new(Full::new(body)))
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), echo)
        .await;
}

#[test]
fn bodies_of_many_records_come_through_one_connection() {
    on_core(async {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![cert.der().clone()],
                PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into(),
            )
            .unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::task::spawn_local(echo_once(listener, TlsAcceptor::from(Arc::new(server))));
        let upstream = Upstream::new(&client, CONNECT_TIMEOUT);
        for length in [0, 1, 20_000, 700_000, 5] {
            let body: Bytes = (0..length).map(|at: u32| (at % 251) as u8).collect();
            let request = UpstreamRequest {
                method: Method::POST,
                uri: format!("https://localhost:{port}/").parse().unwrap(),
                headers: HeaderMap::new(),
                body: body.clone().into(),
                head_deadline: Instant::now() + LONG,
            };
            let mut response = upstream.send(request).await.unwrap();
            assert_eq!(response.status, 200);
            assert_eq!(response.body.collect(1 << 20).await.unwrap(), body);
        }
    });
}
