//! What the control plane tells the health endpoints.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use lockgate_engine::governance::Sharing;
use lockgate_journal::Journal;

use crate::keeping::KeepingState;

/// The gateway's own state, apart from requests.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// The configuration on disk that was refused, if the one in force is older than it.
    pub refused: ArcSwapOption<Refused>,
    /// Where finished requests are written down, if they are.
    pub journal: OnceLock<Arc<Journal>>,
    /// How the database is doing.
    pub keeping: OnceLock<Arc<KeepingState>>,
    /// What is shared with other replicas, if anything is.
    pub sharing: OnceLock<Arc<Sharing>>,
    stopping: AtomicBool,
}

/// A configuration that was refused.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Why, for the operator.
    pub reason: String,
    /// When.
    pub at: SystemTime,
}

// === impl Status ===

impl Status {
    /// No new work from now on.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    /// Whether the keys of the database are still being read.
    pub(crate) fn is_starting(&self) -> bool {
        self.keeping.get().is_some_and(|state| !state.is_filled())
    }

    /// Whether the gateway is stopping.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }
}
