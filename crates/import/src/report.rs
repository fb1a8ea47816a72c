//! What an import did, or would do, and what it could not.

mod text;

use std::collections::BTreeMap;

use serde::Serialize;

/// The outcome of an import.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Database, host and port of the source.
    pub source: String,
    /// The last of LiteLLM's migrations, if its database was made with them.
    pub migration: Option<String>,
    /// Whether anything was written.
    pub applied: bool,
    /// What became of the rows, by table.
    pub tables: Vec<Counts>,
    /// What became of the totals of spend.
    pub spend: SpendCounts,
    /// What became of the spend logs, if they were asked for.
    pub logs: Option<LogCounts>,
    /// Rows that were left out on purpose, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Tables that were not copied though they have rows.
    pub not_copied: Vec<NotCopied>,
    /// What an operator should know about the whole.
    pub notes: Vec<String>,
    /// Rows that could not be copied, or not wholly.
    pub problems: Vec<Problem>,
    /// Problems beyond the first thousand, which are not listed.
    pub more_problems: u64,
}

/// What became of the rows of a table. In a dry run: what would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// What the rows are.
    pub what: &'static str,
    /// The table.
    pub table: &'static str,
    /// Rows that were read.
    pub rows: u64,
    /// Written for the first time.
    pub new: u64,
    /// Written again, because LiteLLM's row changed since the last import.
    pub changed: u64,
    /// There already, as they should be.
    pub unchanged: u64,
    /// Left as they are, because they were changed here since the last import.
    pub kept: u64,
    /// Left out on purpose; see [`Report::left_out`].
    pub left_out: u64,
    /// Not copied; see [`Report::problems`].
    pub failed: u64,
}

/// What became of the totals of spend. In a dry run: what would.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SpendCounts {
    /// Set, or raised to LiteLLM's.
    pub set: u64,
    /// The same here already.
    pub unchanged: u64,
    /// Higher here, and left so.
    pub kept: u64,
    /// Open budget windows among those.
    pub windows: u64,
}

/// What became of the spend logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LogCounts {
    /// Rows since the date that was asked for.
    pub rows: u64,
    /// New in the ledger; 0 in a dry run.
    pub new: u64,
    /// There already; 0 in a dry run.
    pub unchanged: u64,
    /// Not copied; see [`Report::problems`].
    pub failed: u64,
}

/// A table that was not copied though it has rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotCopied {
    /// The table.
    pub table: String,
    /// How many rows it has, counted up to [`NotCopied::MOST`].
    pub rows: u64,
    /// Why.
    pub why: &'static str,
}

/// A row that could not be copied, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The table.
    pub table: String,
    /// The row's id; its parts are separated by ` / `.
    pub id: String,
    /// Whether the row was copied, but for what the message says.
    pub copied: bool,
    /// What is wrong.
    pub message: String,
}

/// Problems beyond these are only counted: a customer table may have millions of them.
const MOST_PROBLEMS: usize = 1000;

// === impl NotCopied ===

impl NotCopied {
    /// Rows are not counted any further.
    pub const MOST: u32 = 100_001;
}

// === impl Report ===

impl Report {
    /// Whether everything could be copied.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn add(&mut self, table: &str, id: &[String], copied: bool, message: String) {
        if self.problems.len() == MOST_PROBLEMS {
            self.more_problems += 1;
            return;
        }
        self.problems.push(Problem {
            table: table.to_owned(),
            id: id.join(" / "),
            copied,
            message,
        });
    }
}
