//! `/spend/keys`, `/spend/users` and `/spend/tags`: who spent how much, the highest first.

use std::collections::BTreeMap;

use lockgate_core::entity::EntityKind;
use lockgate_core::ports::{Dimension, EntityQuery, Order, Paging, Sort, Totals};
use serde_json::{Value, json};

use super::days::Days;
use super::{cents, own, sums};
use crate::ask::{Answer, Ask};
use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::{keys, users};

/// The most rows, unless `limit` says fewer.
const MOST: u32 = 10_000;

/// All of a kind that there are to see, those that spent most first.
fn dearest(ask: &Ask<'_>, kind: EntityKind) -> Result<EntityQuery, Refusal> {
    Ok(EntityQuery {
        order: Order {
            by: Sort::Spend,
            descending: true,
        },
        paging: Paging {
            offset: 0,
            size: ask.query.number("limit", MOST, 1, MOST)?,
        },
        ..EntityQuery::new(kind)
    })
}

/// Keys with their spend: one's own, and those of teams that one administers.
pub(super) async fn keys(ask: &Ask<'_>) -> Answer {
    let mut query = dearest(ask, EntityKind::Key)?;
    if let (Caller::Key(key), false) = (ask.caller(), ask.caller().sees_all()) {
        match &key.user_id {
            Some(user) if !own::is_key_of_others(ask.caller(), key) => {
                query.user_id = Some(user.clone());
                query.or_teams = ask.caller().administered_teams();
            }
            _ => query.ids = Some(key.key_id.iter().cloned().collect()),
        }
    }
    let found = ask.page(&query).await?.rows;
    let facts = ask.facts(&found).await?;
    let rows = found
        .iter()
        .map(|key| Value::Object(keys::shown_with_token(key, &facts)));
    Ok(rows.collect())
}

/// Users with their spend; everybody else sees only himself.
pub(super) async fn users(ask: &Ask<'_>) -> Answer {
    let mut query = dearest(ask, EntityKind::User)?;
    let asked = ask.query.get("user_id");
    query.ids = asked.map(|id| vec![id.to_owned()]);
    if let (Caller::Key(key), false) = (ask.caller(), ask.caller().sees_all()) {
        let is_own = !own::is_key_of_others(ask.caller(), key);
        let Some(own) = key.user_id.as_deref().filter(|_| is_own) else {
            return Ok(json!([]));
        };
        if asked.is_some_and(|asked| asked != own) {
            return Err(Refusal::forbidden(
                "Not authorized to view spend for another user.",
            ));
        }
        query.ids = Some(vec![own.to_owned()]);
    }
    let found = ask.page(&query).await?.rows;
    users::bare_rows(ask, &found).await
}

/// What requests with each tag cost; those of one's own keys.
pub(super) async fn tags(ask: &Ask<'_>) -> Answer {
    let days = Days::or_usual(ask)?;
    let found = tag_sums(ask, days).await?;
    let rows = cents::dearest(found).into_iter().map(|(tag, totals)| {
        json!({
            "individual_request_tag": tag,
            "log_count": totals.requests,
            "total_spend": totals.cost,
        })
    });
    Ok(rows.collect::<Value>())
}

/// The sums of each tag that the caller may see.
pub(super) async fn tag_sums(
    ask: &Ask<'_>,
    days: Days,
) -> Result<BTreeMap<String, Totals>, Refusal> {
    let mut by = vec![Dimension::Entity];
    let own_keys = if ask.caller().sees_all() {
        None
    } else {
        by.push(Dimension::Key);
        Some(own::keys(ask).await?)
    };
    let mut found: BTreeMap<String, Totals> = BTreeMap::new();
    for row in sums(ask, &days.query(Some(EntityKind::Tag), &by)).await? {
        let key = row.key_id.unwrap_or_default();
        if own_keys.as_ref().is_none_or(|own| own.contains(&key)) {
            let tag = row.entity_id.unwrap_or_default();
            cents::add(found.entry(tag).or_default(), &row.totals);
        }
    }
    Ok(found)
}
