//! How long the ledger is kept: `general_settings.maximum_spend_logs_...`.

use std::time::Duration;

use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions};

/// How long entries of the ledger are kept, and when those that are older go.
#[derive(Clone, Debug, Default)]
pub struct Retention {
    /// `maximum_spend_logs_retention_period`; `None`: for ever.
    pub period: Option<Duration>,
    /// When older ones are removed.
    pub cleanup: Cleanup,
}

/// When what is too old is removed.
#[derive(Clone, Debug)]
pub enum Cleanup {
    /// `maximum_spend_logs_retention_interval`: so long after the last time.
    Every(Duration),
    /// `maximum_spend_logs_cleanup_cron`, which comes first.
    At(Box<Crontab>),
}

/// The interval of LiteLLM 1.105 (its documentation, "Maximum Retention Period for Spend Logs").
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);

// === impl Cleanup ===

impl Cleanup {
    /// Reads five fields as cron has them, in UTC unless a time zone stands behind them. Sunday is
    /// 0 or 7.
    #[must_use]
    pub fn cron(text: &str) -> Option<Self> {
        let mut options = ParseOptions::default();
        options.fallback_timezone_option = FallbackTimezoneOption::UTC;
        let parsed = cronexpr::parse_crontab_with(text, options).ok()?;
        Some(Self::At(Box::new(parsed)))
    }

    /// When it is done next after `now`, both in microseconds since 1970; `None`: never.
    #[must_use]
    pub fn next(&self, now: i64) -> Option<i64> {
        match self {
            Self::Every(time) => now.checked_add(i64::try_from(time.as_micros()).ok()?),
            Self::At(times) => {
                let after = MakeTimestamp::from_microsecond(now).ok()?;
                let next = times.find_next(after).ok()?;
                Some(next.timestamp().as_microsecond())
            }
        }
    }
}

impl Default for Cleanup {
    fn default() -> Self {
        Self::Every(DAILY)
    }
}
