//! The periods after which budgets begin anew.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How long a budget lasts: `30s`, `30m`, `30h`, `30d`, `30w` or `30mo` (reference section 2.3).
///
/// Periods follow the calendar rather than the moment a budget was made, so that every replica
/// agrees where one begins without having to ask: a day begins at midnight, `7d` on Monday, `30d`
/// and months on the first (reference section 3.4). Others are counted from the start of 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    count: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

/// A period that nobody can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no duration: write a whole number and a unit, such as 30s, 30m, 30h, 30d, 30w or 1mo"
)]
pub struct PeriodError(String);

/// A thousand years of days; what is longer is a mistake.
const MOST_DAYS: u64 = 365_250;

// === impl Period ===

impl Period {
    /// The window of this period that `now` is in, in seconds since 1970: from its start to the
    /// start of the next.
    #[must_use]
    pub fn window(self, now: i64, zone: &TimeZone) -> Range<i64> {
        let days = match self.unit {
            Unit::Second => return self.clock_window(now, 1, zone),
            Unit::Minute => return self.clock_window(now, 60, zone),
            Unit::Hour => return self.clock_window(now, 3600, zone),
            Unit::Month => return months(now, self.count, zone),
            // A month, as people who write `30d` mean it.
            Unit::Day if self.count == 30 => return months(now, 1, zone),
            Unit::Day => self.count,
            Unit::Week => self.count.saturating_mul(7),
        };
        days_window(now, days, zone)
    }

    /// Its length in seconds; months count 30 days.
    #[must_use]
    pub fn seconds(self) -> u64 {
        u64::from(self.count) * self.unit.seconds()
    }

    /// A window of seconds, minutes or hours, counted from local midnight on a fixed offset.
    fn clock_window(self, now: i64, unit: i64, zone: &TimeZone) -> Range<i64> {
        let length = i64::from(self.count) * unit;
        let offset =
            Timestamp::from_second(now).map_or(0, |now| i64::from(zone.to_offset(now).seconds()));
        let start = (now + offset).div_euclid(length) * length - offset;
        start..start + length
    }
}

/// The window of `count` days around `now`; whole weeks begin on Monday.
fn days_window(now: i64, count: u32, zone: &TimeZone) -> Range<i64> {
    let Some(today) = date(now, zone) else {
        return now..now;
    };
    // 1970-01-05 was the first Monday.
    let epoch = Date::constant(1970, 1, 5);
    debug_assert_eq!(epoch.weekday(), Weekday::Monday);
    let passed = i64::from((today - epoch).get_days());
    let count = i64::from(count);
    let start = passed.div_euclid(count) * count;
    let midnight = |days: i64| {
        let date = epoch.checked_add(Span::new().try_days(days).ok()?).ok()?;
        start_of(date, zone)
    };
    match (midnight(start), midnight(start + count)) {
        (Some(start), Some(end)) => start..end,
        _ => now..i64::MAX,
    }
}

/// The window of `count` months around `now`.
fn months(now: i64, count: u32, zone: &TimeZone) -> Range<i64> {
    let Some(today) = date(now, zone) else {
        return now..now;
    };
    let count = i64::from(count);
    let passed = i64::from(today.year()) * 12 + i64::from(today.month()) - 1;
    let start = passed.div_euclid(count) * count;
    let first = |months: i64| {
        let year = i16::try_from(months.div_euclid(12)).ok()?;
        let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
        start_of(Date::new(year, month, 1).ok()?, zone)
    };
    match (first(start), first(start + count)) {
        (Some(start), Some(end)) => start..end,
        _ => now..i64::MAX,
    }
}

fn date(now: i64, zone: &TimeZone) -> Option<Date> {
    let now = Timestamp::from_second(now).ok()?;
    Some(now.to_zoned(zone.clone()).date())
}

fn start_of(date: Date, zone: &TimeZone) -> Option<i64> {
    let start = date.to_zoned(zone.clone()).ok()?;
    Some(start.timestamp().as_second())
}

// === impl Unit ===

impl Unit {
    fn suffix(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "m",
            Self::Hour => "h",
            Self::Day => "d",
            Self::Week => "w",
            Self::Month => "mo",
        }
    }

    fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Month => 30 * 86_400,
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let error = || PeriodError(text.chars().take(40).collect());
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let count: u32 = text[..digits].parse().map_err(|_| error())?;
        let unit = match &text[digits..] {
            "s" => Unit::Second,
            "m" => Unit::Minute,
            "h" => Unit::Hour,
            "d" => Unit::Day,
            "w" => Unit::Week,
            "mo" => Unit::Month,
            _ => return Err(error()),
        };
        let period = Self { count, unit };
        if count == 0 || period.seconds() > MOST_DAYS * 86_400 {
            return Err(error());
        }
        Ok(period)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.suffix())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(period: &str, now: &str, zone: &str) -> (String, String) {
        let zone = TimeZone::get(zone).unwrap();
        let now: Timestamp = now.parse().unwrap();
        let window = period
            .parse::<Period>()
            .unwrap()
            .window(now.as_second(), &zone);
        let show = |second| {
            let at = Timestamp::from_second(second).unwrap();
            at.to_zoned(zone.clone()).strftime("%a %F %R").to_string()
        };
        (show(window.start), show(window.end))
    }

    #[test]
    fn periods_follow_the_calendar() {
        // A Monday.
        let now = "2026-11-23T21:35:00Z";
        for (period, start, end) in [
            ("30s", "Mon 2026-11-23 21:35", "Mon 2026-11-23 21:35"),
            ("15m", "Mon 2026-11-23 21:30", "Mon 2026-11-23 21:45"),
            ("6h", "Mon 2026-11-23 18:00", "Tue 2026-11-24 00:00"),
            ("1d", "Mon 2026-11-23 00:00", "Tue 2026-11-24 00:00"),
            ("24h", "Mon 2026-11-23 00:00", "Tue 2026-11-24 00:00"),
            ("7d", "Mon 2026-11-23 00:00", "Mon 2026-11-30 00:00"),
            ("1w", "Mon 2026-11-23 00:00", "Mon 2026-11-30 00:00"),
            ("30d", "Sun 2026-11-01 00:00", "Tue 2026-12-01 00:00"),
            ("1mo", "Sun 2026-11-01 00:00", "Tue 2026-12-01 00:00"),
            ("3mo", "Thu 2026-10-01 00:00", "Fri 2027-01-01 00:00"),
        ] {
            let expected = (start.to_owned(), end.to_owned());
            assert_eq!(window(period, now, "UTC"), expected, "{period}");
        }
    }

    #[test]
    fn a_day_is_that_of_the_time_zone_also_when_the_clocks_change() {
        // Summer time ends in Berlin on 2026-10-25, which has 25 hours.
        let (start, end) = window("1d", "2026-10-25T12:00:00Z", "Europe/Berlin");
        assert_eq!(
            (&*start, &*end),
            ("Sun 2026-10-25 00:00", "Mon 2026-10-26 00:00")
        );
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "d",
            "0d",
            "1",
            "1y",
            "1D",
            "-1d",
            "1.5h",
            " 1d",
            "99999999999d",
            "4000000000d",
            "1é",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn windows_touch_and_hold_the_moment(
            count in 1_u32..100,
            unit in prop::sample::select(vec!["s", "m", "h", "d", "w", "mo"]),
            now in 0_i64..4_000_000_000,
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kolkata"]),
        ) {
            let period: Period = format!("{count}{unit}").parse().unwrap();
            let zone = TimeZone::get(zone).unwrap();
            let window = period.window(now, &zone);
            prop_assert!(window.contains(&now));
            let clock_changes = zone.to_offset(Timestamp::from_second(window.start).unwrap())
                != zone.to_offset(Timestamp::from_second(window.end).unwrap());
            if !clock_changes {
                prop_assert_eq!(period.window(window.end, &zone).start, window.end);
                prop_assert_eq!(period.window(window.start, &zone), window);
            }
        }
    }
}
