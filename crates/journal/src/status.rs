//! How a journal is doing, for readiness and metrics.

use std::time::Duration;

/// How a journal is doing. What is counted begins with 0 when the folder is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Bytes that all segments may have together.
    pub limit_bytes: u64,
    /// Bytes that they have.
    pub bytes: u64,
    /// Entries that are not in the database.
    pub undrained: u64,
    /// Their bytes.
    pub undrained_bytes: u64,
    /// How long ago the oldest of them ended.
    pub oldest: Option<Duration>,
    /// Entries taken.
    pub appended: u64,
    /// Entries lost, because the limit was reached or the disk failed.
    pub refused: u64,
    /// The last entry was lost: those that follow will be, too.
    pub is_refusing: bool,
    /// Entries that the database took.
    pub drained: u64,
    /// Lines that nobody could read, set aside.
    pub damaged: u64,
    /// Last lines of files that were not complete: their requests were being written down when
    /// the process was killed.
    pub torn: u64,
    /// Entries that the database refused, set aside.
    pub set_aside: u64,
    /// The database took nothing when it was last asked.
    pub is_away: bool,
    /// What went wrong last, also when it is over. May name the database's address.
    pub last_error: Option<String>,
}
