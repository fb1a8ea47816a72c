//! How far segments are in the database.
//!
//! It only saves work: entries that the database is given twice are counted once. A checkpoint that
//! cannot be read is none.

use std::collections::BTreeMap;
use std::{fs, io};

use crate::folder::Folder;
use crate::line;
use crate::segment::Segment;

/// Bytes of each segment that are in the database; a segment that is not named has none.
pub(crate) type Offsets = BTreeMap<Segment, u64>;

const NAME: &str = "checkpoint";

/// Reads the checkpoint of `folder`.
pub(crate) fn load(folder: &Folder) -> Offsets {
    let Ok(read) = fs::read(folder.path(NAME)) else {
        return Offsets::new();
    };
    let found = read.strip_suffix(b"\n").and_then(line::payload);
    let offsets =
        found.and_then(|found| serde_json::from_slice::<BTreeMap<String, u64>>(found).ok());
    let Some(offsets) = offsets else {
        tracing::warn!("the journal's checkpoint is damaged: all that is left is drained again");
        return Offsets::new();
    };
    offsets
        .into_iter()
        .filter_map(|(name, offset)| Some((name.parse().ok()?, offset)))
        .collect()
}

/// Puts `offsets` in its place, in one step.
pub(crate) fn save(folder: &Folder, offsets: &Offsets) -> io::Result<()> {
    let offsets: BTreeMap<String, u64> = offsets
        .iter()
        .map(|(segment, offset)| (segment.to_string(), *offset))
        .collect();
    let text = serde_json::to_vec(&offsets)?;
    folder.replace(NAME, &line::framed(&text))
}
