//! Which days a report is about.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use lockgate_core::entity::EntityKind;
use lockgate_core::ports::{ActivityQuery, Dimension};

use crate::ask::Ask;
use crate::refusal::Refusal;

/// Days in UTC, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    /// The first.
    pub(super) from: i32,
    /// The one behind the last.
    pub(super) until: i32,
}

/// In microseconds.
pub(super) const DAY: i64 = 86_400_000_000;
/// What is shown when nobody says.
const USUAL: i32 = 30;
/// The longest range of a report that tells keys and models apart, as LiteLLM has it.
const LONGEST: i32 = 400;
const EPOCH: Date = Date::constant(1970, 1, 1);
const MISSING: &str = "Please provide start_date and end_date";
const INVALID: &str = "start_date and end_date must be valid YYYY-MM-DD dates";

// === impl Days ===

impl Days {
    /// `start_date` and `end_date`, both of which are needed; both days belong to it.
    pub(super) fn needed(ask: &Ask<'_>) -> Result<Self, Refusal> {
        match (ask.query.get("start_date"), ask.query.get("end_date")) {
            (Some(from), Some(until)) => Self::read(from, until),
            _ => Err(Refusal::bad(MISSING)),
        }
    }

    /// The same, for a report whose size depends on it.
    pub(super) fn bounded(ask: &Ask<'_>) -> Result<Self, Refusal> {
        let days = Self::needed(ask)?;
        if days.until.saturating_sub(days.from) > LONGEST + 1 {
            let message = format!("Date range must be at most {LONGEST} days");
            return Err(Refusal::bad(message));
        }
        Ok(days)
    }

    /// `start_date` and `end_date`; without either the last thirty days and today.
    pub(super) fn or_usual(ask: &Ask<'_>) -> Result<Self, Refusal> {
        match (ask.query.get("start_date"), ask.query.get("end_date")) {
            (None, None) => Ok(Self::usual(ask)),
            _ => Self::needed(ask),
        }
    }

    /// The last thirty days and today.
    pub(super) fn usual(ask: &Ask<'_>) -> Self {
        let until = today(ask).saturating_add(1);
        Self {
            from: until - 1 - USUAL,
            until,
        }
    }

    /// All there may be.
    pub(super) fn all(ask: &Ask<'_>) -> Self {
        Self {
            from: 0,
            until: today(ask).saturating_add(2),
        }
    }

    fn read(from: &str, until: &str) -> Result<Self, Refusal> {
        let day = |text: &str| day_of(text).ok_or_else(|| Refusal::bad(INVALID));
        Ok(Self {
            from: day(from)?,
            until: day(until)?.saturating_add(1),
        })
    }

    /// A question about these days.
    pub(super) fn query(self, of: Option<EntityKind>, by: &[Dimension]) -> ActivityQuery {
        ActivityQuery {
            of,
            ids: None,
            key_id: None,
            model_group: None,
            from: self.from,
            until: self.until,
            by: by.to_vec(),
        }
    }
}

/// The day it is.
fn today(ask: &Ask<'_>) -> i32 {
    i32::try_from(ask.now.div_euclid(DAY)).unwrap_or_default()
}

/// `2026-11-24`
pub(super) fn day_of(text: &str) -> Option<i32> {
    let date: Date = text.trim().parse().ok()?;
    Some((date - EPOCH).get_days())
}

/// The date of a day.
pub(super) fn date(day: Option<i32>) -> Date {
    EPOCH.saturating_add(day.unwrap_or_default().days())
}

/// A moment in microseconds since 1970, from `2026-11-24 10:00:00` in UTC, from ISO 8601, or from a
/// day: then its first, or the first behind it where it is an `end`.
pub(super) fn moment(text: &str, end: bool) -> Option<i64> {
    let text = text.trim();
    let is_day = text.len() <= "2026-11-24".len();
    if is_day {
        let day = day_of(text)?.saturating_add(i32::from(end));
        return Some(i64::from(day) * DAY);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_microsecond());
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let at = civil.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(at.as_microsecond() + i64::from(end))
}
