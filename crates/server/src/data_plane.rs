//! The data plane: one thread per core, each with its own runtime, listener and upstream pool.

use std::net::{IpAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use lockgate_engine::upstream::{Proxies, Upstream};
use lockgate_engine::{Engine, Shared};
use lockgate_journal::Journal;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use crate::admin_desk::AdminDesk;
use crate::connection::Connection;
use crate::inbound::Inbound;
use crate::shutdown::Stopping;
use crate::status::Status;

/// How often idle upstream connections are looked through.
const SWEEP: Duration = Duration::from_secs(15);
/// How long a client may take to send a request's head, or stay idle between two.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// The largest request head when the configuration does not say. hyper needs 8 KiB at least.
const HEADER_BYTES: usize = 64 * 1024;

/// What every core is started with.
#[derive(Clone)]
pub(crate) struct DataPlane {
    /// What all cores share.
    pub shared: Arc<Shared>,
    /// What `/health/readiness` tells.
    pub status: Arc<Status>,
    /// Where management requests go.
    pub desk: AdminDesk,
    /// Where finished requests are written down, if they are.
    pub journal: Option<Arc<Journal>>,
    /// Whom to trust among upstreams.
    pub trust: Arc<rustls::ClientConfig>,
    /// Our own certificate.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// What stands between us and upstreams.
    pub proxies: Proxies,
    /// How long connecting to an upstream may take.
    pub connect_timeout: Duration,
    /// How long requests in flight may take after a stop.
    pub drain: Duration,
    /// How long an idle client connection stays open.
    pub keep_alive: Option<Duration>,
    /// The largest request head.
    pub header_bytes: Option<usize>,
    /// Says when to stop.
    pub stopping: Stopping,
}

/// One core's part of it.
struct Core {
    plane: DataPlane,
    inbound: Rc<Inbound>,
    tracker: TaskTracker,
}

fn header_bytes(plane: &DataPlane) -> usize {
    plane.header_bytes.unwrap_or(HEADER_BYTES).max(8192)
}

// === impl DataPlane ===

impl DataPlane {
    /// A client of upstreams, for one thread.
    pub(crate) fn upstream(&self) -> Upstream {
        Upstream::new(&self.trust, self.connect_timeout).through(self.proxies.clone())
    }

    /// Starts one thread per listener.
    pub(crate) fn start(&self, listeners: Vec<TcpListener>) -> anyhow::Result<Vec<JoinHandle<()>>> {
        listeners
            .into_iter()
            .enumerate()
            .map(|(number, listener)| {
                let plane = self.clone();
                let core = u16::try_from(number).context("so many cores have no numbers")?;
                std::thread::Builder::new()
                    .name(format!("core-{number}"))
                    .spawn(move || plane.run(core, listener))
                    .context("cannot start a thread")
            })
            .collect()
    }

    fn run(self, number: u16, listener: TcpListener) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => {
                let local = LocalSet::new();
                local.block_on(&runtime, Core::new(self, number).serve(listener));
            }
            Err(error) => tracing::error!("a core cannot start: {error}"),
        }
    }
}

// === impl Core ===

impl Core {
    fn new(plane: DataPlane, number: u16) -> Self {
        let upstream = plane.upstream();
        let mut engine = Engine::new(plane.shared.clone(), upstream);
        if let Some(journal) = &plane.journal {
            engine = engine.with_ledger(Rc::new(journal.writer(number)));
        }
        let inbound = Rc::new(Inbound::new(
            engine,
            plane.status.clone(),
            plane.desk.clone(),
            header_bytes(&plane),
        ));
        Self {
            plane,
            inbound,
            tracker: TaskTracker::new(),
        }
    }

    async fn serve(self, listener: TcpListener) {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!("a core cannot listen: {error}");
                return;
            }
        };
        self.spawn_sweeper();
        let mut stopping = self.plane.stopping.clone();
        loop {
            let accepted = tokio::select! {
                () = stopping.wait() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.welcome(stream, peer.ip()),
                Err(error) => {
                    // Out of file descriptors, most likely: connections that end free some.
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(listener);
        self.tracker.close();
        let engine = self.inbound.engine();
        let drained = async {
            self.tracker.wait().await;
            engine.drained().await;
        };
        if tokio::time::timeout(self.plane.drain, drained)
            .await
            .is_err()
        {
            tracing::warn!(
                connections = self.tracker.len(),
                background = engine.in_background(),
                "requests were still in flight when the drain time was over"
            );
        }
    }

    fn spawn_sweeper(&self) {
        let inbound = self.inbound.clone();
        // Ends with the thread; a drain does not wait for it.
        tokio::task::spawn_local(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                inbound.engine().sweep();
            }
        });
    }

    fn welcome(&self, stream: TcpStream, peer: IpAddr) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("a connection was gone at once: {error}");
            return;
        }
        let connection = Connection {
            inbound: self.inbound.clone(),
            peer,
            stopping: self.plane.stopping.clone(),
            keep_alive: self.plane.keep_alive.unwrap_or(KEEP_ALIVE),
            header_bytes: header_bytes(&self.plane),
        };
        match self.plane.tls.clone().map(TlsAcceptor::from) {
            None => {
                self.tracker.spawn_local(connection.serve_tcp(stream));
            }
            Some(acceptor) => {
                self.tracker.spawn_local(async move {
                    match tokio::time::timeout(KEEP_ALIVE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => connection.serve_tls(stream).await,
                        Ok(Err(error)) => tracing::debug!("TLS handshake failed: {error}"),
                        Err(_) => tracing::debug!("TLS handshake took too long"),
                    }
                });
            }
        }
    }
}
