//! What a batch of entries adds to spend and to the rollups.

use std::borrow::Cow;
use std::collections::BTreeMap;

use lockgate_core::entity::EntityKind;
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::Totals;

use super::{ALL, DAY, kind_name, plausible};
use crate::text::indexed;

/// Sums of a batch. The maps are sorted, so that all replicas touch rows in one order and none
/// waits for another in a circle.
#[derive(Debug, Default)]
pub(super) struct Sums<'a> {
    pub spend: BTreeMap<SpendKey<'a>, i64>,
    pub totals: BTreeMap<TotalKey<'a>, Totals>,
    pub days: BTreeMap<DayKey<'a>, Totals>,
    pub hours: BTreeMap<HourKey<'a>, Totals>,
}

type Name<'a> = Cow<'a, str>;
/// Kind, id, and name and start of the window.
pub(super) type SpendKey<'a> = (&'static str, Name<'a>, Name<'a>, i64);
/// Kind, day, id.
pub(super) type TotalKey<'a> = (&'static str, i64, Name<'a>);
/// Kind, day, id, key, and what was asked for.
pub(super) type DayKey<'a> = (&'static str, i64, Name<'a>, Name<'a>, Asked<'a>);
/// Hour, and what was asked for.
pub(super) type HourKey<'a> = (i64, Asked<'a>);
/// Model group, model, provider, operation.
pub(super) type Asked<'a> = [Name<'a>; 4];

const HOUR: i64 = DAY / 24;

// === impl Sums ===

impl<'a> Sums<'a> {
    /// The sums of `entries`.
    pub(super) fn of(entries: impl Iterator<Item = &'a LedgerEntry>) -> Self {
        let mut sums = Self::default();
        for entry in entries {
            sums.add(entry);
        }
        sums
    }

    /// What it changes that `entries` cost so much more than they did.
    pub(super) fn of_differences(
        entries: impl Iterator<Item = (&'a LedgerEntry, Nanodollars)>,
    ) -> Self {
        let mut sums = Self::default();
        for (entry, more) in entries {
            let totals = Totals {
                cost: more,
                ..Totals::default()
            };
            sums.add_totals(entry, &totals);
        }
        sums
    }

    fn add(&mut self, entry: &'a LedgerEntry) {
        self.add_totals(entry, &totals(entry));
    }

    /// Adds `totals` wherever `entry` counts.
    fn add_totals(&mut self, entry: &'a LedgerEntry, totals: &Totals) {
        for charge in &entry.charges {
            let all_time = std::iter::once(("", 0));
            let windows = charge
                .windows
                .iter()
                .map(|window| (window.name.as_str(), window.start));
            for (name, start) in all_time.chain(windows) {
                let id = indexed(&charge.id);
                let key = (charge.kind.as_str(), id, indexed(name), start);
                let amount = self.spend.entry(key).or_default();
                *amount = amount.saturating_add(totals.cost.get());
            }
        }
        let name = |text: &'a Option<String>| indexed(text.as_deref().unwrap_or_default());
        let asked = [
            indexed(&entry.model_group),
            name(&entry.model),
            name(&entry.provider),
            indexed(&entry.operation),
        ];
        let at = plausible(entry.started_at);
        let day = at.div_euclid(DAY);
        let key = name(&entry.key_id);
        let hour = at.div_euclid(HOUR);
        add(self.hours.entry((hour, asked.clone())).or_default(), totals);
        for (kind, id) in concerned(entry) {
            // Where the entity says the key, or all of them, it is not said again.
            let key = match kind {
                None | Some(EntityKind::Key) => Cow::Borrowed(""),
                Some(_) => key.clone(),
            };
            let total = (kind_name(kind), day, id.clone());
            add(self.totals.entry(total).or_default(), totals);
            let row = (kind_name(kind), day, id, key, asked.clone());
            add(self.days.entry(row).or_default(), totals);
        }
    }
}

/// Who an entry is about, each once: all, the key (also when there is none), those it names, and
/// those it was charged to.
fn concerned(entry: &LedgerEntry) -> Vec<(Option<EntityKind>, Name<'_>)> {
    let named = [
        (EntityKind::User, &entry.user_id),
        (EntityKind::Team, &entry.team_id),
        (EntityKind::Organization, &entry.organization_id),
        (EntityKind::Project, &entry.project_id),
        (EntityKind::Customer, &entry.customer_id),
    ];
    let named = named
        .into_iter()
        .filter_map(|(kind, id)| Some((Some(kind), indexed(id.as_ref()?))));
    let tags = entry
        .tags
        .iter()
        .map(|tag| (Some(EntityKind::Tag), indexed(tag)));
    let charged = entry
        .charges
        .iter()
        .filter(|charge| charge.kind != EntityKind::Key);
    let charged = charged.map(|charge| (Some(charge.kind), indexed(&charge.id)));
    let key = entry.key_id.as_deref().unwrap_or_default();
    let mut all = vec![
        (None, Cow::Borrowed(ALL)),
        (Some(EntityKind::Key), indexed(key)),
    ];
    for one in named.chain(tags).chain(charged) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// What one entry adds.
fn totals(entry: &LedgerEntry) -> Totals {
    let took = entry.ended_at.saturating_sub(entry.started_at).max(0);
    Totals {
        cost: entry.cost,
        requests: 1,
        failed: u64::from(entry.status >= 400),
        input: entry.tokens.input,
        output: entry.tokens.output,
        cache_read: entry.tokens.cache_read,
        cache_write: entry.tokens.cache_write,
        milliseconds: took.unsigned_abs() / 1_000,
    }
}

fn add(to: &mut Totals, what: &Totals) {
    to.cost += what.cost;
    to.requests += what.requests;
    to.failed += what.failed;
    to.input = to.input.saturating_add(what.input);
    to.output = to.output.saturating_add(what.output);
    to.cache_read = to.cache_read.saturating_add(what.cache_read);
    to.cache_write = to.cache_write.saturating_add(what.cache_write);
    to.milliseconds = to.milliseconds.saturating_add(what.milliseconds);
}
