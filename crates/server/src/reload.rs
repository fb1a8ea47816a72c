//! Taking a changed configuration without a restart.
//!
//! The files are looked at every few seconds: watching them for events would miss the symlink
//! swap by which Kubernetes changes a ConfigMap. SIGHUP looks at once.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use lockgate_core::Environment;
use lockgate_core::fingerprint::Fingerprint;
use lockgate_engine::Shared;
use tokio::signal::unix::Signal;

use crate::cli::ModelArgs;
use crate::composing::Composer;
use crate::configure;
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
    /// What makes it serve.
    pub composer: Rc<Composer>,
    /// What is counted.
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
        configure::add_model(&mut configured, &self.model, true).map_err(|e| format!("{e:#}"))?;
        let (files, fingerprint) = (configured.files.clone(), configured.fingerprint.clone());
        let environment = self.environment.clone();
        let models = Box::pin(self.composer.adopt(configured, environment)).await;
        self.files = files;
        self.seen = fingerprint;
        Ok(models)
    }
}
