//! `/spend/logs`, by day or request by request; and one request, or one session.

use std::collections::BTreeMap;

use lockgate_core::entity::EntityKind;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{
    Activity, ActivityQuery, Dimension, EntryOrder, EntryQuery, EntrySort, Paging,
};
use serde_json::{Map, Value, json};

use super::days::{DAY, Days, date};
use super::listing::paged;
use super::{entry_row, own, store, sums};
use crate::ask::{Answer, Ask};
use crate::keys::id_of;
use crate::refusal::Refusal;

/// The most rows of an answer that has no pages, as with LiteLLM.
const MOST: u32 = 10_000;

pub(super) async fn logs(ask: &Ask<'_>) -> Answer {
    let asked = |name: &str| ask.query.get(name).map(str::to_owned);
    let dated = asked("start_date").is_some() && asked("end_date").is_some();
    let summed = ask.query.get("summarize").is_none() || ask.query.is_on("summarize");
    let request_id = asked("request_id");
    let days = Days::or_usual(ask)?;
    if dated && summed && request_id.is_none() {
        return by_day(ask, days).await;
    }
    let mut query = EntryQuery {
        key_id: ask.query.get("api_key").map(id_of),
        user_id: asked("user_id"),
        ..EntryQuery::new(Paging {
            offset: 0,
            size: MOST,
        })
    };
    // Who knows the id of a request need not know when it was.
    let days = if request_id.is_some() && !dated {
        Days::all(ask)
    } else {
        days
    };
    query.request_id = request_id;
    query.from = Some(i64::from(days.from) * DAY);
    query.until = Some(i64::from(days.until) * DAY);
    own::narrow_entries(ask, &mut query).await?;
    let found = store(ask)?.entries(&query).await?;
    Ok(found.rows.iter().map(entry_row::row).collect())
}

/// Spend of each day, told apart by key, user and model.
async fn by_day(ask: &Ask<'_>, days: Days) -> Answer {
    let key = ask.query.get("api_key").map(id_of);
    let user = ask.query.get("user_id").map(str::to_owned);
    let mut query = days.query(None, &[]);
    own::narrow(ask, &mut query);
    if let Some(user) = user {
        let own_only = query.of.is_some();
        let is_own = ask.caller().is(Some(&user));
        if own_only && !is_own {
            return Ok(json!([]));
        }
        if !own_only {
            (query.of, query.ids) = (Some(EntityKind::User), Some(vec![user]));
        }
    }
    query.key_id = key;
    let by = |by: &[Dimension]| ActivityQuery {
        by: by.to_vec(),
        ..query.clone()
    };
    let models = sums(
        ask,
        &by(&[Dimension::Day, Dimension::Key, Dimension::Model]),
    )
    .await?;
    let users = users(ask, &query).await?;
    Ok(summary(&models, &users, days, ask))
}

/// Spend of each day by user. Who asks about one user knows already.
async fn users(ask: &Ask<'_>, query: &ActivityQuery) -> Result<Vec<Activity>, Refusal> {
    let of_users = ActivityQuery {
        of: Some(EntityKind::User),
        by: vec![Dimension::Day, Dimension::Entity],
        ..query.clone()
    };
    if query.of == Some(EntityKind::Key) {
        return Ok(Vec::new());
    }
    sums(ask, &of_users).await
}

/// One row for each day that has spend, and for those behind the last up to the end.
fn summary(models: &[Activity], users: &[Activity], days: Days, ask: &Ask<'_>) -> Value {
    type ByName = BTreeMap<String, Nanodollars>;
    #[derive(Default)]
    struct Day {
        spend: Nanodollars,
        keys: ByName,
        models: ByName,
        users: ByName,
    }
    let mut found: BTreeMap<i32, Day> = BTreeMap::new();
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    for row in models {
        let day = found.entry(row.day.unwrap_or_default()).or_default();
        day.spend += row.totals.cost;
        *day.keys.entry(name(&row.key_id)).or_default() += row.totals.cost;
        *day.models.entry(name(&row.model)).or_default() += row.totals.cost;
    }
    for row in users {
        let day = found.entry(row.day.unwrap_or_default()).or_default();
        *day.users.entry(name(&row.entity_id)).or_default() += row.totals.cost;
    }
    let today = i32::try_from(ask.now / DAY).unwrap_or(i32::MAX);
    if let Some((&last, _)) = found.last_key_value() {
        for day in last..days.until.min(today.saturating_add(1)) {
            found.entry(day).or_default();
        }
    }
    let shown = found.into_iter().map(|(at, day)| {
        let keys = day.keys.into_iter().filter(|(key, _)| !key.is_empty());
        let mut row: Map<String, Value> = keys.map(|(key, cost)| (key, json!(cost))).collect();
        row.insert("startTime".to_owned(), date(Some(at)).to_string().into());
        row.insert("spend".to_owned(), json!(day.spend));
        row.insert("users".to_owned(), json!(day.users));
        row.insert("models".to_owned(), json!(day.models));
        Value::Object(row)
    });
    shown.collect()
}

/// `/spend/logs/ui/{request_id}`: one request; null when there is none.
pub(super) async fn one(ask: &Ask<'_>) -> Answer {
    let id = ask.param(0);
    let days = Days::all(ask);
    let mut query = EntryQuery {
        request_id: Some(id.to_owned()),
        from: Some(i64::from(days.from) * DAY),
        until: Some(i64::from(days.until) * DAY),
        ..EntryQuery::new(Paging { offset: 0, size: 1 })
    };
    own::narrow_entries(ask, &mut query).await?;
    let found = store(ask)?.entries(&query).await?.rows;
    match found.first() {
        Some(entry) => {
            let mut row = entry_row::row(entry);
            for part in ["messages", "response", "proxy_server_request"] {
                row[part] = Value::Null;
            }
            Ok(row)
        }
        None if ask.caller().sees_all() => Ok(Value::Null),
        // Whether somebody else's is there is nobody's business.
        None => Err(Refusal::forbidden(format!(
            "Not authorized to view the spend log of request {id}"
        ))),
    }
}

/// `/spend/logs/session/ui`: the requests of one session, the first first.
pub(super) async fn session(ask: &Ask<'_>) -> Answer {
    let session = ask.query.need("session_id")?.to_owned();
    let page = ask.query.number("page", 1, 1, u32::MAX)?;
    let size = ask.query.number("page_size", 50, 1, 100)?;
    let days = Days::all(ask);
    let mut query = EntryQuery {
        session_id: Some(session),
        from: Some(i64::from(days.from) * DAY),
        until: Some(i64::from(days.until) * DAY),
        order: EntryOrder {
            by: EntrySort::Started,
            descending: false,
        },
        ..EntryQuery::new(Paging::page(page, size))
    };
    own::narrow_entries(ask, &mut query).await?;
    let found = store(ask)?.entries(&query).await?;
    Ok(paged(&found, page, size))
}
