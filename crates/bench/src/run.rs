//! The whole measurement: mock, floor and gateway as processes, one figure after the other.

mod cost;
mod figure;
mod flat;
mod governed;
mod latency;
mod memory;
mod plan;
mod report;
mod requests;
mod stack;
mod streams;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    thread,
    time::Instant,
};

use anyhow::{Result, ensure};
use clap::Args;

use self::{figure::Figure, plan::Plan, requests::Mode, stack::Stack};
use crate::process::raise_open_files;

pub(crate) use self::requests::chat_body;

/// What to measure and where to write it.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The gateway to measure.
    #[arg(long, default_value = "target/release/lockgate")]
    gateway: PathBuf,
    /// Short windows: under two minutes instead of about ten.
    #[arg(long)]
    quick: bool,
    /// Measure the floor alone.
    #[arg(long, conflicts_with = "save")]
    floor_only: bool,
    /// Write the JSON file after a quick run too.
    #[arg(long)]
    save: bool,
    /// Only these groups: start, memory, files, bodies, cost, governed, latency, ladder, streams, idle.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where the JSON file goes.
    #[arg(long, default_value = "bench/results")]
    results: PathBuf,
}

/// Groups of figures in the order in which they are measured: what must see a fresh process comes first.
const GROUPS: [(&str, Measure); 10] = [
    ("start", memory::start),
    ("memory", memory::resident_sets),
    ("files", flat::files),
    ("bodies", flat::large_bodies),
    ("cost", cost::per_request),
    ("governed", governed::figures),
    ("latency", latency::added),
    ("ladder", latency::ladder),
    ("streams", streams::relayed),
    ("idle", streams::idle),
];

type Measure = fn(&Stack, &Plan) -> Result<Vec<Figure>>;

/// Number of cores this process may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

pub(crate) fn run(args: &RunArgs) -> Result<ExitCode> {
    for name in &args.only {
        ensure!(
            GROUPS.iter().any(|(group, _)| group == name),
            "there is no group `{name}`"
        );
    }
    let gateway = (!args.floor_only).then_some(args.gateway.as_path());
    if let Some(path) = gateway {
        ensure!(
            path.is_file(),
            "no gateway at {}: build it with `make release`",
            path.display()
        );
    }
    let plan = if args.quick {
        Plan::quick()
    } else {
        Plan::full()
    }
    .within(raise_open_files());
    let began = Instant::now();
    let mut figures = Vec::new();
    let stack = Stack::start(gateway, Mode::Plain)?;
    for (name, measure) in GROUPS {
        if args.only.is_empty() || args.only.iter().any(|only| only == name) {
            note(&format!("{name} ..."))?;
            figures.extend(measure(&stack, &plan)?);
        }
    }
    note(&format!("took {:.0} s", began.elapsed().as_secs_f64()))?;
    let report = report::Report::new(&plan, figures);
    writeln!(io::stdout().lock(), "{}", report.markdown())?;
    if args.save || !(args.quick || args.floor_only) {
        note(&format!(
            "written to {}",
            report.save(&args.results)?.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Progress goes to standard error, so that standard output is the table alone.
fn note(text: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{text}")
}
