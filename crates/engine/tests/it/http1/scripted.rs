//! A server that says what it is told, whatever it is asked.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use http::{HeaderMap, Method};
use lockgate_engine::upstream::{RequestBody, UpstreamRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

pub(super) const LONG: Duration = Duration::from_secs(20);

/// What is done with a connection, one after the other; then it is closed.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Reads a request's head.
    Head,
    /// Reads a request, with its body.
    Request,
    /// Writes.
    Say(Vec<u8>),
    /// Reads until the client closes.
    Hold,
}

/// The server.
pub(super) struct Scripted {
    pub(super) port: u16,
    pub(super) connections: Rc<Cell<usize>>,
    /// What was read as requests.
    pub(super) requests: Rc<RefCell<Vec<Vec<u8>>>>,
}

pub(super) fn say(bytes: impl AsRef<[u8]>) -> Step {
    Step::Say(bytes.as_ref().to_vec())
}

/// A small answer that leaves the connection open.
pub(super) fn fine() -> Step {
    say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine")
}

// === impl Scripted ===

impl Scripted {
    /// Serves one connection by each of `scripts`.
    pub(super) async fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            connections: Rc::default(),
            requests: Rc::default(),
        };
        let connections = server.connections.clone();
        let requests = server.requests.clone();
        let scripts: Vec<_> = scripts.into_iter().collect();
        tokio::task::spawn_local(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                connections.set(connections.get() + 1);
                tokio::task::spawn_local(play(script, stream, requests.clone()));
            }
        });
        server
    }

    /// A POST of `body` to the server.
    pub(super) fn post(&self, body: impl Into<RequestBody>) -> UpstreamRequest {
        UpstreamRequest {
            method: Method::POST,
            uri: format!("http://127.0.0.1:{}/path", self.port)
                .parse()
                .unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
            head_deadline: Instant::now() + LONG,
        }
    }
}

async fn play(script: Vec<Step>, mut stream: TcpStream, requests: Rc<RefCell<Vec<Vec<u8>>>>) {
    let mut read = Vec::new();
    for step in script {
        match step {
            Step::Head => {
                while head_length(&read).is_none() {
                    if stream.read_buf(&mut read).await.unwrap() == 0 {
                        return;
                    }
                }
            }
            Step::Request => {
                while !is_request(&read) {
                    if stream.read_buf(&mut read).await.unwrap() == 0 {
                        return;
                    }
                }
                requests.borrow_mut().push(std::mem::take(&mut read));
            }
            Step::Say(bytes) => stream.write_all(&bytes).await.unwrap(),
            Step::Hold => while stream.read_buf(&mut read).await.is_ok_and(|read| read > 0) {},
        }
    }
}

fn head_length(read: &[u8]) -> Option<usize> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

fn is_request(read: &[u8]) -> bool {
    let Some(head) = head_length(read) else {
        return false;
    };
    let text = std::str::from_utf8(&read[..head]).unwrap();
    if text.contains("transfer-encoding: chunked") {
        return read.ends_with(b"0\r\n\r\n");
    }
    let length = text.split("content-length: ").nth(1).map_or(0, |rest| {
        rest.split("\r\n").next().unwrap().parse().unwrap()
    });
    read.len() >= head + length
}
