//! The table for people and the file for machines.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::json;

use super::{
    cores,
    figure::{Figure, Goal},
    plan::Plan,
};

/// A finished run.
#[derive(Debug)]
pub(super) struct Report<'a> {
    plan: &'a Plan,
    taken: Timestamp,
    figures: Vec<Figure>,
}

// === impl Report ===

impl<'a> Report<'a> {
    pub(super) fn new(plan: &'a Plan, figures: Vec<Figure>) -> Self {
        Self {
            plan,
            taken: Timestamp::now(),
            figures,
        }
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = format!(
            "Lockgate, plain mode, {} run of {}, {} cores, {}, Linux {}. Medians; CPU and memory are the proxy's own.\n\n\
             | figure | floor | gateway | ratio | goal | verdict |\n|---|--:|--:|--:|--:|---|\n",
            self.plan.name,
            self.date(),
            cores(),
            processor(),
            kernel(),
        );
        for figure in &self.figures {
            let goal = match figure.goal {
                Goal::None => String::new(),
                Goal::Ratio(goal) => format!("<= {goal} x"),
                Goal::AtMost(goal) => format!("<= {goal} {}", figure.unit),
            };
            let value = |value: Option<f64>| {
                value.map_or_else(|| "-".to_owned(), |value| number(value, figure.unit))
            };
            let ratio = figure
                .ratio()
                .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2} x"));
            text += &format!(
                "| {} | {} | {} | {ratio} | {goal} | {} |\n",
                figure.name,
                value(figure.floor()),
                value(figure.gateway()),
                figure.verdict().replace('|', "/").replace('\n', " "),
            );
        }
        for note in &self.plan.notes {
            text += &format!("\n{note}.");
        }
        text
    }

    /// Writes `<date>.json`, next to a file of the same day under the next free number.
    pub(super) fn save(&self, folder: &Path) -> io::Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let date = self.date();
        let mut path = folder.join(format!("{date}.json"));
        let mut number = 2;
        while path.exists() {
            path = folder.join(format!("{date}-{number}.json"));
            number += 1;
        }
        let file = json!({
            "taken": self.taken.to_string(),
            "mode": "plain",
            "run": self.plan.name,
            "version": env!("CARGO_PKG_VERSION"),
            "machine": { "cores": cores(), "processor": processor(), "kernel": kernel() },
            "notes": self.plan.notes,
            "figures": self.figures.iter().map(Figure::to_json).collect::<Vec<_>>(),
        });
        fs::write(&path, format!("{file:#}\n"))?;
        Ok(path)
    }

    fn date(&self) -> String {
        self.taken.strftime("%Y-%m-%d").to_string()
    }
}

/// A value as a cell, with no more digits than mean something.
fn number(value: f64, unit: &str) -> String {
    let digits = if value.abs() >= 100.0 { 0 } else { 1 };
    format!("{value:.digits$} {unit}")
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(
        || "unknown processor".to_owned(),
        |(_, name)| name.to_owned(),
    )
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let numbers = release.trim().split('-').next().unwrap_or_default();
    numbers.to_owned()
}
