//! What is counted about a journal: atomics that writers and the drain add to.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often the log repeats that entries are lost.
const COMPLAINT: Duration = Duration::from_secs(10);

/// Counts since the folder was opened, and how much there is.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Bytes of all segments.
    pub(crate) bytes: AtomicU64,
    /// Of them, not in the database.
    pub(crate) undrained_bytes: AtomicU64,
    /// Entries that are not in the database.
    pub(crate) undrained: AtomicU64,
    /// When the oldest of them ended, in microseconds since 1970; 0: there is none.
    pub(crate) oldest: AtomicI64,
    /// Entries taken.
    pub(crate) appended: AtomicU64,
    /// Entries not taken.
    pub(crate) refused: AtomicU64,
    /// The last one was not taken.
    pub(crate) refusing: AtomicBool,
    /// Entries that the database took.
    pub(crate) drained: AtomicU64,
    /// Lines that nobody can read.
    pub(crate) damaged: AtomicU64,
    /// Unfinished last lines.
    pub(crate) torn: AtomicU64,
    /// Entries that the database refused.
    pub(crate) set_aside: AtomicU64,
    /// The database took nothing when it was last asked.
    pub(crate) away: AtomicBool,
    /// What went wrong last, and when the log told of a lost entry.
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    last: Option<String>,
    complained: Option<Instant>,
}

// === impl Counters ===

impl Counters {
    /// Counts an entry in.
    pub(crate) fn appended(&self, bytes: u64, ended_at: i64) {
        self.appended.fetch_add(1, Relaxed);
        self.undrained.fetch_add(1, Relaxed);
        self.undrained_bytes.fetch_add(bytes, Relaxed);
        // Looked at before it is written: it changes seldom, and all cores look.
        if self.oldest.load(Relaxed) == 0 {
            let _other = self
                .oldest
                .compare_exchange(0, ended_at.max(1), Relaxed, Relaxed);
        }
        if self.refusing.load(Relaxed) {
            self.refusing.store(false, Relaxed);
            tracing::info!("the journal takes entries again");
        }
    }

    /// Counts an entry that was lost, and says so.
    pub(crate) fn refused(&self, why: &str) {
        let refused = self.refused.fetch_add(1, Relaxed) + 1;
        self.refusing.store(true, Relaxed);
        let mut trouble = self.trouble();
        let quiet = trouble
            .complained
            .is_some_and(|at| at.elapsed() < COMPLAINT);
        if !quiet {
            trouble.complained = Some(Instant::now());
            tracing::error!(
                refused,
                "the journal cannot take a finished request, which will be missing in the ledger: \
                 {why}"
            );
        }
        trouble.last = Some(why.to_owned());
    }

    /// Remembers what went wrong.
    pub(crate) fn failed(&self, why: &str) {
        self.trouble().last = Some(why.to_owned());
    }

    /// What went wrong last.
    pub(crate) fn last_error(&self) -> Option<String> {
        self.trouble().last.clone()
    }

    /// How long the oldest entry has waited for the database.
    pub(crate) fn age(&self) -> Option<Duration> {
        let oldest = u64::try_from(self.oldest.load(Relaxed)).ok()?;
        let oldest = UNIX_EPOCH + Duration::from_micros(oldest);
        (oldest > UNIX_EPOCH).then(|| {
            SystemTime::now()
                .duration_since(oldest)
                // A clock that was set back.
                .unwrap_or_default()
        })
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
