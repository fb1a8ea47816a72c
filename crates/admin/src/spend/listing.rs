//! `/spend/logs/v2` and `/spend/logs/ui`: requests in pages, by filters.

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{EntryOrder, EntryQuery, EntrySort, Page, Paging};
use serde_json::{Value, json};

use super::days::moment;
use super::{entry_row, own, store};
use crate::ask::{Answer, Ask};
use crate::keys::id_of;
use crate::refusal::Refusal;

const SORTS: [(&str, EntrySort); 7] = [
    ("endTime", EntrySort::Ended),
    ("model", EntrySort::Model),
    ("request_duration_ms", EntrySort::Duration),
    ("spend", EntrySort::Cost),
    ("startTime", EntrySort::Started),
    ("total_tokens", EntrySort::Tokens),
    ("ttft_ms", EntrySort::FirstToken),
];
/// Where the store stops to count behind a page.
const COUNTED: u64 = 10_000;
/// A clock that is ahead may have written them.
const AHEAD: i64 = super::days::DAY;

/// A page of requests. `v2`: a range is needed whatever else is asked for.
pub(super) async fn list(ask: &Ask<'_>, v2: bool) -> Answer {
    let page = ask.query.number("page", 1, 1, u32::MAX)?;
    let size = ask.query.number("page_size", 50, 1, 1_000)?;
    let mut query = filters(ask, Paging::page(page, size))?;
    query.order = order(ask)?;
    range(ask, &mut query, v2)?;
    own::narrow_entries(ask, &mut query).await?;
    let found = store(ask)?.entries(&query).await?;
    Ok(paged(&found, page, size))
}

/// What LiteLLM answers with a page.
pub(super) fn paged(found: &Page<LedgerEntry>, page: u32, size: u32) -> Value {
    let rows: Vec<Value> = found.rows.iter().map(entry_row::row).collect();
    let before = Paging::page(page, size).offset;
    json!({
        "data": rows,
        "total": found.total,
        "page": page,
        "page_size": size,
        "total_pages": found.total.div_ceil(u64::from(size)),
        "total_is_capped": found.total >= before.saturating_add(COUNTED),
    })
}

/// What requests are filtered by.
fn filters(ask: &Ask<'_>, paging: Paging) -> Result<EntryQuery, Refusal> {
    let asked = |name: &str| ask.query.get(name).map(str::to_owned);
    let (failed, cache_hit) = (status(ask)?, cache_hit(ask)?);
    // No request ends with a status that is no number.
    let code = ask.query.get("error_code");
    let code = code.map(|code| code.parse().unwrap_or(0));
    let failed = failed.or_else(|| (code? >= 400).then_some(true));
    Ok(EntryQuery {
        request_id: asked("request_id").or_else(|| asked("litellm_call_id")),
        key_id: ask.query.get("api_key").map(id_of),
        user_id: asked("user_id"),
        team_id: asked("team_id"),
        organization_id: asked("organization_id"),
        customer_id: asked("end_user").or_else(|| asked("customer_id")),
        session_id: asked("session_id"),
        model_group: asked("model_group"),
        model: asked("model"),
        deployment_id: asked("model_id"),
        tag: asked("tag").or_else(|| asked("request_tag")),
        key_alias: asked("key_alias"),
        error: asked("error_message"),
        failed,
        status: code,
        cache_hit,
        least: amount(ask, "min_spend")?,
        most: amount(ask, "max_spend")?,
        ..EntryQuery::new(paging)
    })
}

fn status(ask: &Ask<'_>) -> Result<Option<bool>, Refusal> {
    match ask
        .query
        .get("status_filter")
        .or_else(|| ask.query.get("status"))
    {
        None => Ok(None),
        Some("success") => Ok(Some(false)),
        Some("failure") => Ok(Some(true)),
        Some(other) => Err(Refusal::bad(format!(
            "Invalid status_filter: {other}. Must be one of: success, failure"
        ))
        .at("status_filter")),
    }
}

fn cache_hit(ask: &Ask<'_>) -> Result<Option<bool>, Refusal> {
    match ask.query.get("cache_hit_filter") {
        None => Ok(None),
        Some("hit") => Ok(Some(true)),
        Some("miss") => Ok(Some(false)),
        Some(other) => Err(Refusal::bad(format!(
            "Invalid cache_hit_filter: {other}. Must be one of: hit, miss"
        ))
        .at("cache_hit_filter")),
    }
}

fn amount(ask: &Ask<'_>, name: &str) -> Result<Option<Nanodollars>, Refusal> {
    let Some(text) = ask.query.get(name) else {
        return Ok(None);
    };
    let dollars: Option<f64> = text.parse().ok();
    match dollars.and_then(Nanodollars::from_dollars) {
        Some(amount) => Ok(Some(amount)),
        None => Err(Refusal::fields(vec![json!({
            "type": "float_parsing",
            "loc": ["query", name],
            "msg": "Input should be a valid number, unable to parse string as a number",
            "input": text,
        })])),
    }
}

fn order(ask: &Ask<'_>) -> Result<EntryOrder, Refusal> {
    let wanted = ask.query.get("sort_by").unwrap_or("startTime");
    let found = SORTS.iter().find(|(name, _)| *name == wanted);
    let Some((_, by)) = found else {
        let names: Vec<&str> = SORTS.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let message = format!("Invalid sort_by: {wanted}. Must be one of: {names}");
        return Err(Refusal::bad(message).at("sort_by"));
    };
    let direction = ask.query.get("sort_order").unwrap_or("desc");
    let descending = match direction.to_ascii_lowercase().as_str() {
        "desc" => true,
        "asc" => false,
        _ => {
            let message = format!("Invalid sort_order: {direction}. Must be one of: asc, desc");
            return Err(Refusal::bad(message).at("sort_order"));
        }
    };
    Ok(EntryOrder {
        by: *by,
        descending,
    })
}

/// From when until when. Somebody who looks for one request by its id need not know.
fn range(ask: &Ask<'_>, query: &mut EntryQuery, v2: bool) -> Result<(), Refusal> {
    let (from, until) = match (ask.query.get("start_date"), ask.query.get("end_date")) {
        (Some(from), Some(until)) => (date(from, false)?, date(until, true)?),
        _ if query.request_id.is_some() && !v2 => (0, ask.now.saturating_add(AHEAD)),
        _ => return Err(Refusal::bad("Start date and end date are required")),
    };
    (query.from, query.until) = (Some(from), Some(until));
    Ok(())
}

/// A moment that a client wrote.
pub(super) fn date(text: &str, end: bool) -> Result<i64, Refusal> {
    moment(text, end).ok_or_else(|| {
        Refusal::bad(format!(
            "Invalid date format: {text}. Expected: 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'"
        ))
    })
}
