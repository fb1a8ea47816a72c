//! What the pieces of one request lose, and the document names they use.

use std::collections::HashSet;

use crate::canonical::Loss;

/// Reports what the pieces of one request lose.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) losses: Vec<Loss>,
    /// The names of documents so far, in lower case: the API refuses a name given twice.
    names: HashSet<String>,
}

/// Collects what a client says that has no canonical form, each name once.
#[derive(Debug, Default)]
pub(super) struct Unmapped(pub(super) Vec<String>);

/// The longest name of a document, in characters.
const MAX_NAME: usize = 200;

// === impl Report ===

impl Report {
    /// Names a loss once, however often it occurs.
    pub(super) fn add(&mut self, loss: Loss) {
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }

    pub(super) fn hint(&mut self, what: &str) {
        self.add(Loss::hint(what));
    }

    pub(super) fn param(&mut self, what: &str) {
        self.add(Loss::param(what));
    }

    pub(super) fn content(&mut self, what: &str) {
        self.add(Loss::content(what));
    }

    /// The name of a document as the API takes it, unlike all before it in this request: letters,
    /// digits, single blanks, hyphens, parentheses and square brackets.
    pub(super) fn document_name(&mut self, title: Option<&str>) -> String {
        let mut words = String::new();
        for c in title.unwrap_or_default().chars() {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']') {
                words.push(c);
            } else if !words.ends_with(' ') && !words.is_empty() {
                words.push(' ');
            }
        }
        words.truncate(MAX_NAME - "(10000)".len());
        let base = match words.trim() {
            "" => "Document",
            words => words,
        };
        let mut name = base.to_owned();
        let mut count = 1;
        while !self.names.insert(name.to_ascii_lowercase()) {
            count += 1;
            name = format!("{base} ({count})");
        }
        name
    }
}

// === impl Unmapped ===

impl Unmapped {
    pub(super) fn add(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.0.contains(&what) {
            self.0.push(what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_differ() {
        let mut report = Report::default();
        let long = "x".repeat(300);
        for (title, expected) in [
            (None, "Document".to_owned()),
            (
                Some("Miete_v1.2 -- Entwurf"),
                "Miete v1 2 -- Entwurf".to_owned(),
            ),
            (
                Some("mietE v1.2 -- entwurf"),
                "mietE v1 2 -- entwurf (2)".to_owned(),
            ),
            (Some("四半期"), "Document (2)".to_owned()),
            (Some(&long), "x".repeat(193)),
        ] {
            assert_eq!(report.document_name(title), expected);
        }
        let again = report.document_name(Some(&long));
        assert!(
            again.len() <= MAX_NAME && again.ends_with("x (2)"),
            "{again}"
        );
    }
}
