//! Stopping: no new connections, requests in flight finish, then the process ends.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Tells every core that the gateway is stopping.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

/// Makes the gateway stop.
#[derive(Debug)]
pub(crate) struct Stop(watch::Sender<bool>);

/// The signals that the gateway answers to, instead of ending at once.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Drain and end.
    pub terminate: Signal,
    /// The same, from a keyboard.
    pub interrupt: Signal,
    /// Read the configuration again.
    pub hangup: Signal,
}

/// A stop switch and its listener.
pub(crate) fn switch() -> (Stop, Stopping) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Stopping(receiver))
}

// === impl Stop ===

impl Stop {
    /// Tells every core to stop.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

// === impl Stopping ===

impl Stopping {
    /// Waits until the gateway is stopping.
    pub(crate) async fn wait(&mut self) {
        // A switch that is gone means the same.
        let _gone = self.0.wait_for(|&stopping| stopping).await;
    }
}

// === impl Signals ===

impl Signals {
    /// Listens from now on; inside a runtime only.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

/// Waits for SIGTERM or SIGINT and names it.
pub(crate) async fn signalled(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
