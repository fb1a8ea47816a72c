//! `/global/spend...`: what all requests together cost, by day, key, team, customer, model, provider
//! or tag.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{Activity, Dimension, Totals};
use serde_json::{Map, Value, json};

use super::days::{DAY, Days, date};
use super::key_names::KeyNames;
use super::{cents, sums, tables};
use crate::ask::{Answer, Ask, text};
use crate::fields::{Field, Type, field};
use crate::keys::id_of;
use crate::refusal::Refusal;
use crate::table::AdminRoute as Route;

/// Rows of a list that says no limit.
const MANY: u32 = 10_000;
/// Of teams and customers only the first are shown, as with LiteLLM.
const TEAMS: usize = 10;
const CUSTOMERS: usize = 100;
/// What has no team.
const UNASSIGNED: &str = "Unassigned";

pub(super) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        Route::GlobalSpend => total(ask).await,
        Route::GlobalSpendLogs => by_day(ask).await,
        Route::GlobalSpendKeys => by_key(ask).await,
        Route::GlobalSpendTeams => by_team(ask).await,
        Route::GlobalSpendCustomers => by_customer(ask).await,
        Route::GlobalCustomers => customers(ask).await,
        Route::GlobalSpendModels => by_model(ask).await,
        Route::GlobalSpendProvider => by_provider(ask).await,
        Route::GlobalSpendTags => by_tag(ask).await,
        Route::GlobalTagNames => tag_names(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

/// What the rows say that `name` names, added up by it.
fn by_name(
    rows: Vec<Activity>,
    name: fn(&Activity) -> Option<&String>,
) -> BTreeMap<String, Totals> {
    let mut found: BTreeMap<String, Totals> = BTreeMap::new();
    for row in rows {
        let name = name(&row).cloned().unwrap_or_default();
        cents::add(found.entry(name).or_default(), &row.totals);
    }
    found
}

async fn total(ask: &Ask<'_>) -> Answer {
    let rows = sums(ask, &Days::or_usual(ask)?.query(None, &[])).await?;
    let spend: Nanodollars = rows.iter().map(|row| row.totals.cost).sum();
    let budget = ask.admin.settings.max_budget.unwrap_or_default();
    Ok(json!({"spend": spend, "max_budget": budget}))
}

async fn by_day(ask: &Ask<'_>) -> Answer {
    let mut query = Days::or_usual(ask)?.query(None, &[Dimension::Day]);
    query.key_id = ask.query.get("api_key").map(id_of);
    let key = query.key_id.clone();
    let rows = sums(ask, &query).await?.into_iter().map(|row| {
        let mut shown = json!({"date": date(row.day).to_string(), "spend": row.totals.cost});
        if let Some(key) = &key {
            shown["api_key"] = key.as_str().into();
        }
        shown
    });
    Ok(rows.collect())
}

fn limit(ask: &Ask<'_>, usual: u32) -> Result<usize, Refusal> {
    let limit = ask.query.number("limit", usual, 1, MANY)?;
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

async fn by_key(ask: &Ask<'_>) -> Answer {
    let limit = limit(ask, MANY)?;
    let rows = sums(ask, &Days::or_usual(ask)?.query(None, &[Dimension::Key])).await?;
    let mut found = cents::dearest(by_name(rows, |row| row.key_id.as_ref()));
    found.truncate(limit);
    let names = KeyNames::of(ask, found.iter().map(|(id, _)| id.as_str())).await?;
    let rows = found.iter().map(|(id, totals)| {
        json!({
            "api_key": id,
            "key_alias": names.alias(id),
            "key_name": names.shown(id),
            "total_spend": totals.cost,
        })
    });
    Ok(rows.collect())
}

/// What a team is called.
pub(super) fn team_name(team: &Entity) -> &str {
    text(&team.settings, "team_alias")
        .filter(|alias| !alias.is_empty())
        .unwrap_or(&team.id)
}

/// The names of the entities in these rows.
pub(super) async fn names(
    ask: &Ask<'_>,
    kind: EntityKind,
    rows: &[Activity],
) -> Result<BTreeMap<String, String>, Refusal> {
    let ids: BTreeSet<&String> = rows
        .iter()
        .filter_map(|row| row.entity_id.as_ref())
        .collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let name = |entity: &Entity| match kind {
        EntityKind::Team => team_name(entity).to_owned(),
        EntityKind::Organization => text(&entity.settings, "organization_alias")
            .unwrap_or(&entity.id)
            .to_owned(),
        _ => entity
            .unique_name
            .clone()
            .unwrap_or_else(|| entity.id.clone()),
    };
    let found = ask.those(kind, &ids).await?;
    Ok(found
        .iter()
        .map(|entity| (entity.id.clone(), name(entity)))
        .collect())
}

async fn by_team(ask: &Ask<'_>) -> Answer {
    let days = Days::or_usual(ask)?;
    let by = [Dimension::Day, Dimension::Entity];
    let rows = sums(ask, &days.query(Some(EntityKind::Team), &by)).await?;
    let all = sums(ask, &days.query(None, &[Dimension::Day])).await?;
    let names = names(ask, EntityKind::Team, &rows).await?;
    let mut daily: BTreeMap<Option<i32>, BTreeMap<String, Nanodollars>> = BTreeMap::new();
    let mut teams: BTreeMap<String, Totals> = BTreeMap::new();
    let mut rest: BTreeMap<Option<i32>, Totals> =
        all.into_iter().map(|row| (row.day, row.totals)).collect();
    for row in rows {
        let id = row.entity_id.unwrap_or_default();
        let name = names.get(&id).unwrap_or(&id);
        let day = daily.entry(row.day).or_default();
        *day.entry(name.clone()).or_default() += row.totals.cost;
        cents::add(teams.entry(name.clone()).or_default(), &row.totals);
        cents::take(rest.entry(row.day).or_default(), &row.totals);
    }
    for (day, totals) in rest.into_iter().filter(|(_, totals)| totals.requests > 0) {
        let spent = daily.entry(day).or_default();
        *spent.entry(UNASSIGNED.to_owned()).or_default() += totals.cost;
        cents::add(teams.entry(UNASSIGNED.to_owned()).or_default(), &totals);
    }
    let daily: Vec<Value> = daily
        .into_iter()
        .map(|(day, teams)| {
            let mut row = Map::from_iter([("date".to_owned(), date(day).to_string().into())]);
            row.extend(teams.into_iter().map(|(team, cost)| (team, json!(cost))));
            row.into()
        })
        .collect();
    let all: Vec<String> = teams.keys().cloned().collect();
    let mut dearest = cents::dearest(teams);
    dearest.truncate(TEAMS);
    let totals: Vec<Value> = dearest
        .iter()
        .map(|(team, totals)| json!({"team_id": team, "total_spend": totals.cost}))
        .collect();
    Ok(json!({"daily_spend": daily, "teams": all, "total_spend_per_team": totals}))
}

const WINDOW: &[Field] = &[
    field("api_key", Type::Text),
    field("startTime", Type::Moment),
    field("endTime", Type::Moment),
];

/// The customers that spent most. Days count as a whole.
async fn by_customer(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[WINDOW], &[])?;
    let mut days = Days::or_usual(ask)?;
    let moment = |name: &str| {
        let at = crate::time::moment(sent.text(name)?)?;
        Some((at.div_euclid(DAY), at.rem_euclid(DAY) > 0))
    };
    if let Some((day, _)) = moment("startTime") {
        days.from = i32::try_from(day).unwrap_or_default();
    }
    if let Some((day, begun)) = moment("endTime") {
        days.until = i32::try_from(day + i64::from(begun)).unwrap_or_default();
    }
    let mut query = days.query(Some(EntityKind::Customer), &[Dimension::Entity]);
    query.key_id = sent.text("api_key").map(id_of);
    let rows = sums(ask, &query).await?;
    let mut found = cents::dearest(by_name(rows, |row| row.entity_id.as_ref()));
    found.truncate(CUSTOMERS);
    let rows = found.iter().map(|(customer, totals)| {
        json!({
            "end_user": customer,
            "total_count": totals.requests,
            "total_spend": totals.cost,
        })
    });
    Ok(rows.collect())
}

async fn customers(ask: &Ask<'_>) -> Answer {
    let query = Days::all(ask).query(Some(EntityKind::Customer), &[Dimension::Entity]);
    let rows = sums(ask, &query).await?;
    let names: Vec<String> = rows.into_iter().filter_map(|row| row.entity_id).collect();
    Ok(json!({"end_users": names}))
}

async fn by_model(ask: &Ask<'_>) -> Answer {
    let limit = limit(ask, 10)?;
    let rows = sums(ask, &Days::or_usual(ask)?.query(None, &[Dimension::Model])).await?;
    let found = cents::dearest(by_name(rows, |row| row.model.as_ref()));
    let named = found.iter().filter(|(model, _)| !model.is_empty());
    let rows = named.take(limit).map(|(model, totals)| {
        json!({
            "model": model,
            "total_spend": totals.cost,
            "total_tokens": cents::tokens(totals),
        })
    });
    Ok(rows.collect())
}

async fn by_provider(ask: &Ask<'_>) -> Answer {
    let days = Days::or_usual(ask)?;
    let rows = sums(ask, &days.query(None, &[Dimension::Provider])).await?;
    let found = cents::dearest(by_name(rows, |row| row.provider.as_ref()));
    let named = found.iter().filter(|(provider, _)| !provider.is_empty());
    let rows = named.map(|(provider, totals)| json!({"provider": provider, "spend": totals.cost}));
    Ok(rows.collect())
}

async fn by_tag(ask: &Ask<'_>) -> Answer {
    let wanted: Option<Vec<&str>> = ask.query.get("tags").map(|tags| tags.split(',').collect());
    let wanted = wanted.filter(|tags| !tags.contains(&"all-tags"));
    let mut found = cents::dearest(tables::tag_sums(ask, Days::or_usual(ask)?).await?);
    found.retain(|(tag, _)| {
        wanted
            .as_ref()
            .is_none_or(|tags| tags.contains(&tag.as_str()))
    });
    let rows: Vec<Value> = found
        .iter()
        .map(|(tag, totals)| {
            json!({"name": tag, "spend": totals.cost, "log_count": totals.requests})
        })
        .collect();
    Ok(json!({"spend_per_tag": rows}))
}

async fn tag_names(ask: &Ask<'_>) -> Answer {
    let query = Days::all(ask).query(Some(EntityKind::Tag), &[Dimension::Entity]);
    let rows = sums(ask, &query).await?;
    let names: Vec<String> = rows.into_iter().filter_map(|row| row.entity_id).collect();
    Ok(json!({"tag_names": names}))
}
