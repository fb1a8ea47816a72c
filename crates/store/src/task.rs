//! Tasks that only one replica does at a time: who takes one, and when it is due again.

use lockgate_core::ports::StoreError;

use crate::backend::{Store, in_time};
use crate::sql::Statement;

/// Something that is done from time to time, by one replica for all. When it is due is kept in the
/// database, so that neither a restart nor a second replica makes it come sooner or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task(&'static str);

// === impl Task ===

impl Task {
    /// Removing entries of the ledger that are too old.
    pub const RETENTION: Self = Self("retention");
}

// === impl Store ===

impl Store {
    /// When `task` is due, in microseconds since 1970: `at_latest`, if nobody said something
    /// earlier.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn due(&self, task: Task, at_latest: i64) -> Result<i64, StoreError> {
        in_time(Box::pin(self.planned(task, at_latest))).await
    }

    async fn planned(&self, task: Task, at_latest: i64) -> Result<i64, sqlx::Error> {
        let select = "SELECT value FROM counters WHERE name = $1";
        let select = Statement::whole(self.flavour(), select, [task.0.into()]);
        let mut session = self.reading().await?;
        let planned = session
            .row(select)
            .await?
            .map(|row| row.int(0))
            .transpose()?;
        session.commit().await?;
        if let Some(planned) = planned.filter(|planned| *planned <= at_latest) {
            return Ok(planned);
        }
        let plan = Statement::whole(
            self.flavour(),
            "INSERT INTO counters AS t (name, value, hash) VALUES ($1, $2, '') \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value \
             WHERE t.value > excluded.value",
            [task.0.into(), at_latest.into()],
        );
        self.run(plan).await?;
        Ok(at_latest)
    }

    /// Takes `task` if it is due at `now`; nobody else takes it before `until`, unless it is
    /// [put off](Store::put_off) to an earlier time. Says whether it was taken.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn take(&self, task: Task, now: i64, until: i64) -> Result<bool, StoreError> {
        let take = Statement::whole(
            self.flavour(),
            "UPDATE counters SET value = $1 WHERE name = $2 AND value <= $3",
            [until.into(), task.0.into(), now.into()],
        );
        Ok(in_time(Box::pin(self.run(take))).await? > 0)
    }

    /// Makes `task` due at `until`.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn put_off(&self, task: Task, until: i64) -> Result<(), StoreError> {
        let put_off = Statement::whole(
            self.flavour(),
            "UPDATE counters SET value = $1 WHERE name = $2",
            [until.into(), task.0.into()],
        );
        in_time(Box::pin(self.run(put_off))).await.map(drop)
    }
}
