//! What keeps the database small, besides the retention of the ledger.

use std::str::FromStr as _;

use lockgate_core::period::Period;
use lockgate_core::ports::StoreError;

use crate::backend::{Store, in_time};
use crate::spend::{DAY, make_ahead};
use crate::sql::Statement;

/// What [`Store::maintain`] removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Spend in windows of budgets that are long over.
    pub windows: u64,
    /// Sums of hours that nobody looks at any more.
    pub hours: u64,
    /// Notes for the other replicas that all of them have read.
    pub changes: u64,
}

/// Rows that are removed at once.
const STEP: u32 = 10_000;
/// For charts; days are kept for ever.
const HOURS_KEPT: i64 = 93 * 24;
/// A replica that slept longer reads everything anew.
const CHANGES_KEPT: i64 = 30 * DAY;
const SECOND: i64 = 1_000_000;

// === impl Store ===

impl Store {
    /// Makes partitions ahead and removes a bounded number of rows that nobody needs any more.
    /// `now` is in microseconds since 1970. Meant to be called every hour, by any replica.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn maintain(&self, now: i64) -> Result<Maintained, StoreError> {
        in_time(Box::pin(make_ahead(self, now))).await?;
        in_time(Box::pin(async {
            Ok(Maintained {
                windows: self.remove_windows(now).await?,
                hours: self.remove_hours(now).await?,
                changes: self.remove_changes(now).await?,
            })
        }))
        .await
    }

    /// A window is over for good when the one behind it is, too.
    async fn remove_windows(&self, now: i64) -> Result<u64, sqlx::Error> {
        let names = "SELECT DISTINCT window_name FROM spend WHERE window_name <> ''";
        let mut session = self.reading().await?;
        let names = session.rows(Statement::new(self.flavour(), names)).await?;
        session.commit().await?;
        let mut removed = 0;
        for row in names {
            let name = row.text(0)?;
            let duration = name.rsplit('/').next().unwrap_or_default();
            let Ok(period) = Period::from_str(duration) else {
                continue;
            };
            let length = i64::try_from(period.seconds()).unwrap_or(i64::MAX);
            let length = length.max(DAY / SECOND).saturating_mul(2);
            removed += self
                .run(Statement::whole(
                    self.flavour(),
                    "DELETE FROM spend WHERE (kind, id, window_name, window_start) IN \
                 (SELECT kind, id, window_name, window_start FROM spend \
                 WHERE window_name = $1 AND window_start < $2 LIMIT $3)",
                    [
                        (&name).into(),
                        (now / SECOND).saturating_sub(length).into(),
                        STEP.into(),
                    ],
                ))
                .await?;
        }
        Ok(removed)
    }

    async fn remove_hours(&self, now: i64) -> Result<u64, sqlx::Error> {
        self.run(Statement::whole(
            self.flavour(),
            "DELETE FROM rollup_hours WHERE hour IN \
             (SELECT hour FROM rollup_hours WHERE hour < $1 ORDER BY hour LIMIT $2)",
            [(now / DAY * 24 - HOURS_KEPT).into(), STEP.into()],
        ))
        .await
    }

    async fn remove_changes(&self, now: i64) -> Result<u64, sqlx::Error> {
        self.run(Statement::whole(
            self.flavour(),
            "DELETE FROM changes WHERE (kind, id) IN (SELECT kind, id FROM changes \
             WHERE changed_at < $1 ORDER BY sequence LIMIT $2)",
            [(now - CHANGES_KEPT).into(), STEP.into()],
        ))
        .await
    }
}
