//! Moments as `PostgreSQL` writes them into JSON.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// A moment in microseconds since 1970, of a column without a time zone, which holds UTC, or with
/// one. `None` for `infinity` and what no calendar has; what is before our era is long over: 0.
pub(crate) fn micros(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    if text == "-infinity" || text.ends_with(" BC") {
        return Some(0);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_microsecond());
    }
    let at: DateTime = text.parse().ok()?;
    Some(
        at.to_zoned(TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_microsecond(),
    )
}

/// A moment as it is stored in settings: RFC 3339 in UTC.
pub(crate) fn micros_text(at: i64) -> Option<String> {
    Timestamp::from_microsecond(at)
        .ok()
        .map(|at| at.to_string())
}
