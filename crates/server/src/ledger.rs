//! The ledger of this process: the journal that its cores write, and what drains it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lockgate_core::config::LockgateSettings;
use lockgate_core::ports::SpendStore;
use lockgate_journal::{Drain, DrainSettings, Journal, Options, keep_synced};

/// The journal's folder in the data folder.
const FOLDER: &str = "journal";
/// How long a stop waits for the database to take what is left. The rest waits for the next start.
const LAST_DRAIN: Duration = Duration::from_secs(5);
/// So many segments of each core fit below the limit: those that are in use cannot be removed.
const SEGMENTS: u64 = 4;

/// A ledger that is kept.
pub(crate) struct RunningLedger {
    journal: Arc<Journal>,
    drain: Option<Drain>,
    sync: Option<Duration>,
}

/// Opens the journal for `cores` writers, if a ledger is wanted. Without a `store` entries stay in
/// the journal, up to its limit.
pub(crate) fn start_ledger(
    data_folder: &Path,
    settings: &LockgateSettings,
    cores: usize,
    store: Option<Arc<dyn SpendStore>>,
) -> anyhow::Result<Option<RunningLedger>> {
    if !settings.ledger {
        return Ok(None);
    }
    let folder = settings
        .journal_dir
        .clone()
        .unwrap_or_else(|| data_folder.join(FOLDER));
    let journal = Journal::open(&folder, options(settings, cores)).context(
        "finished requests could not be written down. Name a writable folder of this process' own \
         with lockgate_settings.journal_dir or --data-dir, or do without a ledger: \
         lockgate_settings.ledger: false",
    )?;
    let left = journal.status().undrained;
    tracing::info!(left, "the ledger's journal is in {}", folder.display());
    let drain = store.map(|store| Drain::new(journal.clone(), store, DrainSettings::default()));
    Ok(Some(RunningLedger {
        journal,
        drain,
        sync: settings.journal_fsync,
    }))
}

/// The data folder: the command line's, the configuration's, or the one in the working directory.
pub(crate) fn data_folder(named: Option<&PathBuf>, settings: &LockgateSettings) -> PathBuf {
    named
        .or(settings.data_dir.as_ref())
        .cloned()
        .unwrap_or_else(|| PathBuf::from(".lockgate"))
}

fn options(settings: &LockgateSettings, cores: usize) -> Options {
    let default = Options::default();
    let limit_bytes = settings
        .journal_limit_mb
        .map_or(default.limit_bytes, |mebibytes| {
            (mebibytes as u64).saturating_mul(1024 * 1024)
        });
    let share = limit_bytes / (SEGMENTS * cores.max(1) as u64);
    Options {
        limit_bytes,
        segment_bytes: default.segment_bytes.min(share),
    }
}

// === impl RunningLedger ===

impl RunningLedger {
    /// The journal.
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Drains and syncs for ever. May be dropped at any moment.
    pub(crate) async fn run(&mut self) {
        let Self {
            journal,
            drain,
            sync,
        } = self;
        let drained = async {
            match drain {
                Some(drain) => drain.run().await,
                None => std::future::pending().await,
            }
        };
        let synced = async {
            match sync {
                Some(every) => keep_synced(journal.clone(), *every).await,
                None => std::future::pending().await,
            }
        };
        tokio::join!(drained, synced);
    }

    /// Drains what is left, when no core writes any more.
    pub(crate) async fn finish(&mut self) {
        if let Some(drain) = &mut self.drain
            && !drain.finish(LAST_DRAIN).await
        {
            let left = self.journal.status().undrained;
            tracing::warn!(
                left,
                "finished requests stay in the journal until the next start"
            );
        }
    }
}
