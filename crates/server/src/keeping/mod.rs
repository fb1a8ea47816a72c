//! What outlives the process: entities and spend in a database, finished requests in a journal
//! until the database has them.

mod fill;
mod follow;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use lockgate_core::config::{Config, LockgateSettings};
use lockgate_core::ports::StoreError;
use lockgate_engine::Shared;
use lockgate_journal::{Drain, DrainSettings, Journal, Options, keep_synced};
use lockgate_store::{ConnectOptions, Located, MigrateError, Store};
use tokio::time::sleep;

use self::follow::Follower;
use crate::admin_desk::Stores;
use crate::composing::Composer;

/// The folder for what must survive a restart, unless told otherwise.
pub(crate) const FOLDER: &str = ".lockgate";
/// How long a start waits for the database before it serves without what is in it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts to reach it after that.
const RETRY: Duration = Duration::from_secs(2);
/// How long the end of the process waits for the database to take the last requests.
const LAST_WRITES: Duration = Duration::from_secs(10);
/// So many segments of each core fit below the journal's limit: those in use cannot be removed.
const SEGMENTS: u64 = 4;
/// How often what is old is removed.
const MAINTENANCE: Duration = Duration::from_secs(10 * 60);

/// What the process keeps, and what keeps it in step.
pub(crate) struct Keeping {
    store: Store,
    /// `None`: nothing is written down.
    journal: Option<Arc<Journal>>,
    /// How often the journal is brought to the disk itself.
    sync: Option<Duration>,
    shared: Arc<Shared>,
    state: Arc<KeepingState>,
    /// Tables are made and changed by somebody else.
    leave_tables: bool,
}

/// How the database is doing, for readiness.
#[derive(Debug, Default)]
pub(crate) struct KeepingState {
    /// Everything in it was read into memory.
    filled: AtomicBool,
    /// It answered when it was last asked.
    reached: AtomicBool,
}

// === impl Keeping ===

impl Keeping {
    /// Finds the database and opens the journal. Nothing is asked of the database yet. Must be
    /// called within a runtime.
    pub(crate) fn open(
        config: &Config,
        folder: &Path,
        cores: usize,
        shared: Arc<Shared>,
    ) -> anyhow::Result<Self> {
        let environment = &config.environment;
        let configured = config.general.database_url.as_ref();
        let located = Located::find(configured, environment, folder)?;
        for warning in located.primary.warnings() {
            tracing::warn!("{warning}");
        }
        let options = ConnectOptions::default();
        let store = Store::connect(&located.primary, located.replica.as_ref(), options)
            .with_context(|| {
                format!(
                    "cannot keep keys and spend in {}; name a writable --data-dir, or set DATABASE_URL",
                    located.primary
                )
            })?;
        let own = &config.lockgate;
        let path = own
            .journal_dir
            .clone()
            .unwrap_or_else(|| folder.join("journal"));
        let open = || {
            Journal::open(&path, journal_options(own, cores)).context(
                "finished requests could not be written down. Name a writable folder of this \
                 process' own with lockgate_settings.journal_dir or --data-dir, or do without a \
                 ledger: lockgate_settings.ledger: false",
            )
        };
        let is_kept = own.ledger.unwrap_or(true);
        let journal = is_kept.then(open).transpose()?;
        shared.governance.wait_for_entities();
        Ok(Self {
            store,
            journal,
            sync: own.journal_fsync,
            shared,
            state: Arc::default(),
            leave_tables: environment.flag("DISABLE_SCHEMA_UPDATE"),
        })
    }

    /// The journal, which every core writes to, if there is one.
    pub(crate) fn journal(&self) -> Option<Arc<Journal>> {
        self.journal.clone()
    }

    /// How it is doing.
    pub(crate) fn state(&self) -> Arc<KeepingState> {
        self.state.clone()
    }

    /// The database, for the management API.
    pub(crate) fn stores(&self) -> Stores {
        let store = Arc::new(self.store.clone());
        Stores {
            entities: store.clone(),
            spend: store,
        }
    }

    /// Makes ready what requests need. When the database stays away, that is left to
    /// [`Keeping::run`].
    pub(crate) async fn begin(&self, composer: &Rc<Composer>) -> anyhow::Result<Option<Follower>> {
        let told = |reason: &StoreError| tracing::warn!("{reason}; waiting for it");
        match tokio::time::timeout(PATIENCE, self.make_ready(composer, PATIENCE, told)).await {
            Ok(Ok(follower)) => Ok(Some(follower)),
            Err(_) | Ok(Err(MigrateError::Store(StoreError::Away(_)))) => {
                tracing::error!(
                    "serving without the database: virtual keys are not known until it answers"
                );
                Ok(None)
            }
            Ok(Err(error)) => Err(error.into()),
        }
    }

    async fn make_ready(
        &self,
        composer: &Rc<Composer>,
        patience: Duration,
        told: impl FnMut(&StoreError),
    ) -> Result<Follower, MigrateError> {
        if self.leave_tables {
            self.store.check_tables().await?;
        } else {
            self.store.migrate_within(patience, told).await?;
        }
        // What an earlier process left is counted by the database, not twice.
        if let Some(mut drain) = self.drain() {
            drain.finish(patience).await;
        }
        let (store, shared) = (self.store.clone(), self.shared.clone());
        let follower = Follower::start(store, shared, composer.clone()).await?;
        fill::fill(&self.store, &self.shared, composer.stock()).await?;
        composer.refresh().await;
        let journal = self.journal.iter();
        for entry in journal.flat_map(|journal| journal.undrained()) {
            self.shared
                .governance
                .directory
                .undrained(&entry, &self.zone());
        }
        self.shared.governance.has_entities();
        self.state.filled.store(true, Relaxed);
        self.state.reached.store(true, Relaxed);
        Ok(follower)
    }

    /// Keeps everything in step, for ever: reads what other replicas changed, writes down what was
    /// served, removes what is old.
    pub(crate) async fn run(&self, begun: Option<Follower>, composer: &Rc<Composer>) {
        let follower = match begun {
            Some(follower) => follower,
            None => self.make_ready_at_last(composer).await,
        };
        let drained = async {
            if let Some(mut drain) = self.drain() {
                drain.run().await;
            }
        };
        let maintained = async {
            loop {
                if let Err(error) = self.store.maintain(now()).await {
                    tracing::warn!("the database could not be tidied: {error}");
                }
                sleep(MAINTENANCE).await;
            }
        };
        let synced = async {
            if let (Some(every), Some(journal)) = (self.sync, &self.journal) {
                keep_synced(journal.clone(), every).await;
            }
        };
        let followed = follower.run(&self.state);
        tokio::join!(drained, followed, maintained, synced);
    }

    async fn make_ready_at_last(&self, composer: &Rc<Composer>) -> Follower {
        let mut told = String::new();
        loop {
            match self.make_ready(composer, RETRY, |_: &StoreError| {}).await {
                Ok(follower) => {
                    tracing::info!("the database answers; virtual keys are known now");
                    return follower;
                }
                Err(error) => {
                    let reason = error.to_string();
                    if reason != told {
                        tracing::warn!("virtual keys are still not known: {reason}");
                        told = reason;
                    }
                }
            }
            sleep(RETRY).await;
        }
    }

    /// Gives the database what was served last. To be called when no request is in flight.
    pub(crate) async fn close(&self) {
        if let (Some(mut drain), Some(journal)) = (self.drain(), &self.journal)
            && !drain.finish(LAST_WRITES).await
        {
            let left = journal.status().undrained;
            tracing::warn!("{left} requests stay in the journal; the next start writes them down");
        }
        self.store.close().await;
    }

    fn drain(&self) -> Option<Drain> {
        let store = Arc::new(self.store.clone());
        let journal = self.journal.clone()?;
        Some(Drain::new(journal, store, DrainSettings::default()))
    }

    fn zone(&self) -> jiff::tz::TimeZone {
        let snapshot = self.shared.snapshot.load();
        snapshot.config.governance.timezone.clone()
    }
}

// === impl KeepingState ===

impl KeepingState {
    /// Whether all keys are known.
    pub(crate) fn is_filled(&self) -> bool {
        self.filled.load(Relaxed)
    }

    /// Whether the database answered when it was last asked.
    pub(crate) fn is_reached(&self) -> bool {
        self.reached.load(Relaxed)
    }
}

fn journal_options(settings: &LockgateSettings, cores: usize) -> Options {
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

/// The data folder: by the command line, the configuration, or here.
pub(crate) fn folder(argument: Option<&PathBuf>, config: &Config) -> PathBuf {
    argument
        .or(config.lockgate.data_dir.as_ref())
        .cloned()
        .unwrap_or_else(|| PathBuf::from(FOLDER))
}

/// The time, in microseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}
