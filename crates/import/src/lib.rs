//! Moving in: what another gateway keeps in its database, copied into the store.
//!
//! [`import`] reads a LiteLLM database through a [`Source`], which never writes, and puts what it
//! finds into a [`Target`]. It can be repeated: what is there already is left alone, and so is what
//! was changed here since.

mod cipher;
mod convert;
mod copy;
mod import;
mod logs;
mod report;
mod source;
mod tables;
mod target;
mod windows;

pub use self::cipher::Keychain;
pub use self::import::{ImportError, Mode, Options, Progress, import};
pub use self::report::{Counts, LogCounts, NotCopied, Problem, Report, SpendCounts};
pub use self::source::{Source, SourceError};
pub use self::target::{ACTOR, SealError, Sealer, Target};
