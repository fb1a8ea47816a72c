//! A mock upstream that speaks `OpenAI`, Anthropic, Gemini, Bedrock, Cohere and Ollama and misbehaves on request.

mod answer;
mod body;
mod dialect;
mod log;
mod operation;
mod reply;
mod scan;
mod script;
mod serve;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use self::log::Log;
pub use self::{
    log::Recorded,
    script::{Fault, Flavour, Script},
};

/// How a [`MockUpstream`] is bound and how much it remembers.
#[derive(Clone, Copy, Debug)]
pub struct MockOptions {
    /// Port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// Serving threads, each with its own runtime and its own `SO_REUSEPORT` listener.
    pub threads: usize,
    /// How many of the latest requests are kept.
    pub remember: usize,
}

/// A running mock upstream; dropping it closes the listener and every open connection.
///
/// What it does is chosen by the model name of the request, see [`Script::parse`].
#[derive(Debug)]
pub struct MockUpstream {
    addr: SocketAddr,
    log: Arc<Log>,
    stop: CancellationToken,
    threads: Vec<JoinHandle<()>>,
}

// === impl MockOptions ===

impl Default for MockOptions {
    fn default() -> Self {
        Self {
            port: 0,
            threads: 1,
            remember: 256,
        }
    }
}

// === impl MockUpstream ===

impl MockUpstream {
    /// Starts a mock on a free port of 127.0.0.1, on its own thread.
    ///
    /// # Errors
    /// When the listener cannot be bound.
    #[expect(
        clippy::unused_async,
        reason = "async like every other start, so that it may wait one day"
    )]
    pub async fn start() -> io::Result<Self> {
        Self::with(MockOptions::default())
    }

    /// Starts a mock as `options` say; needs no runtime.
    ///
    /// # Errors
    /// When a listener cannot be bound or a thread cannot be started.
    pub fn with(options: MockOptions) -> io::Result<Self> {
        let log = Arc::new(Log::new(options.remember));
        let stop = CancellationToken::new();
        let mut addr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), options.port);
        let mut threads = Vec::with_capacity(options.threads);
        for _ in 0..options.threads.max(1) {
            let listener = serve::listen(addr)?;
            addr = listener.local_addr()?;
            threads.push(serve::spawn(listener, Arc::clone(&log), stop.clone())?);
        }
        Ok(Self {
            addr,
            log,
            stop,
            threads,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:PORT` followed by `path` (give it a leading slash, or nothing for a bare base URL).
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Requests received since the start or the last [`reset`](Self::reset), control requests not counted.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.log.requests()
    }

    /// Connections accepted since the start or the last reset.
    #[must_use]
    pub fn connection_count(&self) -> u64 {
        self.log.connections()
    }

    /// Requests whose peer went away before the response was finished.
    #[must_use]
    pub fn cancelled_count(&self) -> u64 {
        self.log.cancelled()
    }

    /// The remembered requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.log.recorded()
    }

    /// The remembered requests for one model name, oldest first.
    #[must_use]
    pub fn requests_for(&self, model: &str) -> Vec<Recorded> {
        let mut requests = self.log.recorded();
        requests.retain(|request| request.model == model);
        requests
    }

    /// The latest request.
    #[must_use]
    pub fn last_request(&self) -> Option<Recorded> {
        self.log.recorded().pop()
    }

    /// Waits until at least `count` requests arrived; `false` when `within` passes first.
    pub async fn wait_for_requests(&self, count: u64, within: Duration) -> bool {
        self.log.wait(within, || self.log.requests() >= count).await
    }

    /// Waits until at least `count` requests were cancelled by their peer; `false` when `within` passes first.
    pub async fn wait_for_cancelled(&self, count: u64, within: Duration) -> bool {
        self.log
            .wait(within, || self.log.cancelled() >= count)
            .await
    }

    /// Forgets requests and counts, and makes every `flaky-N` fail again.
    pub fn reset(&self) {
        self.log.reset();
    }
}

impl Drop for MockUpstream {
    fn drop(&mut self) {
        self.stop.cancel();
        for thread in self.threads.drain(..) {
            // A serving thread that panicked has already failed the test that used it.
            let _ = thread.join();
        }
    }
}
