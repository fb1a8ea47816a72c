//! What keys and teams spent in the windows of their `budget_limits`, which LiteLLM counts in a
//! table of its own.

use jiff::tz::TimeZone;
use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::money::Nanodollars;
use lockgate_core::period::Period;
use lockgate_core::ports::Spend;
use serde_json::Value;

use crate::convert::micros;
use crate::source::Row;
use crate::tables::{Rows, Table, WINDOW_SPEND};

/// How the table is read.
pub(crate) const TABLE: Table = Table {
    name: WINDOW_SPEND,
    what: "open budget windows",
    kind: EntityKind::Budget,
    id: &["entity_type", "entity_id", "window_duration"],
    rows: Rows::Own,
    columns: "entity_type entity_id window_duration window_start spend created_at updated_at",
};

const SECOND: i64 = 1_000_000;

/// A window that is still open, as one of ours; `None` for one that is over.
pub(crate) fn open_window(row: &Row, now: i64, zone: &TimeZone) -> Option<Result<Spend, String>> {
    let [kind, id, duration] = row.id.as_slice() else {
        return None;
    };
    let of = match kind.as_str() {
        "key" => EntityKind::Key,
        "team" => EntityKind::Team,
        "user" => EntityKind::User,
        other => return Some(Err(format!("a window of {other}, which has none here"))),
    };
    let Ok(period) = duration.parse::<Period>() else {
        return Some(Err(format!("`{duration}` is no duration")));
    };
    let started = row.values.get("window_start").and_then(micros)? / SECOND;
    let length = i64::try_from(period.seconds()).unwrap_or(i64::MAX);
    let now = now.div_euclid(SECOND);
    if started.saturating_add(length) <= now {
        return None;
    }
    let spend = row.values.get("spend").and_then(Value::as_f64)?;
    Some(
        Nanodollars::from_dollars(spend)
            .map(|amount| Spend {
                of: EntityId::new(of, id.as_str()),
                window: duration.clone(),
                start: period.window(now, zone).start,
                amount,
            })
            .ok_or_else(|| format!("${spend:e} is beyond what can be counted")),
    )
}
