//! An upstream that records requests whole and gives each path an answer of its own.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer: status, content type, body.
pub(crate) type Scripted = (u16, &'static str, &'static str);

/// Serves until it is dropped.
pub(crate) struct RecordingUpstream {
    addr: std::net::SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    // Aborted when dropped.
    _serving: JoinSet<()>,
}

// === impl Arrived ===

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

// === impl RecordingUpstream ===

impl RecordingUpstream {
    /// Answers requests whose path ends with a key as its value says, others with 404.
    pub(crate) async fn start(answers: &[(&'static str, Scripted)]) -> Self {
        let answers: Arc<HashMap<&str, Scripted>> = Arc::new(answers.iter().copied().collect());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let log = arrived.clone();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, log) = (answers.clone(), log.clone());
                let service =
                    service_fn(move |request| answer(request, answers.clone(), log.clone()));
                connections.spawn(async move {
                    let _ended = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            addr,
            arrived,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// All requests so far, oldest first.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// The latest request.
    pub(crate) fn last(&self) -> Arrived {
        self.arrived().pop().expect("no request arrived")
    }
}

async fn answer(
    request: Request<Incoming>,
    answers: Arc<HashMap<&str, Scripted>>,
    log: Arc<Mutex<Vec<Arrived>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map_or_else(|_| Bytes::new(), |body| body.to_bytes());
    let found = answers
        .iter()
        .find(|(end, _)| head.uri.path().ends_with(*end))
        .map_or((404, "text/plain", "nothing here"), |(_, answer)| *answer);
    log.lock().unwrap().push(Arrived {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body,
    });
    let (status, content_type, text) = found;
    Ok(Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(Full::new(Bytes::from_static(text.as_bytes())))
        .unwrap())
}
