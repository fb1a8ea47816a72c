//! The folder of a journal, opened by one process.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{SystemTime, UNIX_EPOCH};

use lockgate_core::ledger::LedgerEntry;

use crate::backlog::Backlog;
use crate::counters::Counters;
use crate::folder::Folder;
use crate::lines;
use crate::recent::RecentEntries;
use crate::status::Status;
use crate::writer::Writer;

/// How large a journal may become, and in which pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Bytes that all segments may have together. What would go beyond is refused.
    pub limit_bytes: u64,
    /// Bytes after which a writer begins a new segment. A segment stays until all of it is in the
    /// database and the next one has begun.
    pub segment_bytes: u64,
}

/// An open journal. The folder is this process' until it is dropped, with its writers.
#[derive(Debug)]
pub struct Journal {
    pub(crate) folder: Folder,
    pub(crate) generation: u64,
    pub(crate) options: Options,
    pub(crate) counters: Arc<Counters>,
    pub(crate) recent: RecentEntries,
    _lock: File,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("another process uses the journal in {}", .0.display())]
    InUse(PathBuf),
    /// The operating system refused.
    #[error("the journal in {} cannot be used: {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Entries that are read at once for [`Journal::undrained`].
const PIECE: usize = 500;

// === impl Options ===

impl Default for Options {
    /// A gibibyte in segments of eight mebibytes.
    fn default() -> Self {
        Self {
            limit_bytes: 1024 * 1024 * 1024,
            segment_bytes: 8 * 1024 * 1024,
        }
    }
}

// === impl Journal ===

impl Journal {
    /// Opens the journal in the folder at `path`, which is made if it is not there.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, options: Options) -> Result<Arc<Self>, OpenError> {
        let wrong = |source| OpenError::Io {
            path: path.to_owned(),
            source,
        };
        let folder = Folder::at(path).map_err(wrong)?;
        let lock = folder.appending("lock").map_err(wrong)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(wrong(source)),
        }
        Self::take_over(folder, options, lock).map_err(wrong)
    }

    fn take_over(folder: Folder, options: Options, lock: File) -> io::Result<Arc<Self>> {
        let segments = folder.segments()?;
        let last = segments.last().map(|last| last.generation);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
        // Whatever the clock says, no process writes to what another one wrote.
        let generation = now.max(last.map_or(0, |last| last.saturating_add(1)));
        let counters = Arc::new(Counters::default());
        let backlog = Backlog::open(&folder, generation);
        for segment in segments {
            let offset = backlog.offset(segment);
            let (lines, length) = lines::count(&folder.segment(segment), offset)?;
            counters.bytes.fetch_add(length, Relaxed);
            counters.undrained.fetch_add(lines, Relaxed);
            let left = length.saturating_sub(offset);
            counters.undrained_bytes.fetch_add(left, Relaxed);
        }
        // What cannot be written now cannot be written later.
        folder.replace("probe", b"")?;
        std::fs::remove_file(folder.path("probe"))?;
        let set_aside = folder.set_aside()?;
        if set_aside > 0 {
            tracing::warn!(
                files = set_aside,
                "the journal has entries that were set aside and are missing in the ledger"
            );
        }
        let journal = Self {
            folder,
            generation,
            options,
            counters,
            recent: RecentEntries::default(),
            _lock: lock,
        };
        let oldest = journal
            .undrained()
            .next()
            .map(|entry| entry.ended_at.max(1));
        journal
            .counters
            .oldest
            .store(oldest.unwrap_or_default(), Relaxed);
        Ok(Arc::new(journal))
    }

    /// A writer, for one core. `number` is its own: no two of a journal may have the same.
    pub fn writer(self: &Arc<Self>, number: u16) -> Writer {
        Writer::new(self.clone(), number)
    }

    /// What is not in the database yet, by this process or an earlier one, as far as it can be read.
    /// What was drained since the folder was opened may be among it; [`Drain::left`] knows better.
    ///
    /// [`Drain::left`]: crate::Drain::left
    pub fn undrained(&self) -> impl Iterator<Item = LedgerEntry> + use<> {
        Backlog::open(&self.folder, self.generation).entries(PIECE)
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        let counters = &self.counters;
        Status {
            limit_bytes: self.options.limit_bytes,
            bytes: counters.bytes.load(Relaxed),
            undrained: counters.undrained.load(Relaxed),
            undrained_bytes: counters.undrained_bytes.load(Relaxed),
            oldest: counters.age(),
            appended: counters.appended.load(Relaxed),
            refused: counters.refused.load(Relaxed),
            is_refusing: counters.refusing.load(Relaxed),
            drained: counters.drained.load(Relaxed),
            damaged: counters.damaged.load(Relaxed),
            torn: counters.torn.load(Relaxed),
            set_aside: counters.set_aside.load(Relaxed),
            is_away: counters.away.load(Relaxed),
            last_error: counters.last_error(),
        }
    }
}
