//! What was just written, on its way to the drain in memory: it need not be read again.
//!
//! The files are what counts. What does not fit here, or is not taken, is read from them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lockgate_core::ledger::LedgerEntry;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::segment::Segment;

/// How many entries of one writer wait here at most.
const MOST: usize = 2_048;

/// An entry, and where its line is.
#[derive(Debug)]
pub(crate) struct Recent {
    pub(crate) segment: Segment,
    /// Where the line begins.
    pub(crate) offset: u64,
    /// How long it is, in bytes.
    pub(crate) length: u64,
    pub(crate) entry: LedgerEntry,
}

/// What each writer just wrote.
#[derive(Debug, Default)]
pub(crate) struct RecentEntries {
    writers: Mutex<BTreeMap<u16, Queue>>,
}

/// What one writer just wrote.
#[derive(Debug)]
pub(crate) struct Queue {
    receiver: Receiver<Recent>,
    /// The first of them.
    next: Option<Recent>,
}

// === impl RecentEntries ===

impl RecentEntries {
    /// Where the writer with this number puts what it wrote.
    pub(crate) fn writer(&self, number: u16) -> Sender<Recent> {
        let (sender, receiver) = mpsc::channel(MOST);
        let queue = Queue {
            receiver,
            next: None,
        };
        self.lock().insert(number, queue);
        sender
    }

    /// All of them, for who drains. No writer waits for this.
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<u16, Queue>> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Queue ===

impl Queue {
    /// The entry whose line begins at `offset` of `segment`, if it is here.
    pub(crate) fn take(&mut self, segment: Segment, offset: u64) -> Option<Recent> {
        loop {
            let next = match self.next.take() {
                Some(next) => next,
                None => self.receiver.try_recv().ok()?,
            };
            if next.segment == segment && next.offset == offset {
                return Some(next);
            }
            if (next.segment, next.offset) > (segment, offset) {
                // Those before it did not fit.
                self.next = Some(next);
                return None;
            }
        }
    }
}
