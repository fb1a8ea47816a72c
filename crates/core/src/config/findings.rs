//! The diagnostics while they are collected.

use std::path::PathBuf;

use super::stored::{NOT_FOR_THE_STORED, Place};
use super::yaml::Mark;
use super::{Diagnostic, Origin, Severity};
use crate::fingerprint::Fingerprint;

#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    /// The opened files; a [`Mark`] points into it.
    pub(super) files: Vec<PathBuf>,
    /// What was in them.
    pub(super) fingerprint: Fingerprint,
    /// Places of the database; a mark points behind [`STORED`] into it.
    stored: Vec<Place>,
    found: Vec<(Mark, Diagnostic)>,
}

/// Marks from here on are places of the database.
const STORED: usize = 1 << 24;

impl Findings {
    pub(super) fn warn(&mut self, mark: Mark, path: &str, message: impl Into<String>) {
        self.add(Severity::Warning, mark, path, message.into());
    }

    pub(super) fn error(&mut self, mark: Mark, path: &str, message: impl Into<String>) {
        self.add(Severity::Error, mark, path, message.into());
    }

    /// A mark for what comes from a place of the database.
    pub(super) fn stored_place(&mut self, place: Place) -> Mark {
        self.stored.push(place);
        Mark {
            file: STORED + self.stored.len() - 1,
            line: 0,
            column: 0,
        }
    }

    /// The place of the database that a mark is, if it is one.
    pub(super) fn stored(&self, mark: Mark) -> Option<&Place> {
        self.stored.get(mark.file.checked_sub(STORED)?)
    }

    /// Why what stands at `mark` may not read the variable `name`, if it may not.
    pub(super) fn withheld(&self, mark: Mark, name: &str) -> Option<&'static str> {
        let place = self.stored(mark)?;
        if !place.reads_environment {
            return Some("only what administrators stored may read the environment");
        }
        NOT_FOR_THE_STORED
            .contains(&name)
            .then_some("nothing that is stored may read this variable")
    }

    /// How much was said so far.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// The errors that were said since then.
    pub(super) fn errors_since(&self, count: usize) -> String {
        let said = self.found.iter().skip(count).map(|(_, said)| said);
        let errors = said.filter(|said| said.severity == Severity::Error);
        let texts: Vec<String> = errors
            .map(|said| match said.path.split_once("].") {
                Some((_, path)) => format!("{path}: {}", said.message),
                None => said.message.clone(),
            })
            .collect();
        texts.join("; ")
    }

    pub(super) fn origin(&self, mark: Mark, path: &str) -> Origin {
        let stored = self.stored(mark).map(|place| PathBuf::from(&place.name));
        let file = stored.or_else(|| self.files.get(mark.file).cloned());
        Origin {
            file: file.unwrap_or_default(),
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
