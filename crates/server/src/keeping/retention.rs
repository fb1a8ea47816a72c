//! Removing what is too old from the ledger.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::ports::{SpendStore, StoreError};
use lockgate_engine::Shared;
use lockgate_journal::Journal;
use lockgate_store::{Store, Task};
use tokio::time::{Instant, sleep};

use super::now;

/// Entries that are removed at once; on PostgreSQL a week goes as a whole.
const STEP: u32 = 1_000;
/// How long one replica goes on. What is left then is for whoever comes first.
const RUN: Duration = Duration::from_secs(5 * 60);
/// How long the others leave it alone: a step more than it takes.
const CLAIM: i64 = 10 * 60 * 1_000_000;
/// The longest that nobody looks whether it is due: the configuration may say something else now.
const LOOK: Duration = Duration::from_secs(60);
/// The shortest.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps the ledger as long as the configuration says.
pub(super) struct Keeper<'a> {
    pub store: &'a Store,
    pub shared: &'a Arc<Shared>,
    pub journal: Option<&'a Arc<Journal>>,
}

// === impl Keeper ===

impl Keeper<'_> {
    /// Keeps it so for ever.
    pub(super) async fn run(&self) {
        loop {
            let wait = match self.look().await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!("old entries of the ledger could not be removed: {error}");
                    LOOK
                }
            };
            sleep(wait.clamp(PAUSE, LOOK)).await;
        }
    }

    /// Removes what is too old, if that is due and nobody else does; says how long to wait until
    /// it is due again.
    async fn look(&self) -> Result<Duration, StoreError> {
        let retention = self.shared.snapshot.load().config.general.retention.clone();
        let began = now();
        let next = retention.cleanup.next(began);
        let (Some(period), Some(next)) = (retention.period, next) else {
            return Ok(LOOK);
        };
        let due = self.store.due(Task::RETENTION, next).await?;
        if due > began {
            return Ok(micros(due - began));
        }
        // What is still to be written may be there already, when an answer of the database was
        // lost. It is recognised as long as it is there.
        let oldest = self.journal.and_then(|journal| journal.status().oldest);
        if oldest.is_some_and(|oldest| oldest >= period) {
            return Ok(LOOK);
        }
        if !self
            .store
            .take(Task::RETENTION, began, began + CLAIM)
            .await?
        {
            return Ok(LOOK);
        }
        let period = i64::try_from(period.as_micros()).unwrap_or(i64::MAX);
        let is_over = self.remove(began.saturating_sub(period)).await?;
        let due = if is_over { next } else { now() };
        self.store.put_off(Task::RETENTION, due).await?;
        Ok(micros(due - now()))
    }

    /// Removes what started before `before`; says whether that was all.
    async fn remove(&self, before: i64) -> Result<bool, StoreError> {
        let deadline = Instant::now() + RUN;
        let mut removed = 0;
        let is_over = loop {
            let began = Instant::now();
            let gone = self.store.forget(before, STEP).await?;
            removed += gone;
            if gone == 0 || Instant::now() >= deadline {
                break gone == 0;
            }
            // The database has others to serve: half of its time is theirs.
            sleep(began.elapsed()).await;
        };
        if removed > 0 {
            tracing::info!(removed, "entries of the ledger were too old");
        }
        Ok(is_over)
    }
}

fn micros(time: i64) -> Duration {
    Duration::from_micros(u64::try_from(time).unwrap_or_default())
}
