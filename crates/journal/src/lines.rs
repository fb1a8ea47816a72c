//! The lines of one segment.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use lockgate_core::ledger::LedgerEntry;

use crate::line::{self, LONGEST};

/// Reads a segment from some place on.
pub(crate) struct Lines {
    file: BufReader<File>,
    /// What was read last.
    line: Vec<u8>,
}

/// What stands in a segment.
#[derive(Debug)]
pub(crate) enum Found {
    /// An entry.
    Entry(Box<LedgerEntry>),
    /// Something that is no entry, although it is complete.
    Damaged(Vec<u8>),
    /// The beginning of a line, behind which there is nothing.
    Torn,
    /// There is nothing more.
    End,
}

// === impl Lines ===

impl Lines {
    /// The lines of the file at `path` behind its first `offset` bytes.
    pub(crate) fn from(path: &Path, offset: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            file: BufReader::with_capacity(LONGEST, file),
            line: Vec::new(),
        })
    }

    /// What comes next, and how many bytes it has.
    pub(crate) fn next(&mut self) -> io::Result<(Found, u64)> {
        self.line.clear();
        let mut limited = (&mut self.file).take(LONGEST as u64);
        let length = limited.read_until(b'\n', &mut self.line)?;
        let found = match self.line.strip_suffix(b"\n") {
            Some(line) => match line::read(line) {
                Some(entry) => Found::Entry(Box::new(entry)),
                None => Found::Damaged(self.line.clone()),
            },
            None if length == 0 => Found::End,
            // Longer than any line: a piece of something else.
            None if length == LONGEST => Found::Damaged(self.line.clone()),
            None => Found::Torn,
        };
        Ok((found, length as u64))
    }
}

/// How many lines a file has behind its first `offset` bytes, and how many bytes in all.
pub(crate) fn count(path: &Path, offset: u64) -> io::Result<(u64, u64)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(offset))?;
    let mut piece = vec![0; LONGEST];
    let mut lines = 0;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok((lines, length));
        }
        lines += memchr::memchr_iter(b'\n', &piece[..read]).count() as u64;
    }
}
