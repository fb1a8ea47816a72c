//! Stopping: no new connections, requests in flight finish, then the process ends.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Tells every core that the gateway is stopping.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

/// Makes the gateway stop.
#[derive(Debug)]
pub(crate) struct Stop(watch::Sender<bool>);

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

/// Waits for SIGTERM or SIGINT and names it.
pub(crate) async fn signalled() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}
