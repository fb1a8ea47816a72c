//! `lockgate reprice`: what past requests cost by today's prices.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::entity::EntityKind;
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{EntityQuery, EntityStore as _, Paging};
use lockgate_core::{Environment, Secret};
use lockgate_engine::auth::Keys;
use lockgate_engine::snapshot::Snapshot;
use lockgate_store::{ConnectOptions, NewCost, Store};

use crate::cli::{RepriceArgs, complain, say};
use crate::database::{block_on, locate, moment};
use crate::{configure, prices};

/// Entries that are looked at, and changed, at once.
const PAGE: u32 = 500;
/// Progress is shown each time so many were looked at.
const STEP: u64 = 50_000;
/// In microseconds.
const DAY: i64 = 86_400_000_000;
/// Who the audit log says it was.
const ACTOR: &str = "lockgate reprice";

/// What was found.
#[derive(Debug, Default)]
struct Report {
    /// Entries that were looked at.
    seen: u64,
    /// Of those, used tokens and have a price that nobody knows.
    unpriced: u64,
    /// Deployments of the database, whose prices are not in the configuration.
    stored: HashSet<String>,
    models: BTreeMap<String, Difference>,
}

/// What changes for one model.
#[derive(Debug, Default)]
struct Difference {
    entries: u64,
    old: Nanodollars,
    new: Nanodollars,
}

/// Looks at every request since `--since`; with `--apply`, changes those that cost otherwise now.
pub(crate) fn run(args: RepriceArgs, environment: &Environment) -> Result<ExitCode> {
    let since = moment("--since", &args.since)?;
    let until = match args.until.as_deref() {
        Some(text) if Date::from_str(text).is_ok() => moment("--until", text)? + DAY,
        Some(text) => moment("--until", text)?,
        None => Timestamp::now().as_microsecond(),
    };
    let file = args.database.config.clone().complete(environment).config;
    let configured = configure::read(file.as_ref(), environment)?;
    let keys = Keys::new(&Secret::new(""), None);
    let (snapshot, rejected) = Snapshot::build(configured.config, keys, None);
    for rejected in &rejected {
        complain(&rejected.message);
    }
    let apply = args.apply;
    let located = locate(args.database, environment)?;
    let report = block_on(async {
        let store = Store::connect(&located.primary, None, ConnectOptions::default())?;
        store.check_tables().await?;
        let outcome = reprice(&store, &snapshot, (since, until), apply).await;
        store.close().await;
        outcome
            .context("it ended early; what was changed stays, and another run goes on from there")
    })??;
    print(&report, apply);
    Ok(ExitCode::SUCCESS)
}

async fn reprice(
    store: &Store,
    snapshot: &Snapshot,
    (since, until): (i64, i64),
    apply: bool,
) -> Result<Report> {
    let mut report = Report {
        stored: stored(store).await?,
        ..Report::default()
    };
    let mut last: Option<LedgerEntry> = None;
    loop {
        let entries = store
            .priced_entries(since, until, last.as_ref(), PAGE)
            .await?;
        let is_last = entries.len() < PAGE as usize;
        let shown = report.seen / STEP;
        report.seen += entries.len() as u64;
        last = entries.last().cloned().or(last);
        let costs: Vec<NewCost> = entries
            .into_iter()
            .filter_map(|entry| report.look_at(snapshot, entry))
            .collect();
        if apply && !costs.is_empty() {
            let now = Timestamp::now().as_microsecond();
            let changed = store.reprice(&costs, ACTOR, now).await?;
            let changed = changed.iter().filter_map(|place| costs.get(*place));
            changed.for_each(|cost| report.add(cost));
        } else {
            costs.iter().for_each(|cost| report.add(cost));
        }
        if report.seen / STEP > shown {
            complain(&format!("{} requests looked at", report.seen));
        }
        if is_last {
            return Ok(report);
        }
    }
}

/// The deployments that are kept in the database.
async fn stored(store: &Store) -> Result<HashSet<String>> {
    let mut query = EntityQuery::new(EntityKind::Model);
    query.paging = Paging {
        offset: 0,
        size: u32::from(u16::MAX),
    };
    let found = store.entities(&query).await?.rows;
    Ok(found.into_iter().map(|model| model.id).collect())
}

// === impl Report ===

impl Report {
    /// What `entry` is to cost, if that is something else than what it does.
    fn look_at(&mut self, snapshot: &Snapshot, entry: LedgerEntry) -> Option<NewCost> {
        let by = entry.deployment_id.as_ref();
        let is_known = by.is_none_or(|id| !self.stored.contains(id));
        let priced = is_known
            .then(|| prices::of_entry(snapshot, &entry))
            .flatten();
        let Some((cost, source)) = priced else {
            self.unpriced += u64::from(entry.tokens.total() > 0);
            return None;
        };
        (cost != entry.cost).then_some(NewCost {
            entry,
            cost,
            source,
        })
    }

    fn add(&mut self, new: &NewCost) {
        let model = new.entry.model.as_deref().unwrap_or_default();
        let model = match &new.entry.provider {
            Some(provider) => format!("{provider}/{model}"),
            None => model.to_owned(),
        };
        let difference = self.models.entry(model).or_default();
        difference.entries += 1;
        difference.old += new.entry.cost;
        difference.new += new.cost;
    }
}

fn print(report: &Report, apply: bool) {
    let mut rows = vec![["model", "requests", "old", "new", "difference"].map(str::to_owned)];
    let mut sum = Difference::default();
    for (model, difference) in &report.models {
        rows.push(row(model, difference));
        sum.entries += difference.entries;
        sum.old += difference.old;
        sum.new += difference.new;
    }
    if !report.models.is_empty() {
        rows.push(row("all", &sum));
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3, 4].map(width);
        for [model, entries, old, new, difference] in &rows {
            let [a, b, c, d, e] = widths;
            say(&format!(
                "{model:a$}  {entries:>b$}  {old:>c$}  {new:>d$}  {difference:>e$}"
            ));
        }
    }
    let (seen, entries, unpriced) = (report.seen, sum.entries, report.unpriced);
    let done = match (entries, apply) {
        (0, _) => "nothing changes",
        (_, true) => "changed",
        (_, false) => "would change; --apply writes it",
    };
    say(&format!(
        "{seen} requests looked at, {unpriced} without a price, {entries} of another cost: {done}"
    ));
}

/// Amounts in dollars.
fn row(model: &str, difference: &Difference) -> [String; 5] {
    let more = difference.new - difference.old;
    let sign = if more.is_positive() { "+" } else { "" };
    [
        model.to_owned(),
        difference.entries.to_string(),
        difference.old.to_string(),
        difference.new.to_string(),
        format!("{sign}{more}"),
    ]
}
