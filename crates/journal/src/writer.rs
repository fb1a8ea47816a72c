//! Appends the entries of one core.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::Ledger;
use tokio::sync::mpsc::Sender;

use crate::journal::Journal;
use crate::line::{self, LONGEST};
use crate::recent::Recent;
use crate::segment::Segment;

/// Writes entries into segments of its own: one system call an entry, after which it survives the
/// end of the process, whatever ends it.
#[derive(Debug)]
pub struct Writer {
    journal: Arc<Journal>,
    number: u16,
    pen: RefCell<Pen>,
    recent: Sender<Recent>,
}

#[derive(Debug, Default)]
struct Pen {
    open: Option<Open>,
    /// The number of the next segment.
    next: u32,
    line: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    segment: Segment,
    file: File,
    length: u64,
}

/// Why an entry is not taken.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("it has {bytes} of the {limit} bytes that it may have")]
    Full { bytes: u64, limit: u64 },
    #[error("the entry has {0} bytes")]
    TooLong(usize),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
}

// === impl Writer ===

impl Writer {
    pub(crate) fn new(journal: Arc<Journal>, number: u16) -> Self {
        let recent = journal.recent.writer(number);
        Self {
            journal,
            number,
            pen: RefCell::default(),
            recent,
        }
    }

    /// Writes the line of `entry`; says where it begins, and how long it is.
    fn write(&self, entry: &LedgerEntry) -> Result<(Segment, u64, u64), Refused> {
        let mut pen = self.pen.borrow_mut();
        let pen = &mut *pen;
        line::write(entry, &mut pen.line)?;
        if pen.line.len() > LONGEST {
            let length = pen.line.len();
            pen.line = Vec::new();
            return Err(Refused::TooLong(length));
        }
        let length = pen.line.len() as u64;
        let limit = self.journal.options.limit_bytes;
        let total = &self.journal.counters.bytes;
        let bytes = total.fetch_add(length, Relaxed);
        let written = if bytes + length > limit {
            Err(Refused::Full { bytes, limit })
        } else {
            self.put(pen).map_err(Refused::Io)
        };
        if written.is_err() {
            total.fetch_sub(length, Relaxed);
        }
        written.map(|(segment, offset)| (segment, offset, length))
    }

    fn put(&self, pen: &mut Pen) -> io::Result<(Segment, u64)> {
        let length = pen.line.len() as u64;
        let open = match &mut pen.open {
            Some(open) if open.length < self.journal.options.segment_bytes => open,
            open => {
                let segment = Segment {
                    generation: self.journal.generation,
                    number: pen.next,
                    writer: self.number,
                };
                let file = self.journal.folder.create(segment)?;
                pen.next += 1;
                open.insert(Open {
                    segment,
                    file,
                    length: 0,
                })
            }
        };
        // One call: what another one would write is never in between, nor a half that is taken for
        // the whole.
        let written = open.file.write(&pen.line);
        match written {
            Ok(bytes) if bytes as u64 == length => {
                let offset = open.length;
                open.length += length;
                Ok((open.segment, offset))
            }
            written => {
                // What there is of the line must not become the beginning of the next.
                if open.file.set_len(open.length).is_err() {
                    pen.open = None;
                }
                Err(written
                    .err()
                    .unwrap_or_else(|| io::ErrorKind::StorageFull.into()))
            }
        }
    }
}

impl Ledger for Writer {
    fn append(&self, entry: LedgerEntry) {
        let counters = &self.journal.counters;
        match self.write(&entry) {
            Ok((segment, offset, length)) => {
                counters.appended(length, entry.ended_at);
                // What does not fit is read from the file.
                let _sent = self.recent.try_send(Recent {
                    segment,
                    offset,
                    length,
                    entry,
                });
            }
            Err(refused) => counters.refused(&refused.to_string()),
        }
    }
}
