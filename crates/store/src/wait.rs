//! Waiting for a database that is not there yet.

use std::time::Duration;

use lockgate_core::ports::StoreError;
use tokio::time::Instant;

use crate::backend::Store;
use crate::migrate::{MigrateError, Migrated};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

// === impl Store ===

impl Store {
    /// As [`Store::migrate`], but waits up to `patience` for a database that is away, as it is
    /// while a cluster starts. `told` hears why, whenever the reason changes.
    ///
    /// # Errors
    /// As [`Store::migrate`]; the last reason when the time is over.
    pub async fn migrate_within(
        &self,
        patience: Duration,
        mut told: impl FnMut(&StoreError),
    ) -> Result<Migrated, MigrateError> {
        let deadline = Instant::now() + patience;
        let mut last = None;
        loop {
            let attempt = tokio::time::timeout_at(deadline, self.migrate()).await;
            let reason = match attempt {
                Ok(Err(MigrateError::Store(reason @ StoreError::Away(_)))) => reason,
                Ok(done) => return done,
                Err(_) => last
                    .take()
                    .unwrap_or_else(|| StoreError::Away("it did not answer in time".to_owned())),
            };
            if last.as_ref() != Some(&reason) {
                told(&reason);
            }
            if Instant::now() + PAUSE >= deadline {
                return Err(MigrateError::Store(reason));
            }
            last = Some(reason);
            tokio::time::sleep(PAUSE).await;
        }
    }
}
