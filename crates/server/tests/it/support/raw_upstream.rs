//! An upstream that gives every request the same answer, for what no mock script says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Answers one request a connection.
pub(crate) struct RawUpstream {
    addr: std::net::SocketAddr,
    asked: Arc<AtomicUsize>,
    // Aborted when dropped.
    _serving: JoinSet<()>,
}

// === impl RawUpstream ===

impl RawUpstream {
    /// Always answers with this status, these headers and this body: JSON, unless a header says
    /// otherwise.
    pub(crate) async fn start(
        status: u16,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status} Scripted\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            head += "content-type: application/json\r\n";
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        let answer = [head.as_bytes(), body].concat();
        Self::answering(answer).await
    }

    /// Always answers with these bytes.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                // The requests of these tests fit into one read.
                let mut request = [0; 16 * 1024];
                if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    counter.fetch_add(1, Relaxed);
                    // A gateway that went away is the test's business.
                    let _written = stream.write_all(&answer).await;
                }
            }
        });
        Self {
            addr,
            asked,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Requests received so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Relaxed)
    }
}
