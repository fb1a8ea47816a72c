//! What serves requests: the state all cores share, and the part that each core has to itself.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use lockgate_core::ports::Ledger;
use tokio_util::task::TaskTracker;

use crate::governance::Governance;
use crate::metrics::GatewayMetrics;
use crate::responses::{Background, ResponseStore};
use crate::snapshot::Snapshot;
use crate::upstream::Upstream;

/// What all cores share.
#[derive(Debug)]
pub struct Shared {
    /// The configuration in force.
    pub snapshot: ArcSwap<Snapshot>,
    /// Who may do what, and how much.
    pub governance: Arc<Governance>,
    /// What is counted about the gateway as a whole.
    pub metrics: Arc<GatewayMetrics>,
    /// What clients of the responses API may come back to.
    pub responses: Arc<ResponseStore>,
    /// Responses that are made while their clients do something else.
    pub background: Arc<Background>,
}

/// The engine of one core.
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    pub(crate) upstream: Upstream,
    /// Where this core writes down what it has served.
    pub(crate) ledger: Option<Rc<dyn Ledger>>,
    /// What goes on after its request was answered.
    pub(crate) tasks: TaskTracker,
}

/// How long connecting may take when the configuration does not say.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

// === impl Shared ===

impl Shared {
    /// Starts with `snapshot`.
    pub fn new(snapshot: Snapshot) -> Self {
        let governance = Governance::default();
        governance.configure(&snapshot.config.governance);
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            governance: Arc::new(governance),
            metrics: Arc::default(),
            responses: Arc::default(),
            background: Arc::default(),
        }
    }
}

// === impl Engine ===

impl Engine {
    /// The engine for the current thread.
    pub fn new(shared: Arc<Shared>, upstream: Upstream) -> Self {
        Self {
            shared,
            upstream,
            ledger: None,
            tasks: TaskTracker::new(),
        }
    }

    /// The same engine, which writes down in `ledger` what it has served.
    #[must_use]
    pub fn with_ledger(mut self, ledger: Rc<dyn Ledger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// What all cores share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Waits until nothing goes on any more that its request does not wait for. Nothing may be
    /// begun after that.
    pub async fn drained(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// How many tasks go on that no request waits for.
    pub fn in_background(&self) -> usize {
        self.tasks.len()
    }

    /// Closes upstream connections that have rested too long. To be called now and then.
    pub fn sweep(&self) {
        self.upstream.sweep();
    }
}
