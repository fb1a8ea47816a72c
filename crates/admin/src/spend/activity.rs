//! `/global/activity...`: how many requests and tokens there were, by day.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lockgate_core::ports::{Activity, Dimension, StatusCount, StatusQuery, Totals};
use serde_json::{Value, json};

use super::days::{Days, date};
use super::{cents, entry_row, own, store, sums};
use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;

/// Of models and deployments only the first are shown, as with LiteLLM.
const SHOWN: usize = 10;
/// The limit of a provider, or of the gateway.
const TOO_MANY: u16 = 429;

/// `Nov 24`, as LiteLLM's charts have it.
fn short(day: Option<i32>) -> String {
    date(day).strftime("%b %d").to_string()
}

fn counted(rows: &[Activity]) -> (Vec<Value>, Totals) {
    let mut sum = Totals::default();
    let daily = rows.iter().map(|row| {
        cents::add(&mut sum, &row.totals);
        json!({
            "date": short(row.day),
            "api_requests": row.totals.requests,
            "total_tokens": cents::tokens(&row.totals),
        })
    });
    (daily.collect(), sum)
}

pub(super) async fn all(ask: &Ask<'_>) -> Answer {
    let mut query = Days::needed(ask)?.query(None, &[Dimension::Day]);
    own::narrow(ask, &mut query);
    let (daily, sum) = counted(&sums(ask, &query).await?);
    Ok(json!({
        "daily_data": daily,
        "sum_api_requests": sum.requests,
        "sum_total_tokens": cents::tokens(&sum),
    }))
}

pub(super) async fn by_model(ask: &Ask<'_>) -> Answer {
    let by = [Dimension::ModelGroup, Dimension::Day];
    let mut query = Days::needed(ask)?.query(None, &by);
    own::narrow(ask, &mut query);
    let mut models: BTreeMap<String, Vec<Activity>> = BTreeMap::new();
    for row in sums(ask, &query).await? {
        let group = row.model_group.clone().unwrap_or_default();
        models.entry(group).or_default().push(row);
    }
    let mut found: Vec<(u64, Value)> = models
        .into_iter()
        .map(|(model, rows)| {
            let (daily, sum) = counted(&rows);
            let shown = json!({
                "model": model,
                "daily_data": daily,
                "sum_api_requests": sum.requests,
                "sum_total_tokens": cents::tokens(&sum),
            });
            (sum.requests, shown)
        })
        .collect();
    found.sort_by_key(|(requests, _)| Reverse(*requests));
    Ok(found
        .into_iter()
        .take(SHOWN)
        .map(|(_, shown)| shown)
        .collect())
}

async fn refused(ask: &Ask<'_>) -> Result<Vec<StatusCount>, Refusal> {
    let group = ask.query.need("model_group")?.to_owned();
    let days = Days::bounded(ask)?;
    let query = StatusQuery {
        status: TOO_MANY,
        model_group: Some(group),
        from: days.from,
        until: days.until,
    };
    Ok(store(ask)?.statuses(&query).await?)
}

fn exceptions_by_day(rows: &[StatusCount]) -> (Vec<Value>, u64) {
    let mut days: BTreeMap<i32, u64> = BTreeMap::new();
    for row in rows {
        *days.entry(row.day).or_default() += row.count;
    }
    let daily = days
        .iter()
        .map(|(day, count)| json!({"date": short(Some(*day)), "num_rate_limit_exceptions": count}));
    (daily.collect(), days.values().sum())
}

pub(super) async fn exceptions(ask: &Ask<'_>) -> Answer {
    let (daily, sum) = exceptions_by_day(&refused(ask).await?);
    Ok(json!({"daily_data": daily, "sum_num_rate_limit_exceptions": sum}))
}

/// LiteLLM tells deployments apart by their base URL; here it is their id.
pub(super) async fn by_deployment(ask: &Ask<'_>) -> Answer {
    let mut deployments: BTreeMap<String, Vec<StatusCount>> = BTreeMap::new();
    for row in refused(ask).await? {
        if let Some(id) = row.deployment_id.clone() {
            deployments.entry(id).or_default().push(row);
        }
    }
    let mut found: Vec<(u64, Value)> = deployments
        .iter()
        .map(|(id, rows)| {
            let (daily, sum) = exceptions_by_day(rows);
            let shown = json!({
                "api_base": id,
                "daily_data": daily,
                "sum_num_rate_limit_exceptions": sum,
            });
            (sum, shown)
        })
        .collect();
    found.sort_by_key(|(sum, _)| Reverse(*sum));
    Ok(found
        .into_iter()
        .take(SHOWN)
        .map(|(_, shown)| shown)
        .collect())
}

/// Requests by operation, for the page about the cache. This gateway has none: nothing is a hit.
pub(super) async fn cache(ask: &Ask<'_>) -> Answer {
    let by = [Dimension::Operation, Dimension::ModelGroup];
    let mut query = Days::needed(ask)?.query(None, &by);
    own::narrow(ask, &mut query);
    let wanted: Vec<&str> = ask.query.all("models").collect();
    let mut operations: BTreeMap<String, Totals> = BTreeMap::new();
    let (mut models, mut sum) = (Vec::new(), Totals::default());
    for row in sums(ask, &query).await? {
        let group = row.model_group.unwrap_or_default();
        if !models.contains(&group) {
            models.push(group.clone());
        }
        if wanted.is_empty() || wanted.contains(&group.as_str()) {
            let operation = row.operation.unwrap_or_default();
            cents::add(operations.entry(operation).or_default(), &row.totals);
            cents::add(&mut sum, &row.totals);
        }
    }
    let group = |(operation, totals): (&String, &Totals)| {
        json!({
            "call_type": entry_row::call_type(operation),
            "api_requests": totals.requests.saturating_sub(totals.failed),
            "cache_hits": 0,
            "failed_requests": totals.failed,
            "cached_completion_tokens": 0,
            "generated_completion_tokens": totals.output,
        })
    };
    Ok(json!({
        "groups": operations.iter().map(group).collect::<Vec<Value>>(),
        "totals": {
            "api_requests": sum.requests.saturating_sub(sum.failed),
            "cache_hits": 0,
            "failed_requests": sum.failed,
            "cached_completion_tokens": 0,
            "cache_hit_ratio": 0.0,
        },
        "filter_options": {"key_aliases": [], "models": models},
        "error_breakdown": [],
    }))
}
