//! A report as text, for people who are tired.

use std::fmt;

use super::{Counts, NotCopied, Problem, Report};

const INDENT: &str = "  ";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "LiteLLM's database {}", self.source)?;
        if let Some(migration) = &self.migration {
            writeln!(f, "{INDENT}last migration {migration}")?;
        }
        self.write_counts(f)?;
        self.write_spend(f)?;
        self.write_left_out(f)?;
        self.write_problems(f)?;
        let end = if self.applied {
            "Done. Run it again whenever you like: what is here already is not copied twice."
        } else {
            "Nothing was written. To copy, run it again with --apply."
        };
        write!(f, "\n{end}")
    }
}

// === impl Report ===

impl Report {
    fn write_counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.applied {
            "Copied"
        } else {
            "To be copied"
        };
        writeln!(f, "\n{verb}:")?;
        let heads = [
            "",
            "rows",
            "new",
            "changed",
            "unchanged",
            "kept",
            "left out",
            "failed",
        ];
        let mut lines = vec![heads.map(str::to_owned)];
        lines.extend(self.tables.iter().map(Counts::cells));
        let widths: [usize; 8] = std::array::from_fn(|column| {
            lines
                .iter()
                .map(|line| line[column].len())
                .max()
                .unwrap_or(0)
        });
        for line in lines {
            let [what, figures @ ..] = &line;
            write!(f, "{INDENT}{what:<width$}", width = widths[0])?;
            for (figure, width) in figures.iter().zip(&widths[1..]) {
                write!(f, "  {figure:>width$}")?;
            }
            writeln!(f)?;
        }
        if self.tables.iter().any(|counts| counts.kept > 0) {
            writeln!(
                f,
                "{INDENT}kept: changed here since the last import; --overwrite takes LiteLLM's"
            )?;
        }
        Ok(())
    }

    fn write_spend(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spend = &self.spend;
        writeln!(
            f,
            "\nSpend: {} {}, {} unchanged, {} higher here and left so; {} of them of open budget windows",
            counted(spend.set, "amount"),
            if self.applied { "set" } else { "to set" },
            grouped(spend.unchanged),
            grouped(spend.kept),
            grouped(spend.windows),
        )?;
        let Some(logs) = &self.logs else {
            return Ok(());
        };
        write!(f, "Spend logs: {}", counted(logs.rows, "row"))?;
        if self.applied {
            write!(
                f,
                ", {} new, {} unchanged",
                grouped(logs.new),
                grouped(logs.unchanged)
            )?;
        }
        writeln!(f, ", {} failed", grouped(logs.failed))
    }

    fn write_left_out(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.left_out.is_empty() {
            writeln!(f, "\nLeft out on purpose:")?;
            for (why, rows) in &self.left_out {
                writeln!(f, "{INDENT}{why}: {}", grouped(*rows))?;
            }
        }
        if !self.not_copied.is_empty() {
            writeln!(f, "\nNot copied:")?;
            let width = self
                .not_copied
                .iter()
                .map(|one| one.table.len())
                .max()
                .unwrap_or(0);
            for NotCopied { table, rows, why } in &self.not_copied {
                let rows = if *rows >= u64::from(NotCopied::MOST) {
                    format!("more than {} rows", grouped(rows - 1))
                } else {
                    counted(*rows, "row")
                };
                writeln!(f, "{INDENT}{table:<width$}  {rows}: {why}")?;
            }
        }
        if !self.notes.is_empty() {
            writeln!(f, "\nNotes:")?;
            for note in &self.notes {
                writeln!(f, "{INDENT}{note}")?;
            }
        }
        Ok(())
    }

    fn write_problems(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problems.is_empty() {
            return writeln!(f, "\nNo problems.");
        }
        let all = self.problems.len() as u64 + self.more_problems;
        writeln!(f, "\n{}:", counted(all, "problem"))?;
        for Problem {
            table,
            id,
            copied,
            message,
        } in &self.problems
        {
            let copied = match (copied, self.applied) {
                (true, true) => "copied, but ",
                (true, false) => "would be copied, but ",
                (false, _) => "not copied: ",
            };
            // Ids are what clients chose; a terminal must not obey them.
            writeln!(
                f,
                "{INDENT}{table} {}: {copied}{message}",
                id.escape_debug()
            )?;
        }
        if self.more_problems > 0 {
            writeln!(f, "{INDENT}... and {} more", grouped(self.more_problems))?;
        }
        Ok(())
    }
}

// === impl Counts ===

impl Counts {
    fn cells(&self) -> [String; 8] {
        let figures = [
            self.rows,
            self.new,
            self.changed,
            self.unchanged,
            self.kept,
            self.left_out,
            self.failed,
        ];
        let mut cells = [const { String::new() }; 8];
        self.what.clone_into(&mut cells[0]);
        for (cell, figure) in cells[1..].iter_mut().zip(figures) {
            *cell = grouped(figure);
        }
        cells
    }
}

/// `12,034`.
fn grouped(figure: u64) -> String {
    let digits = figure.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count))
}
