//! Brings entries from the journal to the database, batch by batch.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{SpendStore, StoreError};
use tokio::time::{Instant, sleep, timeout};

use crate::backlog::{Backlog, Batch};
use crate::journal::Journal;

/// How a drain goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainSettings {
    /// Entries of a batch at most.
    pub entries: usize,
    /// How long an entry may wait for others to make a batch.
    pub delay: Duration,
    /// How long to wait after a failure at first; twice as long after each further one.
    pub pause: Duration,
    /// The longest such wait.
    pub longest_pause: Duration,
    /// How long the database may take for a batch.
    pub patience: Duration,
}

/// Brings the entries of a journal to a database. There must be one only.
pub struct Drain {
    journal: Arc<Journal>,
    store: Arc<dyn SpendStore>,
    settings: DrainSettings,
    backlog: Backlog,
    /// The one that the database does not have yet.
    batch: Option<Batch>,
    /// How often it was tried in vain.
    failures: u32,
    /// All that was there has been looked at; what came since is counted.
    looked: bool,
}

/// What one step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There was nothing to do.
    Rest,
    /// Something was done, and there was no more at the time.
    Done,
    /// Something was done, and there is more.
    More,
    /// It did not work; to be tried again after so long.
    Again(Duration),
}

/// What the database made of a batch.
enum Outcome {
    /// It has all but these, by their place.
    Written(Vec<(usize, String)>),
    /// It has nothing of it, or that is not known.
    Nothing(String),
}

/// After so many entries in a row that were refused, with none taken, it is not the entries.
const HOPELESS: usize = 8;
/// When the database took nothing of a batch so often, it is the entries after all: they must not
/// keep others back for ever.
const LAST_TRY: u32 = 10;

// === impl DrainSettings ===

impl Default for DrainSettings {
    fn default() -> Self {
        Self {
            entries: 500,
            delay: Duration::from_millis(250),
            pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(5),
            patience: Duration::from_secs(30),
        }
    }
}

// === impl Drain ===

impl Drain {
    /// From `journal` to `store`, beginning where its checkpoint says.
    pub fn new(journal: Arc<Journal>, store: Arc<dyn SpendStore>, settings: DrainSettings) -> Self {
        let backlog = Backlog::open(&journal.folder, journal.generation);
        Self {
            journal,
            store,
            settings,
            backlog,
            batch: None,
            failures: 0,
            looked: false,
        }
    }

    /// Leaves what this process writes in the journal, and drains only what earlier ones left there.
    #[must_use]
    pub fn only_earlier(self) -> Self {
        Self {
            backlog: self.backlog.only_earlier(),
            ..self
        }
    }

    /// Drains for ever. May be dropped at any moment and run again.
    pub async fn run(&mut self) {
        loop {
            match self.step().await {
                Step::More => {}
                Step::Rest | Step::Done => sleep(self.settings.delay).await,
                Step::Again(pause) => sleep(pause).await,
            }
        }
    }

    /// Drains until nothing is left, but no longer than `within`; says whether nothing is. For the
    /// end, when nobody writes any more.
    pub async fn finish(&mut self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        let steps = async {
            loop {
                match self.step().await {
                    Step::More | Step::Done => {}
                    Step::Rest => return,
                    Step::Again(pause) => sleep(pause).await,
                }
            }
        };
        tokio::time::timeout_at(deadline, steps).await.is_ok()
    }

    /// Drains until nothing is left, but begins no batch when `within` is over. One that is on its
    /// way by then is waited for: what it comes to is known, so that nothing of [`Drain::left`] is in
    /// the database. That alone is not sure when a batch failed to the last, such as by a connection
    /// that was cut: answers `false` then.
    pub async fn catch_up(&mut self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        loop {
            let pause = match self.step().await {
                Step::Rest => return true,
                Step::More | Step::Done if Instant::now() < deadline => continue,
                Step::More | Step::Done => return true,
                Step::Again(pause) => pause,
            };
            if Instant::now() + pause >= deadline {
                return false;
            }
            sleep(pause).await;
        }
    }

    /// What it has not brought to the database yet, as far as it can be read.
    pub fn left(&self) -> impl Iterator<Item = LedgerEntry> + use<> {
        self.backlog.entries(self.settings.entries)
    }

    /// Brings one batch to the database, if there is one.
    pub async fn step(&mut self) -> Step {
        if self.batch.is_none() {
            match self.next_batch() {
                Ok(Some(batch)) => self.batch = Some(batch),
                Ok(None) => return Step::Rest,
                Err(error) => return self.again(&format!("the journal cannot be read: {error}")),
            }
        }
        let Some(batch) = &self.batch else {
            return Step::Rest;
        };
        let outcome = self.write(&batch.entries).await;
        let refused = match outcome {
            Outcome::Written(refused) => refused,
            Outcome::Nothing(why) => return self.again(&why),
        };
        let places: Vec<usize> = refused.iter().map(|(place, _)| *place).collect();
        let counters = &self.journal.counters;
        if let Err(error) = self.backlog.commit(batch, &places, counters) {
            return self.again(&format!("what was drained cannot be noted: {error}"));
        }
        for (place, why) in &refused {
            let id = &batch.entries[*place].id;
            counters.failed(why);
            tracing::error!(
                id,
                "an entry of the ledger was refused and set aside: {why}"
            );
        }
        if self.failures > 0 {
            tracing::info!("the ledger is written again");
        }
        let more = batch.is_full;
        counters.away.store(false, Relaxed);
        self.failures = 0;
        self.batch = None;
        self.looked = !more;
        if more { Step::More } else { Step::Done }
    }

    fn next_batch(&mut self) -> io::Result<Option<Batch>> {
        let counters = &self.journal.counters;
        if self.looked && counters.undrained_bytes.load(Relaxed) == 0 {
            return Ok(None);
        }
        let batch = {
            let mut recent = self.journal.recent.lock();
            self.backlog.read(self.settings.entries, &mut recent)?
        };
        self.looked = true;
        if let Some(oldest) = batch.oldest() {
            counters.oldest.store(oldest.max(1), Relaxed);
        }
        Ok((!batch.is_nothing()).then_some(batch))
    }

    /// Writes `entries`. If the database refuses them, so that only those are left out that it
    /// refuses each for itself.
    async fn write(&self, entries: &Arc<[LedgerEntry]>) -> Outcome {
        let mut refused = Vec::new();
        let mut taken = entries.is_empty();
        let mut parts = Vec::new();
        parts.extend((!entries.is_empty()).then_some(0..entries.len()));
        while let Some(part) = parts.pop() {
            let some = if part.len() == entries.len() {
                entries.clone()
            } else {
                entries[part.clone()].into()
            };
            match timeout(self.settings.patience, self.store.write(&some)).await {
                Ok(Ok(_)) => taken = true,
                Ok(Err(StoreError::Refused(why))) if part.len() == 1 => {
                    refused.push((part.start, why));
                }
                Ok(Err(StoreError::Refused(_))) => {
                    let middle = part.start + part.len() / 2;
                    parts.push(middle..part.end);
                    parts.push(part.start..middle);
                }
                Ok(Err(error)) => return Outcome::Nothing(error.to_string()),
                Err(_) => return Outcome::Nothing("the database takes too long".to_owned()),
            }
            let hopeless = !taken && refused.len() >= HOPELESS;
            if hopeless && self.failures < LAST_TRY {
                break;
            }
        }
        match refused.first() {
            // A database that refuses everything is more likely than so many bad entries.
            Some((_, why)) if !taken && self.failures < LAST_TRY => Outcome::Nothing(why.clone()),
            _ => Outcome::Written(refused),
        }
    }

    fn again(&mut self, why: &str) -> Step {
        let counters = &self.journal.counters;
        counters.away.store(true, Relaxed);
        counters.failed(why);
        let settings = &self.settings;
        let pause = settings.pause * 2_u32.saturating_pow(self.failures.min(16));
        let pause = pause.min(settings.longest_pause);
        if self.failures == 0 {
            tracing::error!(
                undrained = counters.undrained.load(Relaxed),
                "the ledger cannot be written; finished requests stay in the journal: {why}"
            );
        }
        self.failures = self.failures.saturating_add(1);
        Step::Again(pause)
    }
}
