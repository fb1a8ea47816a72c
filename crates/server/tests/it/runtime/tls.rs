//! TLS with certificate and key from files.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use lockgate_testkit::{Gateway, GatewayBuilder, MockUpstream};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{CHAT, Config, Dialect, MASTER, SOON, chat_body, eventually};

/// A gateway with a certificate of its own, and who trusts it.
struct Secure {
    gateway: Gateway,
    certificate: CertificateDer<'static>,
    _mock: MockUpstream,
}

fn with_files(builder: GatewayBuilder, certificate: &str, key: &str) -> GatewayBuilder {
    builder
        .file("tls.crt", certificate)
        .file("tls.key", key)
        .arg("--ssl_certfile_path")
        .arg("tls.crt")
        .arg("--ssl_keyfile_path")
        .arg("tls.key")
}

// === impl Secure ===

impl Secure {
    async fn start() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let mock = MockUpstream::start().await.unwrap();
        let yaml = Config::new()
            .model(&mock, "mock", Dialect::OpenAi, "mock")
            .yaml();
        let builder = Gateway::builder().config(yaml);
        let gateway = with_files(builder, &cert.pem(), &signing_key.serialize_pem())
            .spawn()
            .unwrap();
        let secure = Self {
            gateway,
            certificate: cert.der().clone(),
            _mock: mock,
        };
        eventually("it answers over TLS", || async {
            secure.connect(b"http/1.1").await.is_ok()
        })
        .await;
        secure
    }

    /// A connection that speaks `protocol` if the gateway agrees.
    async fn connect(&self, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.gateway.addr()).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }
}

fn chat() -> Request<Full<Bytes>> {
    Request::post(format!("https://localhost{CHAT}"))
        .header("host", "localhost")
        .header("authorization", format!("Bearer {MASTER}"))
        .body(Full::new(Bytes::from(chat_body("mock", true).to_string())))
        .unwrap()
}

async fn assert_streams(response: http::Response<hyper::body::Incoming>) {
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.ends_with(b"data: [DONE]\n\n"));
}

#[tokio::test]
async fn http1() {
    let secure = Secure::start().await;
    let stream = secure.connect(b"http/1.1").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let mut driver = JoinSet::new();
    driver.spawn(async move { connection.await.is_ok() });
    assert_streams(sender.send_request(chat()).await.unwrap()).await;
}

#[tokio::test]
async fn http2() {
    let secure = Secure::start().await;
    let stream = secure.connect(b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let mut driver = JoinSet::new();
    driver.spawn(async move { connection.await.is_ok() });
    assert_streams(sender.send_request(chat()).await.unwrap()).await;
}

#[tokio::test]
async fn plain_http_is_not_answered_there() {
    let mut secure = Secure::start().await;
    let plain: SocketAddr = secure.gateway.addr();
    let client = lockgate_testkit::Client::new(plain);
    assert!(client.get("/health/liveliness").await.is_err());
    secure.gateway.wait_for_log("https://", SOON).await.unwrap();
}

#[tokio::test]
async fn files_that_are_none_stop_the_start() {
    let yaml = Config::new().yaml();
    let builder = || Gateway::builder().config(yaml.clone());
    let other = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let own = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let mismatched = (own.cert.pem(), other.signing_key.serialize_pem());
    for (certificate, key) in [
        (own.cert.pem(), "not a key".to_owned()),
        (
            "not a certificate".to_owned(),
            own.signing_key.serialize_pem(),
        ),
        mismatched,
    ] {
        let exited = with_files(builder(), &certificate, &key)
            .run_to_exit()
            .await
            .unwrap();
        assert!(!matches!(exited.code, None | Some(0)), "{exited:?}");
        assert!(!exited.stderr.contains("panicked"), "{}", exited.stderr);
        assert!(!exited.stderr.is_empty());
    }
    let half = builder()
        .arg("--ssl_certfile_path")
        .arg("tls.crt")
        .run_to_exit()
        .await
        .unwrap();
    assert!(
        !matches!(half.code, None | Some(0)),
        "half of TLS is no TLS: {half:?}"
    );
}
