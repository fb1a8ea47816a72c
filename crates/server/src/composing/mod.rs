//! What is served: the files, and what the database adds to them.
//!
//! Every change of either goes the same way: everything is read again, made into a snapshot, and put
//! in the place of the old one. Deployments that are still there keep health and counters.

mod stock;

use std::collections::HashSet;
use std::sync::Arc;

use lockgate_core::Environment;
use lockgate_core::config::{Config, Severity};
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::upstream::Upstream;
use lockgate_engine::{Shared, credentials};
use lockgate_identity::{Identity, Keeper};
use tokio::sync::{Mutex, MutexGuard};

use self::stock::Files;
pub(crate) use self::stock::{Stock, is_stocked, takes_stored};
use crate::configure::{Beside, Configured};
use crate::inbound;
use crate::serve::CREDENTIALS;

/// Makes what is served, on the control plane.
pub(crate) struct Composer {
    shared: Arc<Shared>,
    stock: Arc<Stock>,
    upstream: Upstream,
    /// Holds the keys of those who vouch for callers.
    keeper: Arc<Keeper>,
    turn: Mutex<Turn>,
}

/// What a composition needs to itself, one after the other.
struct Turn {
    beside: Beside,
    /// What was said about the composition in force: it is said once.
    told: HashSet<String>,
}

// === impl Composer ===

impl Composer {
    /// Goes on from the snapshot in force, about which `told` was said.
    pub(crate) fn new(
        shared: Arc<Shared>,
        stock: Arc<Stock>,
        (upstream, keeper): (Upstream, Arc<Keeper>),
        beside: Beside,
        told: HashSet<String>,
    ) -> Self {
        Self {
            shared,
            stock,
            upstream,
            keeper,
            turn: Mutex::new(Turn { beside, told }),
        }
    }

    /// What the database adds.
    pub(crate) fn stock(&self) -> &Stock {
        &self.stock
    }

    /// How this thread calls out.
    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream.clone()
    }

    /// Serves what the database has now, if that is not served yet. When it returns, it is.
    pub(crate) async fn refresh(&self) {
        let mut turn = self.turn.lock().await;
        if self.stock.take_stale() {
            let models = self.compose(&mut turn).await;
            tracing::info!(
                models,
                "what the database adds to the configuration is served"
            );
        }
    }

    /// Serves files that changed, with what the database adds. Gives the number of model groups.
    pub(crate) async fn adopt(&self, configured: Configured, environment: Environment) -> usize {
        let mut turn = self.turn.lock().await;
        self.stock.set_files(Files {
            takes_stored: takes_stored(&configured.config),
            document: configured.document,
            environment,
        });
        turn.beside = configured.beside;
        // Whoever changed a file wants to hear everything about it.
        turn.told.clear();
        let _composed_now = self.stock.take_stale();
        self.compose(&mut turn).await
    }

    async fn compose(&self, turn: &mut MutexGuard<'_, Turn>) -> usize {
        let (config, mut said) = self.read(&turn.beside);
        let before = self.shared.snapshot.load_full();
        // The master key stays: a process that changed it while running would lock out everyone
        // who was told the old one.
        let keys = before.keys.clone();
        let (snapshot, mut rejected) = Snapshot::build(config, keys, Some(&before));
        rejected.extend(inbound::unreachable(&snapshot));
        let rejected = rejected.into_iter();
        said.extend(rejected.map(|rejected| (Severity::Error, rejected.message)));
        tell(said, &mut turn.told);
        let models = snapshot.listed_models().len();
        credentials::warm(&snapshot, &self.upstream, CREDENTIALS).await;
        let settings = &snapshot.config.governance;
        self.shared.governance.configure(settings);
        let identity = Identity::new(&snapshot.config.identity, &self.keeper);
        self.shared.governance.identify_by(identity);
        self.shared.snapshot.store(Arc::new(snapshot));
        models
    }

    fn read(&self, beside: &Beside) -> (Config, Vec<(Severity, String)>) {
        let files = self.stock.files();
        let opened = self.stock.opened();
        let loaded = files.document.read(&files.environment, &opened.stored);
        let mut config = loaded.config;
        beside.add_to(&mut config);
        let mut said: Vec<(Severity, String)> = Vec::new();
        for diagnostic in loaded.diagnostics {
            said.push((diagnostic.severity, diagnostic.to_string()));
        }
        for unserved in &opened.unserved {
            let (id, reason) = (&unserved.id, &unserved.reason);
            let message = format!("database/model/{id}: warning: it is left out: {reason}");
            said.push((Severity::Warning, message));
        }
        for problem in opened.problems {
            said.push((Severity::Error, problem));
        }
        config.unserved.extend(opened.unserved);
        (config, said)
    }
}

/// Logs what was not said about the composition before, and remembers all of it.
fn tell(said: Vec<(Severity, String)>, told: &mut HashSet<String>) {
    let before = std::mem::take(told);
    for (severity, message) in said {
        if !before.contains(&message) {
            match severity {
                Severity::Error => tracing::error!("{message}"),
                Severity::Warning => tracing::warn!("{message}"),
            }
        }
        told.insert(message);
    }
}
