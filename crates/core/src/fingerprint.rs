//! Whether the configuration files changed since they were read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The contents of some files, as hashes.
///
/// Contents are compared, not times: a Kubernetes ConfigMap swaps a symlink and keeps old times, an
/// editor may save twice within one tick of the clock, and a `touch` is no reason to reload. The files
/// are small; reading them every few seconds costs nothing.
///
/// A poll compares [`Fingerprint::take`] of the loaded files with the one last seen; after a successful
/// load the one last seen is [`crate::Loaded::fingerprint`], so a change while loading is not missed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(Vec<(PathBuf, FileState)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum FileState {
    Contents([u8; 32]),
    /// A pipe or a device: read once, never again.
    NotAFile,
    Unreadable(io::ErrorKind),
}

impl Fingerprint {
    /// Reads the files as they are now. One that cannot be read has a fingerprint too.
    #[must_use]
    pub fn take(files: &[PathBuf]) -> Self {
        Self(
            files
                .iter()
                .map(|file| (file.clone(), FileState::of(file)))
                .collect(),
        )
    }

    /// Adds a file that was just read.
    pub(crate) fn add(&mut self, file: &Path, contents: &str) {
        let state = match fs::metadata(file) {
            Ok(metadata) if !metadata.is_file() => FileState::NotAFile,
            _ => FileState::Contents(Sha256::digest(contents).into()),
        };
        self.0.push((file.to_owned(), state));
    }
}

impl FileState {
    fn of(path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => Self::NotAFile,
            Ok(_) => hash(path).map_or_else(|error| Self::Unreadable(error.kind()), Self::Contents),
            Err(error) => Self::Unreadable(error.kind()),
        }
    }
}

fn hash(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = [0; 8192];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(&buffer[..read]),
        }
    }
}
