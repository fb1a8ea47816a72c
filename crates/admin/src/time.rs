//! Moments and durations, as requests and answers write them.

use jiff::Timestamp;
use lockgate_core::period::Period;
use serde_json::Value;

use crate::refusal::Refusal;

const MICROS: i64 = 1_000_000;

/// A moment in ISO 8601, from microseconds since 1970; null for none.
pub(crate) fn iso(at: Option<i64>) -> Value {
    at.and_then(|at| Timestamp::from_microsecond(at).ok())
        .map_or(Value::Null, |at| at.to_string().into())
}

/// A moment, in microseconds since 1970, from ISO 8601 with a time zone, or without: then it is UTC.
pub(crate) fn moment(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_microsecond());
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    let at = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(at.timestamp().as_microsecond())
}

/// A period that a client wrote.
pub(crate) fn period(text: &str) -> Result<Period, Refusal> {
    text.parse()
        .map_err(|error: lockgate_core::period::PeriodError| Refusal::bad(error.to_string()))
}

/// `now` and so much later, in microseconds since 1970.
pub(crate) fn later(now: i64, text: &str) -> Result<i64, Refusal> {
    let seconds = i64::try_from(period(text)?.seconds()).unwrap_or(i64::MAX / MICROS);
    Ok(now.saturating_add(seconds.saturating_mul(MICROS)))
}

/// Whole seconds since 1970.
pub(crate) fn seconds(micros: i64) -> i64 {
    micros.div_euclid(MICROS)
}
