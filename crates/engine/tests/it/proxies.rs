//! Proxies on the way to upstreams: who is asked through them, and how.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lockgate_core::Environment;
use lockgate_engine::CONNECT_TIMEOUT;
use lockgate_engine::upstream::{Proxies, Upstream, UpstreamError, UpstreamRequest};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::support::{on_core, upstream};

/// The heads that arrived, oldest first.
type Heads = Rc<RefCell<VecDeque<String>>>;

/// A proxy: which heads it was sent, and how to answer them.
struct Proxy {
    port: u16,
    heads: Heads,
}

// === impl Proxy ===

impl Proxy {
    /// Answers every head with `answer`; after a `CONNECT` that it accepts, it leads to `target`.
    async fn start(answer: &'static str, target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Heads::default();
        let log = heads.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(pass(stream, answer, target, log.clone()));
            }
        });
        Self { port, heads }
    }

    fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let url = format!("http://ann:se%40cret@127.0.0.1:{}", self.port);
        let own = [("HTTPS_PROXY", url.as_str()), ("http_proxy", url.as_str())];
        own.iter().chain(more).copied().collect()
    }

    /// The oldest head that nobody looked at yet.
    fn asked(&self) -> Option<String> {
        self.heads.borrow_mut().pop_front()
    }
}

async fn pass(mut stream: TcpStream, answer: &str, target: u16, log: Heads) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let tunnels = head.starts_with("CONNECT ");
        log.borrow_mut().push_back(head);
        stream.write_all(answer.as_bytes()).await.unwrap();
        if tunnels && answer.contains(" 200 ") {
            let mut far = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
            let _ended = tokio::io::copy_bidirectional(&mut stream, &mut far).await;
            return;
        }
    }
}

/// A TLS server for `upstream.test`, and a client that trusts it.
async fn secure_upstream() -> (u16, Upstream) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["upstream.test".to_owned()]).unwrap();
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
    let acceptor = TlsAcceptor::from(Arc::new(server));
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::task::spawn_local(async move {
                let stream = acceptor.accept(stream).await.unwrap();
                let hello = service_fn(async |request: http::Request<hyper::body::Incoming>| {
                    let said = format!("{} {:?}", request.uri(), request.headers().get("host"));
                    assert!(!request.headers().contains_key("proxy-authorization"));
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(said))))
                });
                let _ended = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), hello)
                    .await;
            });
        }
    });
    (port, Upstream::new(&client, CONNECT_TIMEOUT))
}

async fn ask(upstream: &Upstream, uri: &str) -> Result<String, UpstreamError> {
    let request = UpstreamRequest {
        method: Method::GET,
        uri: uri.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new().into(),
        head_deadline: Instant::now() + LONG,
    };
    let mut response = upstream.send(request).await?;
    let body = response.body.collect(1 << 20).await.unwrap();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

/// Long enough for anything that is not stuck.
const LONG: std::time::Duration = std::time::Duration::from_secs(20);
const BASIC: &str = "Basic YW5uOnNlQGNyZXQ=";

#[test]
fn https_goes_through_a_tunnel() {
    on_core(async {
        let (port, upstream) = secure_upstream().await;
        let proxy = Proxy::start("HTTP/1.1 200 Connection established\r\n\r\n", port).await;
        let upstream = upstream.through(Proxies::from_environment(&proxy.environment(&[])));
        for _ in 0..2 {
            let said = ask(&upstream, "https://upstream.test/v1/models").await;
            assert_eq!(said.unwrap(), "/v1/models Some(\"upstream.test\")");
        }
        let head = proxy.asked().unwrap();
        assert!(
            head.starts_with("CONNECT upstream.test:443 HTTP/1.1\r\n"),
            "{head}"
        );
        assert!(
            head.contains(&format!("Proxy-Authorization: {BASIC}\r\n")),
            "{head}"
        );
        assert_eq!(proxy.asked(), None, "the tunnel is used again");
    });
}

#[test]
fn http_is_asked_of_the_proxy() {
    on_core(async {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        let proxy = Proxy::start(answer, 0).await;
        let proxies = Proxies::from_environment(&proxy.environment(&[]));
        let upstream = upstream().through(proxies);
        for path in ["/v1/models?a=b", "/"] {
            let uri = format!("http://upstream.test:8000{path}");
            assert_eq!(ask(&upstream, &uri).await.unwrap(), "hi");
            let head = proxy.asked().unwrap();
            assert!(
                head.starts_with(&format!("GET {uri} HTTP/1.1\r\n")),
                "{head}"
            );
            assert!(head.contains("\r\nhost: upstream.test:8000\r\n"), "{head}");
            assert!(
                head.contains(&format!("\r\nproxy-authorization: {BASIC}\r\n")),
                "{head}"
            );
        }
    });
}

#[test]
fn a_proxy_that_refuses_is_named() {
    on_core(async {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        let proxy = Proxy::start(answer, 0).await;
        let port = proxy.port;
        let proxies = Proxies::from_environment(&proxy.environment(&[]));
        let refused = ask(&upstream().through(proxies), "https://upstream.test/").await;
        let message = refused.unwrap_err().to_string();
        assert!(
            message.contains("cannot connect to upstream.test"),
            "{message}"
        );
        assert!(
            message.contains(&format!("proxy at 127.0.0.1:{port}")),
            "{message}"
        );
        assert!(message.contains("authorization required"), "{message}");
        assert!(!message.contains("cret"), "{message}");
    });
}

#[test]
fn some_hosts_are_asked_directly() {
    on_core(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        tokio::task::spawn_local(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 1024];
                let read = stream.read(&mut head).await.unwrap();
                assert!(head[..read].starts_with(b"GET /x HTTP/1.1\r\n"));
                let answer =
                    "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhere";
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let proxy = Proxy::start("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", 0).await;
        let environment =
            proxy.environment(&[("NO_PROXY", "10.0.0.0/8, *.corp.invalid,other.invalid")]);
        let upstream = upstream().through(Proxies::from_environment(&environment));
        // What is on this machine never needs a proxy.
        let near = format!("http://{here}/x");
        assert_eq!(ask(&upstream, &near).await.unwrap(), "here");
        for host in ["llm.corp.invalid", "other.invalid", "deep.other.invalid"] {
            let error = ask(&upstream, &format!("http://{host}/x"))
                .await
                .unwrap_err();
            assert!(
                matches!(error, UpstreamError::Connect { .. }),
                "{host}: {error}"
            );
            assert!(!error.to_string().contains("proxy"), "{host}: {error}");
        }
        assert_eq!(proxy.asked(), None);
        // Nobody said that this one is not.
        assert_eq!(
            ask(&upstream, "http://another.invalid/x").await.unwrap(),
            ""
        );
        assert!(proxy.asked().is_some());
    });
}

#[test]
fn what_is_no_http_proxy_is_not_used() {
    on_core(async {
        for value in ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "://"] {
            let environment: Environment = [("ALL_PROXY", value)].into_iter().collect();
            let upstream = upstream().through(Proxies::from_environment(&environment));
            let error = ask(&upstream, "http://upstream.invalid/")
                .await
                .unwrap_err();
            assert!(!error.to_string().contains("proxy"), "{value}: {error}");
        }
        // Without a scheme it is one.
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        let proxy = Proxy::start(answer, 0).await;
        let bare = format!("127.0.0.1:{}", proxy.port);
        let environment: Environment = [("ALL_PROXY", bare.as_str())].into_iter().collect();
        let upstream = upstream().through(Proxies::from_environment(&environment));
        assert_eq!(ask(&upstream, "http://upstream.test/").await.unwrap(), "hi");
        assert!(!proxy.asked().unwrap().contains("proxy-authorization"));
    });
}
