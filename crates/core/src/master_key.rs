//! The master key: where it comes from, when it is too weak, and the one made when there is none.
//!
//! The gateway is never open: without a key one is generated, also where LiteLLM would run without.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::{Environment, GeneralSettings, Secret};

/// Variables that hold the key, the first one that is set wins.
const VARIABLES: &[&str] = &["LITELLM_MASTER_KEY", "PROXY_MASTER_KEY"];
const PERMIT_VARIABLE: &str = "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY";
/// The key of LiteLLM's own examples.
const EXAMPLE_KEY: &str = "sk-1234";
const FILE_NAME: &str = "master_key";
const MAX_FILE_BYTES: u64 = 4096;

/// A master key and where it was found.
#[derive(Clone, Debug)]
pub struct MasterKey {
    /// The key.
    pub key: Secret,
    /// Its source.
    pub source: MasterKeySource,
}

/// Where a master key was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeySource {
    /// `general_settings.master_key`
    ConfigFile,
    /// A variable of the environment.
    Environment(&'static str),
    /// A file in the data folder.
    DataFolder {
        /// The file.
        path: PathBuf,
        /// It was made just now; this is the time to print the key.
        created: bool,
    },
}

/// Why a key is too weak to be reachable from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Nothing in it.
    Empty,
    /// `sk-1234`, which everybody knows.
    Example,
}

/// What the configuration and the environment decide.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Start with this key.
    Use(MasterKey),
    /// There is none: start with the one in the data folder, see [`load_or_generate`].
    Generate,
}

/// Why there is no master key to start with.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// It is weak, others can reach it, and nobody allowed that.
    #[error(
        "the master key from {source_of_key} is {weakness}. Choose a long random one, bind to \
         127.0.0.1, or set general_settings.dangerously_permit_weak_or_unset_master_key: true"
    )]
    Weak {
        /// Where it was found.
        source_of_key: MasterKeySource,
        /// What is wrong with it.
        weakness: Weakness,
    },
    /// Others on this machine can read it.
    #[error("{} can be read by others (mode {mode:03o}): run chmod 600 on it, or delete it for a new key", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds no key.
    #[error("{} holds no key: delete it for a new one", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
    },
    /// The data folder cannot be used.
    #[error("cannot keep a master key in {}: {source}. Set LITELLM_MASTER_KEY or name a writable --data-dir", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Picks the key and judges it. `loopback`: only this machine can reach the gateway.
///
/// # Errors
///
/// [`MasterKeyError::Weak`].
pub fn decide(
    general: &GeneralSettings,
    environment: &Environment,
    loopback: bool,
) -> Result<Decision, MasterKeyError> {
    let Some(found) = find(general, environment) else {
        return Ok(Decision::Generate);
    };
    let permitted =
        general.dangerously_permit_weak_or_unset_master_key || environment.flag(PERMIT_VARIABLE);
    match weakness(&found.key) {
        None => Ok(Decision::Use(found)),
        Some(weakness) if !loopback && !permitted => Err(MasterKeyError::Weak {
            source_of_key: found.source,
            weakness,
        }),
        Some(Weakness::Empty) => Ok(Decision::Generate),
        Some(Weakness::Example) => Ok(Decision::Use(found)),
    }
}

/// What makes a key weak, if anything.
#[must_use]
pub fn weakness(key: &Secret) -> Option<Weakness> {
    match key.expose().trim() {
        "" => Some(Weakness::Empty),
        EXAMPLE_KEY => Some(Weakness::Example),
        _ => None,
    }
}

/// A fresh key: `sk-` and 32 random bytes.
#[must_use]
pub fn generate() -> Secret {
    let bytes: [u8; 32] = rand::random();
    Secret::new(format!("sk-{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// The key in the data folder, made on first use. Folder and file are for the owner alone.
///
/// # Errors
///
/// When the folder cannot be written, or the file in it is readable by others or empty.
pub fn load_or_generate(data_dir: &Path) -> Result<MasterKey, MasterKeyError> {
    let path = data_dir.join(FILE_NAME);
    if let Some(key) = load(&path)? {
        return Ok(stored(key, path, false));
    }
    let key = generate();
    match store(&key, data_dir, &path) {
        Ok(()) => Ok(stored(key, path, true)),
        // Another process was faster: its key is the key.
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => match load(&path)? {
            Some(key) => Ok(stored(key, path, false)),
            None => Err(MasterKeyError::Io { path, source }),
        },
        Err(source) => Err(MasterKeyError::Io { path, source }),
    }
}

/// The first key that is set and not empty, or else the first that is set.
fn find(general: &GeneralSettings, environment: &Environment) -> Option<MasterKey> {
    let configured = general.master_key.clone().map(|key| MasterKey {
        key,
        source: MasterKeySource::ConfigFile,
    });
    let from_environment = VARIABLES.iter().filter_map(|name| {
        let key = Secret::new(environment.get(name)?.trim());
        Some(MasterKey {
            key,
            source: MasterKeySource::Environment(name),
        })
    });
    let mut found: Vec<MasterKey> = configured.into_iter().chain(from_environment).collect();
    let best = found
        .iter()
        .position(|candidate| !candidate.key.is_empty())
        .unwrap_or(0);
    (!found.is_empty()).then(|| found.swap_remove(best))
}

fn stored(key: Secret, path: PathBuf, created: bool) -> MasterKey {
    MasterKey {
        key,
        source: MasterKeySource::DataFolder { path, created },
    }
}

fn load(path: &Path) -> Result<Option<Secret>, MasterKeyError> {
    let failed = |source| MasterKeyError::Io {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = String::new();
    file.take(MAX_FILE_BYTES)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let key = Secret::new(text.trim());
    if weakness(&key).is_some() {
        return Err(MasterKeyError::Unusable {
            path: path.to_owned(),
        });
    }
    Ok(Some(key))
}

/// Writes beside the file and links it into place, so that nobody ever sees half a key.
fn store(key: &Secret, data_dir: &Path, path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)?;
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(data_dir)?;
    writeln!(file, "{}", key.expose())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

// === impl MasterKeySource ===

impl fmt::Display for MasterKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConfigFile => f.write_str("general_settings.master_key"),
            Self::Environment(name) => f.write_str(name),
            Self::DataFolder { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

// === impl Weakness ===

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Example => "the well-known example sk-1234",
        })
    }
}
