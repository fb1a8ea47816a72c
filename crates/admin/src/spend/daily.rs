//! `/{user,team,tag,organization,customer}/daily/activity`: sums of each day, told apart by model,
//! provider, endpoint, key and whom they were for; in pages of days, or `/aggregated` as a whole.

mod breakdown;
mod whose;

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::entity::EntityKind;
use lockgate_core::ports::{Activity, ActivityQuery, Dimension, Totals};
use serde_json::{Map, Value, json};

use self::breakdown::Day;
use self::whose::Whose;
use super::days::{Days, date};
use super::key_names::KeyNames;
use super::{cents, entry_row, sums};
use crate::ask::{Answer, Ask};
use crate::keys::id_of;
use crate::refusal::Refusal;

const BY: [Dimension; 6] = [
    Dimension::Day,
    Dimension::Key,
    Dimension::ModelGroup,
    Dimension::Model,
    Dimension::Provider,
    Dimension::Operation,
];

/// What is told of a page.
struct Page {
    number: u32,
    total: u64,
    more: bool,
}

/// A page of days, the latest first.
pub(super) async fn pages(ask: &Ask<'_>) -> Answer {
    let page = ask.query.number("page", 1, 1, u32::MAX)?;
    let usual = if whose::kind(ask) == EntityKind::User {
        50
    } else {
        10
    };
    let size = ask.query.number("page_size", usual, 1, 1_000)?;
    let days = Days::bounded(ask)?;
    let whose = Whose::asked(ask).await?;
    let mut query = whose.query(days, &[Dimension::Day]);
    query.key_id = ask.query.get("api_key").map(id_of);
    let known: BTreeSet<i32> = sums(ask, &query)
        .await?
        .iter()
        .filter_map(|row| row.day)
        .collect();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let before = size.saturating_mul(usize::try_from(page - 1).unwrap_or(usize::MAX));
    let shown: Vec<i32> = known
        .iter()
        .rev()
        .skip(before)
        .take(size)
        .copied()
        .collect();
    let told = Page {
        number: page,
        total: known.len().div_ceil(size) as u64,
        more: known.len() > before.saturating_add(size),
    };
    let (Some(&last), Some(&first)) = (shown.first(), shown.last()) else {
        return told_of(ask, Vec::new(), &whose, &told).await;
    };
    let days = Days {
        from: first,
        until: last.saturating_add(1),
    };
    told_of(ask, rows(ask, &whose, days).await?, &whose, &told).await
}

/// All days at once.
pub(super) async fn whole(ask: &Ask<'_>) -> Answer {
    let days = Days::bounded(ask)?;
    let whose = Whose::asked(ask).await?;
    let rows = rows(ask, &whose, days).await?;
    let page = Page {
        number: 1,
        total: 1,
        more: false,
    };
    told_of(ask, rows, &whose, &page).await
}

/// The sums that were asked for and may be seen.
async fn rows(ask: &Ask<'_>, whose: &Whose, days: Days) -> Result<Vec<Activity>, Refusal> {
    let mut by = BY.to_vec();
    if whose.of.is_some() {
        by.push(Dimension::Entity);
    }
    let query = ActivityQuery {
        key_id: ask.query.get("api_key").map(id_of),
        ..whose.query(days, &by)
    };
    let mut rows = sums(ask, &query).await?;
    let model = ask.query.get("model");
    rows.retain(|row| {
        let meant =
            model.is_none() || row.model.as_deref() == model || row.model_group.as_deref() == model;
        meant && whose.shows(row)
    });
    Ok(rows)
}

async fn told_of(ask: &Ask<'_>, rows: Vec<Activity>, whose: &Whose, page: &Page) -> Answer {
    let keys = KeyNames::of(ask, rows.iter().filter_map(|row| row.key_id.as_deref())).await?;
    if ask.wants_csv() {
        return Ok(flat(&rows, whose, &keys));
    }
    let mut days: BTreeMap<Option<i32>, Day> = BTreeMap::new();
    let mut sum = Totals::default();
    for row in &rows {
        days.entry(row.day).or_default().add(row);
        cents::add(&mut sum, &row.totals);
    }
    if let Some(kind) = whose.entities_apart() {
        add_entities(ask, kind, &rows, &mut days).await?;
    }
    let names = whose.names(ask, &days).await?;
    let results: Vec<Value> = days
        .into_iter()
        .rev()
        .map(|(day, sums)| sums.shown(&date(day).to_string(), &keys, &names))
        .collect();
    Ok(json!({"results": results, "metadata": metadata(&sum, page)}))
}

/// The entities of requests whose sums were not asked by entity, as some are for none.
async fn add_entities(
    ask: &Ask<'_>,
    kind: EntityKind,
    rows: &[Activity],
    days: &mut BTreeMap<Option<i32>, Day>,
) -> Result<(), Refusal> {
    let seen = rows.iter().filter_map(|row| row.day);
    let (Some(first), Some(last)) = (seen.clone().min(), seen.max()) else {
        return Ok(());
    };
    let range = Days {
        from: first,
        until: last.saturating_add(1),
    };
    let mut query = range.query(
        Some(kind),
        &[Dimension::Day, Dimension::Entity, Dimension::Key],
    );
    query.key_id = ask.query.get("api_key").map(id_of);
    if ask.query.get("model").is_some() {
        // Only rows that name the model could be told.
        return Ok(());
    }
    for row in sums(ask, &query).await? {
        if let Some(day) = days.get_mut(&row.day) {
            day.add_entity(&row);
        }
    }
    Ok(())
}

/// LiteLLM's `DailySpendMetadata`.
fn metadata(sum: &Totals, page: &Page) -> Value {
    let mut told: Map<String, Value> = cents::metrics(sum)
        .into_iter()
        .map(|(name, value)| match name.strip_prefix("total_") {
            Some(_) => (name, value),
            None => (format!("total_{name}"), value),
        })
        .collect();
    told.insert("page".to_owned(), page.number.into());
    told.insert("total_pages".to_owned(), page.total.into());
    told.insert("has_more".to_owned(), page.more.into());
    told.into()
}

/// One row for each sum, for CSV.
fn flat(rows: &[Activity], whose: &Whose, keys: &KeyNames) -> Value {
    let shown = rows.iter().map(|row| {
        let key = row.key_id.as_deref().unwrap_or_default();
        let mut told = Map::new();
        let mut put = |name: &str, value: Value| told.insert(name.to_owned(), value);
        put("date", date(row.day).to_string().into());
        if whose.of.is_some() {
            put(whose::member(whose.kind), row.entity_id.clone().into());
        }
        put("api_key", key.into());
        put("key_alias", keys.alias(key).into());
        put("model_group", row.model_group.clone().into());
        put("model", row.model.clone().into());
        put("custom_llm_provider", row.provider.clone().into());
        put(
            "endpoint",
            row.operation.as_deref().map(entry_row::endpoint).into(),
        );
        told.extend(cents::metrics(&row.totals));
        Value::Object(told)
    });
    shown.collect()
}
