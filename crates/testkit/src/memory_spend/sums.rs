//! Sums over finished requests, as rollups have them.

use std::collections::BTreeMap;

use lockgate_core::entity::EntityKind;
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::{Activity, ActivityQuery, Dimension, StatusCount, StatusQuery, Totals};

const DAY: i64 = 86_400_000_000;

fn day(entry: &LedgerEntry) -> i32 {
    i32::try_from(entry.started_at.div_euclid(DAY)).unwrap_or(i32::MAX)
}

/// How many ended with a status.
pub(super) fn statuses(ledger: &[LedgerEntry], query: &StatusQuery) -> Vec<StatusCount> {
    let mut counts: BTreeMap<(i32, Option<String>), u64> = BTreeMap::new();
    let groups = |entry: &LedgerEntry| match &query.model_group {
        Some(group) => entry.model_group == *group,
        None => true,
    };
    for entry in ledger {
        let at = day(entry);
        let meant = entry.status == query.status && groups(entry);
        if meant && at >= query.from && at < query.until {
            *counts.entry((at, entry.deployment_id.clone())).or_default() += 1;
        }
    }
    let told = |((day, deployment_id), count)| StatusCount {
        day,
        deployment_id,
        count,
    };
    counts.into_iter().map(told).collect()
}

/// The sums that `query` asks for.
pub(super) fn activity(ledger: &[LedgerEntry], query: &ActivityQuery) -> Vec<Activity> {
    let mut sums: BTreeMap<Vec<(i32, String)>, Activity> = BTreeMap::new();
    for entry in ledger {
        let at = day(entry);
        let key = entry.key_id.clone().unwrap_or_default();
        let meant = at >= query.from
            && at < query.until
            && query.key_id.as_ref().is_none_or(|wanted| *wanted == key)
            && query
                .model_group
                .as_ref()
                .is_none_or(|group| *group == entry.model_group);
        if !meant {
            continue;
        }
        for id in concerned(entry, query.of) {
            if query.ids.as_ref().is_some_and(|ids| !ids.contains(&id)) {
                continue;
            }
            let mut row = Activity::default();
            let mut place = Vec::new();
            for dimension in &query.by {
                place.push(told(entry, *dimension, &id, &mut row));
            }
            add(&mut sums.entry(place).or_insert(row).totals, entry);
        }
    }
    sums.into_values().collect()
}

/// Of whom an entry counts.
fn concerned(entry: &LedgerEntry, kind: Option<EntityKind>) -> Vec<String> {
    let Some(kind) = kind else {
        return vec![String::new()];
    };
    let named = match kind {
        EntityKind::Key => &entry.key_id,
        EntityKind::User => &entry.user_id,
        EntityKind::Team => &entry.team_id,
        EntityKind::Organization => &entry.organization_id,
        EntityKind::Project => &entry.project_id,
        EntityKind::Customer => &entry.customer_id,
        EntityKind::Tag => return entry.tags.clone(),
        _ => &None,
    };
    let charged = entry.charges.iter().filter(|charge| charge.kind == kind);
    let mut ids: Vec<String> = charged.map(|charge| charge.id.clone()).collect();
    ids.extend(named.clone());
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Fills in what `dimension` is; says it for sorting, too.
fn told(entry: &LedgerEntry, dimension: Dimension, id: &str, row: &mut Activity) -> (i32, String) {
    let at = day(entry);
    let text = |slot: &mut Option<String>, text: Option<&str>| {
        let text = text.unwrap_or_default().to_owned();
        *slot = Some(text.clone());
        (0, text)
    };
    match dimension {
        Dimension::Day => {
            row.day = Some(at);
            (at, String::new())
        }
        Dimension::Hour => {
            let hour = entry.started_at.div_euclid(DAY / 24);
            row.hour = i32::try_from(hour).ok();
            (row.hour.unwrap_or_default(), String::new())
        }
        Dimension::Entity => text(&mut row.entity_id, Some(id)),
        Dimension::Key => text(&mut row.key_id, entry.key_id.as_deref()),
        Dimension::ModelGroup => text(&mut row.model_group, Some(&entry.model_group)),
        Dimension::Model => text(&mut row.model, entry.model.as_deref()),
        Dimension::Provider => text(&mut row.provider, entry.provider.as_deref()),
        Dimension::Operation => text(&mut row.operation, Some(&entry.operation)),
    }
}

fn add(to: &mut Totals, entry: &LedgerEntry) {
    to.cost += entry.cost;
    to.requests += 1;
    to.failed += u64::from(entry.status >= 400);
    to.input += entry.tokens.input;
    to.output += entry.tokens.output;
    to.cache_read += entry.tokens.cache_read;
    to.cache_write += entry.tokens.cache_write;
    to.milliseconds += (entry.ended_at - entry.started_at).unsigned_abs() / 1_000;
}
