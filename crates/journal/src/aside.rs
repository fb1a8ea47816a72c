//! What cannot be brought to the database, kept for whoever looks into it.

use std::io::{self, Write as _};

use crate::folder::Folder;
use crate::segment::Segment;

/// Why something is set aside; the end of the file's name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Why {
    /// Nobody can read it.
    Damaged,
    /// The database refused it.
    Refused,
}

/// Keeps `lines` of `segment`.
pub(crate) fn set_aside(
    folder: &Folder,
    segment: Segment,
    why: Why,
    lines: &[u8],
) -> io::Result<()> {
    let extension = match why {
        Why::Damaged => "damaged",
        Why::Refused => "refused",
    };
    let name = format!("{segment}.{extension}");
    folder.appending(&name)?.write_all(lines)
}
