//! Hours of little traffic, in which some providers charge less.

use serde_json::{Map, Value};

use super::BadPrice;

/// When the other prices hold. Times are UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::catalog) struct Hours(Vec<Window>);

/// From one minute of the day to another; the start belongs to it, the end does not. A window whose
/// end is not behind its start goes on after midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    from: u16,
    to: u16,
    /// Days it holds on, Monday first; after midnight the day that has begun counts.
    days: [bool; 7],
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const SECONDS_PER_DAY: i64 = 86_400;
/// The first of January 1970 was a Thursday.
const FIRST_DAY: i64 = 3;

// === impl Hours ===

impl Hours {
    /// The hours of an `off_peak_pricing` object.
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, BadPrice> {
        let zone = members.get("weekday_timezone").and_then(Value::as_str);
        if zone.is_some_and(|zone| !zone.eq_ignore_ascii_case("utc")) {
            return Err(bad("weekdays in UTC"));
        }
        let mut windows = Vec::new();
        if let Some(hours) = members.get("hours_utc") {
            add(&mut windows, hours, [true; 7])?;
        }
        let rules = members.get("windows").filter(|rules| !rules.is_null());
        let rules = rules.map_or(Ok(&[][..]), |rules| {
            let list = rules.as_array().map(Vec::as_slice);
            list.ok_or_else(|| bad("a list of `windows`"))
        })?;
        for rule in rules {
            let days = rule.get("weekdays").filter(|days| !days.is_null());
            let days = days.map_or(Ok([true; 7]), read_days)?;
            let hours = rule.get("hours_utc");
            add(&mut windows, hours.ok_or_else(|| bad("`hours_utc`"))?, days)?;
        }
        Ok(Self(windows))
    }

    /// Whether they include a time, in seconds since 1970.
    pub(in crate::catalog) fn include(&self, at: i64) -> bool {
        let day = (at.div_euclid(SECONDS_PER_DAY) + FIRST_DAY).rem_euclid(7);
        let minute = at.rem_euclid(SECONDS_PER_DAY) / 60;
        let (Ok(day), Ok(minute)) = (usize::try_from(day), u16::try_from(minute)) else {
            return false;
        };
        self.0.iter().any(|window| {
            let open = match window.from < window.to {
                true => (window.from..window.to).contains(&minute),
                false => minute >= window.from || minute < window.to,
            };
            open && window.days.get(day) == Some(&true)
        })
    }
}

fn add(windows: &mut Vec<Window>, hours: &Value, days: [bool; 7]) -> Result<(), BadPrice> {
    let one = std::slice::from_ref(hours);
    for text in hours.as_array().map_or(one, Vec::as_slice) {
        let text = text.as_str().unwrap_or_default();
        let window = text.split_once('-').and_then(|(from, to)| {
            Some(Window {
                from: minute(from)?,
                to: minute(to)?,
                days,
            })
        });
        windows.push(window.ok_or_else(|| bad("hours such as `16:30-00:30`"))?);
    }
    Ok(())
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// Days by their English names, or by numbers from 1 for Monday.
fn read_days(names: &Value) -> Result<[bool; 7], BadPrice> {
    let mut days = [false; 7];
    for name in names.as_array().ok_or_else(|| bad("a list of weekdays"))? {
        let at = match name {
            Value::Number(number) => number
                .as_u64()
                .and_then(|number| usize::try_from(number.checked_sub(1)?).ok()),
            name => {
                let name = name.as_str().unwrap_or_default().to_ascii_lowercase();
                DAYS.iter().position(|day| name.starts_with(day))
            }
        };
        let day = at.and_then(|at| days.get_mut(at));
        *day.ok_or_else(|| bad("weekdays"))? = true;
    }
    Ok(days)
}

fn bad(expected: &'static str) -> BadPrice {
    BadPrice::new("off_peak_pricing", expected)
}
