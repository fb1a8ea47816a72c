//! What is wrong with a configuration, said so that a tired operator finds the line.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Origin;

/// One finding. Its text names variables and keys, never their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file it is in; `database/...` for what is stored.
    pub file: PathBuf,
    /// Line, from 1; 0 for what is stored, which has no lines.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The way from the root of the document: `model_list[3].litellm_params.rpm`.
    pub path: String,
    /// What is wrong and what happens because of it.
    pub message: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something the operator wrote has no effect, or another one than hoped for.
    Warning,
    /// Something is missing from the running gateway because of it. `lockgate check` fails.
    Error,
}

/// Why no configuration came out at all.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot read the configuration: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is read but is no configuration.
    #[error("{}:{line}:{column}: {message}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What was found and what was expected.
        message: String,
    },
}

// === impl Diagnostic ===

impl Diagnostic {
    /// A finding about something that knows where it was written.
    #[must_use]
    pub fn at(origin: &Origin, severity: Severity, message: impl Into<String>) -> Self {
        let Origin {
            file,
            line,
            column,
            path,
        } = origin.clone();
        Self {
            severity,
            file,
            line,
            column,
            path,
            message: message.into(),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            severity,
            file,
            line,
            column,
            path,
            message,
        } = self;
        let file = file.display();
        if *line == 0 {
            write!(f, "{file}: {severity}: ")?;
        } else {
            write!(f, "{file}:{line}:{column}: {severity}: ")?;
        }
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(message)
    }
}

// === impl Severity ===

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

// === impl ConfigError ===

impl ConfigError {
    /// The file that is to blame.
    #[must_use]
    pub fn file(&self) -> &Path {
        match self {
            Self::Read { file, .. } | Self::Invalid { file, .. } => file,
        }
    }
}
