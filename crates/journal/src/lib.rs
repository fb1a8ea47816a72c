//! Finished requests on the local disk until the database has them.
//!
//! Every core appends to files of its own ([`Writer`]); one [`Drain`] brings what is in them to the
//! database and removes what is there. In memory there is one batch, and what was written last.
//!
//! The folder holds:
//!
//! | file | holds |
//! |---|---|
//! | `GENERATION.NUMBER.WRITER.journal` | a segment: one line an entry, its checksum in front |
//! | `checkpoint` | how far segments are in the database |
//! | `SEGMENT.damaged` | lines that nobody can read |
//! | `SEGMENT.refused` | lines that the database refused, each for itself |
//! | `lock` | nothing; a process holds it as long as the folder is its own |
//!
//! A generation is one opening of the folder: no process appends to a file of another.

mod aside;
mod backlog;
mod checkpoint;
mod counters;
mod drain;
mod folder;
mod journal;
mod line;
mod lines;
mod recent;
mod segment;
mod status;
mod sync;
mod writer;

pub use self::drain::{Drain, DrainSettings, Step};
pub use self::journal::{Journal, OpenError, Options};
pub use self::status::Status;
pub use self::sync::keep_synced;
pub use self::writer::Writer;
