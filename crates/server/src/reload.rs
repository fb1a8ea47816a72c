//! Taking a changed configuration without a restart.
//!
//! The files are looked at every few seconds: watching them for events would miss the symlink
//! swap by which Kubernetes changes a ConfigMap. SIGHUP looks at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use lockgate_core::Environment;
use lockgate_core::config::Severity;
use lockgate_core::fingerprint::Fingerprint;
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::upstream::Upstream;
use lockgate_engine::{Shared, credentials};
use lockgate_identity::{Identity, Keeper};
use tokio::signal::unix::Signal;

use crate::cli::ModelArgs;
use crate::configure;
use crate::inbound;
use crate::serve::CREDENTIALS;
use crate::status::{Refused, Status};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(2);

/// Keeps the configuration in force up to date with its files.
pub(crate) struct Reloader {
    /// The main file.
    pub file: PathBuf,
    /// The model of the command line, added every time.
    pub model: ModelArgs,
    /// The process environment.
    pub environment: Environment,
    /// Where the keys of issuers are.
    pub keeper: Arc<Keeper>,
    /// How credentials are fetched.
    pub upstream: Upstream,
    /// Where the configuration in force is.
    pub shared: Arc<Shared>,
    /// What `/health/readiness` tells.
    pub status: Arc<Status>,
    /// All files of the configuration in force.
    pub files: Vec<PathBuf>,
    /// What they held when they were last looked at.
    pub seen: Fingerprint,
}

// === impl Reloader ===

impl Reloader {
    /// Runs for ever.
    pub(crate) async fn run(mut self, mut hangup: Signal) {
        loop {
            let asked = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(INTERVAL) => false,
            };
            let now = Fingerprint::take(&self.files);
            if asked || now != self.seen {
                self.seen = now;
                self.reload().await;
            }
        }
    }

    async fn reload(&mut self) {
        let reloaded = self.try_reload().await;
        let metrics = &self.shared.metrics;
        match reloaded {
            Ok(models) => {
                metrics.reloads.fetch_add(1, Relaxed);
                self.status.refused.store(None);
                tracing::info!(
                    models,
                    "configuration reloaded from {}",
                    self.file.display()
                );
            }
            Err(reason) => {
                metrics.reloads_refused.fetch_add(1, Relaxed);
                let refused = Arc::new(Refused {
                    reason,
                    at: SystemTime::now(),
                });
                // Before the log line: who reads that may ask at once.
                self.status.refused.store(Some(refused.clone()));
                let reason = &refused.reason;
                tracing::error!("new configuration refused, the old one stays in force: {reason}");
            }
        }
    }

    async fn try_reload(&mut self) -> Result<usize, String> {
        let mut configured =
            configure::read(Some(&self.file), &self.environment).map_err(|e| e.to_string())?;
        configure::add_model(&mut configured.config, &self.model, true)
            .map_err(|e| format!("{e:#}"))?;
        for diagnostic in &configured.diagnostics {
            match diagnostic.severity {
                Severity::Error => tracing::error!("{diagnostic}"),
                Severity::Warning => tracing::warn!("{diagnostic}"),
            }
        }
        let before = self.shared.snapshot.load_full();
        // The master key stays: a process that changed it while running would lock out everyone
        // who was told the old one.
        let keys = before.keys.clone();
        let (snapshot, mut rejected) = Snapshot::build(configured.config, keys, Some(&before));
        rejected.extend(inbound::unreachable(&snapshot));
        for rejected in &rejected {
            tracing::error!("{}", rejected.message);
        }
        let models = snapshot.listed_models().len();
        credentials::warm(&snapshot, &self.upstream, CREDENTIALS).await;
        let settings = &snapshot.config.governance;
        self.shared.governance.configure(settings);
        let identity = Identity::new(&snapshot.config.identity, &self.keeper);
        self.shared.governance.identify_by(identity);
        self.shared.snapshot.store(Arc::new(snapshot));
        self.files = configured.files;
        self.seen = configured.fingerprint;
        Ok(models)
    }
}
