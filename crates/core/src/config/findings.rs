//! The diagnostics while they are collected.

use std::path::PathBuf;

use super::yaml::Mark;
use super::{Diagnostic, Origin, Severity};
use crate::fingerprint::Fingerprint;

#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The opened files; a [`Mark`] points into it.
    pub(super) files: Vec<PathBuf>,
    /// What was in them.
    pub(super) fingerprint: Fingerprint,
    found: Vec<(Mark, Diagnostic)>,
}

impl Findings {
    pub(super) fn warn(&mut self, mark: Mark, path: &str, message: impl Into<String>) {
        self.add(Severity::Warning, mark, path, message.into());
    }

    pub(super) fn error(&mut self, mark: Mark, path: &str, message: impl Into<String>) {
        self.add(Severity::Error, mark, path, message.into());
    }

    pub(super) fn origin(&self, mark: Mark, path: &str) -> Origin {
        Origin {
            file: self.files.get(mark.file).cloned().unwrap_or_default(),
            line: mark.line,
            column: mark.column,
            path: path.to_owned(),
        }
    }

    /// In the order an editor would walk through them, each once.
    pub(super) fn finish(mut self) -> (Vec<Diagnostic>, Vec<PathBuf>) {
        self.found
            .sort_by_key(|(mark, _)| (mark.file, mark.line, mark.column));
        let mut diagnostics: Vec<Diagnostic> = self
            .found
            .into_iter()
            .map(|(_, diagnostic)| diagnostic)
            .collect();
        diagnostics.dedup();
        (diagnostics, self.files)
    }

    fn add(&mut self, severity: Severity, mark: Mark, path: &str, message: String) {
        let diagnostic = Diagnostic::at(&self.origin(mark, path), severity, message);
        self.found.push((mark, diagnostic));
    }
}
