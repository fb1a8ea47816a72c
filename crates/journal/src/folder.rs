//! The folder, as far as other modules need to know where things are.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::segment::Segment;

/// Where a journal is.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

// === impl Folder ===

impl Folder {
    /// The folder at `path`, for its owner alone; made if it is not there.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self(path.to_owned()))
    }

    /// The path of `name` in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The path of `segment`.
    pub(crate) fn segment(&self, segment: Segment) -> PathBuf {
        self.path(&segment.to_string())
    }

    /// Opens `name` for appending; made if it is not there.
    pub(crate) fn appending(&self, name: &str) -> io::Result<File> {
        writable().append(true).open(self.path(name))
    }

    /// Makes a segment, which must not be there yet.
    pub(crate) fn create(&self, segment: Segment) -> io::Result<File> {
        let path = self.segment(segment);
        writable().append(true).create_new(true).open(path)
    }

    /// Puts `contents` in the place of `name`, in one step.
    pub(crate) fn replace(&self, name: &str, contents: &[u8]) -> io::Result<()> {
        let next = self.path(&format!("{name}.next"));
        let mut file = writable().write(true).truncate(true).open(&next)?;
        io::Write::write_all(&mut file, contents)?;
        fs::rename(next, self.path(name))
    }

    /// All segments that are there.
    pub(crate) fn segments(&self) -> io::Result<BTreeSet<Segment>> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            found.extend(name.to_str().and_then(|name| name.parse::<Segment>().ok()));
        }
        Ok(found)
    }

    /// How many files hold what was set aside.
    pub(crate) fn set_aside(&self) -> io::Result<usize> {
        let mut count = 0;
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            count += usize::from(matches!(extension, Some("damaged" | "refused")));
        }
        Ok(count)
    }
}

fn writable() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}
