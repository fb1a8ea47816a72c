//! An upstream that says the next piece when the client has heard the one before.

use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use lockgate_wire::canonical::StreamEvent;
use lockgate_wire::dialect::ReplyContext;
use lockgate_wire::{DialectId, Operation};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Answers every request with the next of its scripts, in the dialect of the path.
pub(super) struct Lockstep {
    addr: std::net::SocketAddr,
    shared: Arc<Shared>,
    // Aborted when dropped.
    _serving: JoinSet<()>,
}

struct Shared {
    dialect: DialectId,
    /// What is still to be said, in order; the last comes first.
    scripts: Mutex<Vec<Vec<StreamEvent>>>,
    arrived: Mutex<Vec<String>>,
    /// How much of the answer the client has heard, in bytes.
    heard: watch::Sender<usize>,
    /// How much of an event the client hears at once, in bytes.
    audible: fn(DialectId, &StreamEvent) -> usize,
    client: DialectId,
}

// === impl Lockstep ===

impl Lockstep {
    pub(super) async fn start(
        dialect: DialectId,
        client: DialectId,
        audible: fn(DialectId, &StreamEvent) -> usize,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            dialect,
            scripts: Mutex::default(),
            arrived: Mutex::default(),
            heard: watch::Sender::new(0),
            audible,
            client,
        });
        let serving_shared = Arc::clone(&shared);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving_shared.serve(stream).await;
            }
        });
        Self {
            addr,
            shared,
            _serving: serving,
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// What the next request is answered with.
    pub(super) fn say(&self, script: Vec<StreamEvent>) {
        self.shared.heard.send_replace(0);
        self.shared.scripts.lock().unwrap().insert(0, script);
    }

    /// The client has heard so much of the answer, in bytes.
    pub(super) fn heard(&self, length: usize) {
        self.shared.heard.send_replace(length);
    }

    /// The latest request's body.
    pub(super) fn last(&self) -> String {
        self.shared.arrived.lock().unwrap().last().unwrap().clone()
    }
}

// === impl Shared ===

impl Shared {
    /// One request a connection.
    async fn serve(&self, mut stream: TcpStream) {
        let (path, body) = read_request(&mut stream).await;
        self.arrived.lock().unwrap().push(body);
        let script = self.scripts.lock().unwrap().pop().unwrap();
        let dialect = match self.dialect {
            DialectId::OpenAiChat if path.ends_with("/responses") => DialectId::OpenAiResponses,
            other => other,
        };
        let dialect = dialect.dialect();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n",
            dialect.stream_content_type()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut encoder = dialect.stream_encoder(&context());
        let (mut said, mut heard) = (0, self.heard.subscribe());
        for event in script {
            let mut piece = BytesMut::new();
            encoder.push(&event, &mut piece);
            if piece.is_empty() {
                continue;
            }
            let size = format!("{:x}\r\n", piece.len());
            piece.extend_from_slice(b"\r\n");
            stream.write_all(size.as_bytes()).await.unwrap();
            stream.write_all(&piece).await.unwrap();
            stream.flush().await.unwrap();
            let audible = (self.audible)(self.client, &event);
            said += audible;
            if audible > 0 {
                heard.wait_for(|heard| *heard >= said).await.unwrap();
            }
        }
        // The gateway may have read all it needs.
        let _written = stream.write_all(b"0\r\n\r\n").await;
    }
}

async fn read_request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let count = stream.read_buf(&mut bytes).await.unwrap();
        assert!(count > 0, "the gateway left");
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length: usize = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map(|(_, value)| value.trim().parse().unwrap())
            .unwrap();
        if body.len() >= length {
            let path = head.split(' ').nth(1).unwrap();
            let path = path.split('?').next().unwrap();
            serde_json::from_str::<Value>(body).unwrap();
            return (path.to_owned(), body.to_owned());
        }
    }
}

fn context() -> ReplyContext {
    ReplyContext {
        operation: Operation::Chat,
        model: "upstream-model".to_owned(),
        id: "fedcba9876543210fedcba9876543210".to_owned(),
        created: 1_767_225_600,
        include_usage: true,
        started: None,
        echo: None,
    }
}
