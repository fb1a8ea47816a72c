//! What outlives the process: entities and spend in a database, finished requests in a journal
//! until the database has them.

mod fill;
mod follow;
mod retention;

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
use self::retention::Keeper;
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

/// What is in memory when everything is read out of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// At most what this process served, none of which is in the database.
    Empty,
    /// What was in another database, too.
    Outdated,
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
        let ready = self.make_ready(Memory::Empty, composer, PATIENCE, told);
        match tokio::time::timeout(PATIENCE, ready).await {
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
        memory: Memory,
        composer: &Rc<Composer>,
        patience: Duration,
        told: impl FnMut(&StoreError),
    ) -> Result<Follower, MigrateError> {
        if self.leave_tables {
            self.store.check_tables().await?;
        } else {
            self.store.migrate_within(patience, told).await?;
        }
        // What is counted here already must not come back from the database: at first only what
        // earlier processes left is given to it.
        let mut drain = match memory {
            Memory::Empty => self.drain().map(Drain::only_earlier),
            Memory::Outdated => self.drain(),
        };
        if let Some(drain) = &mut drain {
            drain.catch_up(patience).await;
        }
        let (store, shared) = (self.store.clone(), self.shared.clone());
        let follower = Follower::start(store, shared, composer.clone()).await?;
        let governance = &self.shared.governance;
        let (there, stocked) = fill::entities(&self.store, &governance.directory).await?;
        let spends = fill::spends(&self.store).await?;
        composer.stock().replace(stocked);
        composer.refresh().await;
        // Nothing is waited for from here on: it is done as a whole, or was not begun.
        let snapshot = self.shared.snapshot.load();
        let settings = &snapshot.config.governance;
        if memory == Memory::Outdated {
            governance.directory.forget(|id| there.contains(id));
            governance.configure(settings);
        }
        for spend in &spends {
            governance.directory.had_spent(spend, &settings.timezone);
        }
        for entry in drain.iter().flat_map(Drain::left) {
            governance.directory.undrained(&entry, &settings.timezone);
        }
        governance.has_entities();
        self.state.filled.store(true, Relaxed);
        self.state.reached.store(true, Relaxed);
        Ok(follower)
    }

    /// Keeps everything in step, for ever: reads what other replicas changed, writes down what was
    /// served, removes what is old.
    pub(crate) async fn run(&self, begun: Option<Follower>, composer: &Rc<Composer>) {
        let mut follower = match begun {
            Some(follower) => follower,
            None => self.make_ready_at_last(Memory::Empty, composer).await,
        };
        loop {
            tokio::select! {
                () = follower.run(&self.state) => {}
                () = self.tend() => std::future::pending().await,
            }
            tracing::warn!(
                "the database is not the one it was, such as a backup that was restored: \
                 everything is read anew"
            );
            follower = self.make_ready_at_last(Memory::Outdated, composer).await;
        }
    }

    /// Writes down what was served and removes what is old, for ever.
    async fn tend(&self) {
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
        let keeper = Keeper {
            store: &self.store,
            shared: &self.shared,
            journal: self.journal.as_ref(),
        };
        tokio::join!(drained, maintained, synced, keeper.run());
    }

    async fn make_ready_at_last(&self, memory: Memory, composer: &Rc<Composer>) -> Follower {
        let mut told = String::new();
        loop {
            let ready = self.make_ready(memory, composer, RETRY, |_: &StoreError| {});
            match ready.await {
                Ok(follower) => {
                    tracing::info!("what the database holds is known now");
                    return follower;
                }
                Err(error) => {
                    let reason = error.to_string();
                    if reason != told {
                        tracing::warn!("what the database holds is still not known: {reason}");
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
