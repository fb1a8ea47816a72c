//! The files that entries are in, and their names.

use std::fmt;
use std::str::FromStr;

/// One file of the journal. The order is that of reading: older generations first, and within one
/// no writer gets further ahead of the others than a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Segment {
    /// Which opening of the folder made it.
    pub(crate) generation: u64,
    /// Its number among those of its writer.
    pub(crate) number: u32,
    /// Who writes it.
    pub(crate) writer: u16,
}

const EXTENSION: &str = "journal";

// === impl Segment ===

impl Segment {
    /// Whether `other` is a later one of the same writer.
    pub(crate) fn is_before(self, other: Self) -> bool {
        (self.generation, self.writer) == (other.generation, other.writer)
            && self.number < other.number
    }
}

impl fmt::Display for Segment {
    /// Its file name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            generation,
            number,
            writer,
        } = self;
        write!(f, "{generation:016x}.{number:08x}.{writer:04x}.{EXTENSION}")
    }
}

/// It is not the name of a segment.
#[derive(Debug)]
pub(crate) struct NoSegment;

impl FromStr for Segment {
    type Err = NoSegment;

    fn from_str(name: &str) -> Result<Self, NoSegment> {
        let mut parts = name.split('.');
        let mut part = || parts.next().ok_or(NoSegment);
        let (generation, number, writer, extension) = (part()?, part()?, part()?, part()?);
        let found = Self {
            generation: u64::from_str_radix(generation, 16).map_err(|_| NoSegment)?,
            number: u32::from_str_radix(number, 16).map_err(|_| NoSegment)?,
            writer: u16::from_str_radix(writer, 16).map_err(|_| NoSegment)?,
        };
        // Only as it is written here: two names must not mean one segment.
        (extension == EXTENSION && found.to_string() == name)
            .then_some(found)
            .ok_or(NoSegment)
    }
}
