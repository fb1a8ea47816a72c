//! What is in the segments and not in the database, in pieces that fit into memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use lockgate_core::ledger::LedgerEntry;

use crate::aside::{Why, set_aside};
use crate::checkpoint::{self, Offsets};
use crate::counters::Counters;
use crate::folder::Folder;
use crate::line;
use crate::lines::{Found, Lines};
use crate::recent::Queue;
use crate::segment::Segment;

/// Bytes of lines in a batch, about: no batch has more but for its last line.
const BATCH_BYTES: u64 = 1024 * 1024;

/// Reads what is not in the database, and remembers what is.
#[derive(Debug)]
pub(crate) struct Backlog {
    folder: Folder,
    /// The generation that is being written.
    generation: u64,
    /// What this process writes is left where it is.
    only_earlier: bool,
    offsets: Offsets,
}

/// Entries that belong to one transaction, and what was met between them.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The entries.
    pub(crate) entries: Arc<[LedgerEntry]>,
    /// Where each of them is from.
    places: Vec<Segment>,
    /// What is no entry.
    damaged: Vec<(Segment, Vec<u8>)>,
    /// Unfinished last lines.
    torn: u64,
    lines: u64,
    bytes: u64,
    reached: Vec<Reached>,
    /// There may be more.
    pub(crate) is_full: bool,
}

/// How far a segment is when the batch is in the database.
#[derive(Debug)]
struct Reached {
    segment: Segment,
    offset: u64,
    /// Nothing can follow.
    finished: bool,
}

/// A batch, as far as it comes from one segment.
struct Piece<'a> {
    segment: Segment,
    /// Where to go on.
    offset: u64,
    /// Entries of the batch at most.
    most: usize,
    entries: &'a mut Vec<LedgerEntry>,
    batch: &'a mut Batch,
}

// === impl Batch ===

impl Batch {
    /// Whether there is nothing to do about it.
    pub(crate) fn is_nothing(&self) -> bool {
        self.bytes == 0 && !self.reached.iter().any(|reached| reached.finished)
    }

    /// When the oldest entry ended, in microseconds since 1970.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.ended_at).min()
    }
}

// === impl Backlog ===

impl Backlog {
    /// The backlog of `folder`, as far as its checkpoint says; `generation` is being written.
    pub(crate) fn open(folder: &Folder, generation: u64) -> Self {
        Self {
            folder: folder.clone(),
            generation,
            only_earlier: false,
            offsets: checkpoint::load(folder),
        }
    }

    /// The same, without what this process writes.
    pub(crate) fn only_earlier(self) -> Self {
        Self {
            only_earlier: true,
            ..self
        }
    }

    /// All entries, as far as they can be read, in pieces of `most`; the backlog stays where it is.
    pub(crate) fn entries(&self, most: usize) -> impl Iterator<Item = LedgerEntry> + use<> {
        let mut ahead = Self {
            folder: self.folder.clone(),
            offsets: self.offsets.clone(),
            ..*self
        };
        std::iter::from_fn(move || {
            let batch = match ahead.read(most, &mut BTreeMap::new()) {
                Ok(batch) => batch,
                Err(error) => {
                    tracing::error!("the journal cannot be read: {error}");
                    return None;
                }
            };
            ahead.skip(&batch);
            (!batch.entries.is_empty() || batch.is_full).then_some(batch.entries)
        })
        .flat_map(|entries| entries.to_vec())
    }

    /// How far `segment` is.
    pub(crate) fn offset(&self, segment: Segment) -> u64 {
        self.offsets.get(&segment).copied().unwrap_or_default()
    }

    /// The next entries, `most` of them at most; out of `recent` where they are there.
    pub(crate) fn read(&self, most: usize, recent: &mut BTreeMap<u16, Queue>) -> io::Result<Batch> {
        let segments = self.folder.segments()?;
        let mut batch = Batch::default();
        let mut entries = Vec::new();
        for segment in &segments {
            if batch.is_full {
                break;
            }
            if self.only_earlier && segment.generation >= self.generation {
                continue;
            }
            let closed = self.is_closed(*segment, &segments);
            let mut piece = Piece {
                segment: *segment,
                offset: self.offset(*segment),
                most,
                entries: &mut entries,
                batch: &mut batch,
            };
            if let Some(queue) = recent.get_mut(&segment.writer) {
                piece.take(queue);
            }
            match piece.read(&self.folder, closed) {
                // Drained and removed meanwhile, by who drains.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                read => read?,
            }
        }
        batch.entries = entries.into();
        Ok(batch)
    }

    /// Whether nobody writes to `segment` any more, as `segments` were listed before it is read.
    fn is_closed(&self, segment: Segment, segments: &BTreeSet<Segment>) -> bool {
        segment.generation != self.generation
            || segments.iter().any(|other| segment.is_before(*other))
    }

    /// Goes on behind `batch`, without telling anybody.
    pub(crate) fn skip(&mut self, batch: &Batch) {
        for reached in &batch.reached {
            self.offsets.insert(reached.segment, reached.offset);
        }
    }

    /// `batch` is in the database but for `refused` of its entries: those are set aside with what is
    /// damaged, and files that are finished go.
    pub(crate) fn commit(
        &mut self,
        batch: &Batch,
        refused: &[usize],
        counters: &Arc<Counters>,
    ) -> io::Result<()> {
        for (segment, line) in &batch.damaged {
            set_aside(&self.folder, *segment, Why::Damaged, line)?;
            tracing::error!(
                "{segment} has a line that is damaged; it is kept in {segment}.damaged"
            );
        }
        let mut line = Vec::new();
        for &place in refused {
            let (segment, entry) = (batch.places[place], &batch.entries[place]);
            line::write(entry, &mut line)?;
            set_aside(&self.folder, segment, Why::Refused, &line)?;
        }
        self.skip(batch);
        self.save();
        self.remove_finished(batch, counters)?;
        count(batch, refused.len() as u64, counters);
        Ok(())
    }

    fn save(&self) {
        if let Err(error) = checkpoint::save(&self.folder, &self.offsets) {
            // Whoever opens the folder next drains something twice, which counts once.
            tracing::warn!("the journal's checkpoint cannot be written: {error}");
        }
    }

    fn remove_finished(&mut self, batch: &Batch, counters: &Counters) -> io::Result<()> {
        let finished: Vec<_> = batch.reached.iter().filter(|r| r.finished).collect();
        for reached in &finished {
            let path = self.folder.segment(reached.segment);
            let length = fs::metadata(&path)?.len();
            fs::remove_file(path)?;
            self.offsets.remove(&reached.segment);
            less(&counters.bytes, length);
        }
        if !finished.is_empty() {
            // A file that is put back under its name is a new one.
            self.save();
        }
        Ok(())
    }
}

// === impl Piece ===

impl Piece<'_> {
    /// Takes what is in memory.
    fn take(&mut self, queue: &mut Queue) {
        while !self.is_full() {
            let Some(recent) = queue.take(self.segment, self.offset) else {
                return;
            };
            self.add(recent.entry, recent.length);
        }
    }

    /// Reads what else is in the file, which nobody writes to any more if it is `closed`.
    fn read(mut self, folder: &Folder, closed: bool) -> io::Result<()> {
        let mut lines = Lines::from(&folder.segment(self.segment), self.offset)?;
        let finished = loop {
            if self.is_full() {
                self.batch.is_full = true;
                break false;
            }
            let (found, length) = lines.next()?;
            match found {
                Found::End => break closed,
                // It may be in the making.
                Found::Torn if !closed => break false,
                Found::Torn => self.batch.torn += 1,
                Found::Damaged(line) => {
                    self.batch.lines += u64::from(line.ends_with(b"\n"));
                    self.batch.damaged.push((self.segment, line));
                }
                Found::Entry(entry) => {
                    self.add(*entry, length);
                    continue;
                }
            }
            self.offset += length;
            self.batch.bytes += length;
        };
        self.batch.reached.push(Reached {
            segment: self.segment,
            offset: self.offset,
            finished,
        });
        Ok(())
    }

    fn add(&mut self, entry: LedgerEntry, length: u64) {
        self.entries.push(entry);
        self.batch.places.push(self.segment);
        self.batch.lines += 1;
        self.batch.bytes += length;
        self.offset += length;
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= self.most || self.batch.bytes >= BATCH_BYTES
    }
}

fn count(batch: &Batch, refused: u64, counters: &Counters) {
    let drained = batch.entries.len() as u64 - refused;
    counters.drained.fetch_add(drained, Relaxed);
    counters.set_aside.fetch_add(refused, Relaxed);
    let damaged = batch.damaged.len() as u64;
    counters.damaged.fetch_add(damaged, Relaxed);
    if batch.torn > 0 {
        counters.torn.fetch_add(batch.torn, Relaxed);
        tracing::warn!(
            lines = batch.torn,
            "the journal had last lines that were not complete; their requests were in flight \
             when the gateway was killed"
        );
    }
    less(&counters.undrained, batch.lines);
    less(&counters.undrained_bytes, batch.bytes);
    if counters.undrained.load(Relaxed) == 0 {
        counters.oldest.store(0, Relaxed);
    }
}

/// Takes `amount` away; never below nothing, whatever a file was made to look like.
fn less(from: &AtomicU64, amount: u64) {
    let _before = from.fetch_update(Relaxed, Relaxed, |now| Some(now.saturating_sub(amount)));
}
