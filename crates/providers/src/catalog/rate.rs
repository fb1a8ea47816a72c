//! The price of one unit, as an integer.

use std::fmt;

use serde_json::{Number, Value};

/// What one unit (a token, a picture, a second) costs, in quadrillionths of a US dollar (1e-15).
///
/// Prices per token have up to fourteen decimals, so nothing coarser holds all of them exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

/// Decimals of a dollar that a rate holds.
const DECIMALS: i64 = 15;
/// Decimals of a millionth of a dollar that a rate holds.
const DECIMALS_PER_MILLION: i64 = DECIMALS - 6;

// === impl Rate ===

impl Rate {
    /// Nothing is charged.
    pub const FREE: Self = Self(0);

    /// So many quadrillionths of a dollar.
    #[must_use]
    pub const fn new(femtodollars: i64) -> Self {
        Self(femtodollars)
    }

    /// So many quadrillionths of a dollar.
    #[must_use]
    pub const fn femtodollars(self) -> i64 {
        self.0
    }

    /// A price in dollars as people and JSON write it: `0.0000025`, `2.5e-06`. Digits beyond the
    /// fifteenth decimal are rounded half up; they are the noise of a float. `None` for what is no
    /// price: negative, not a number, or more than nine thousand dollars.
    #[must_use]
    pub fn parse(dollars: &str) -> Option<Self> {
        decimal(dollars.trim(), DECIMALS).map(Self)
    }

    /// The same for the price of a million units.
    #[must_use]
    pub fn parse_per_million(dollars: &str) -> Option<Self> {
        decimal(dollars, DECIMALS_PER_MILLION).map(Self)
    }

    /// A price in JSON: a number, or a string that holds one, as YAML makes of `3e-7`.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        match value {
            // The shortest text that names this float is what was written.
            Value::Number(number) => Self::parse(&number.to_string()),
            Value::String(text) => Self::parse(text),
            _ => None,
        }
    }

    /// The price in dollars, for people and for JSON. Do not calculate with it.
    #[must_use]
    pub fn dollars(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for showing, not for sums")]
        let femtodollars = self.0 as f64;
        femtodollars / 1e15
    }

    /// The same as a JSON number.
    #[must_use]
    pub fn to_json(self) -> Value {
        Number::from_f64(self.dollars()).map_or(Value::Null, Value::Number)
    }

    /// Half of it, rounded up.
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0 / 2 + self.0 % 2)
    }
}

impl fmt::Display for Rate {
    /// Dollars for a million units, with as many decimals as it takes: `2.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{rest:09}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

/// `text` times ten to the power of `decimals`, rounded half up.
pub(super) fn decimal(text: &str, decimals: i64) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let mantissa = mantissa.strip_prefix('+').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // Where the point stands in the digits after the shift; what is behind it is rounded away.
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)? + decimals;
    let mut number: i64 = 0;
    let mut digits = digits();
    for _ in 0..point.max(0) {
        let digit = digits.next();
        if digit.is_none() && number == 0 {
            break;
        }
        let digit = i64::from(digit.unwrap_or(b'0') - b'0');
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    let rounds_up = point >= 0 && digits.next().is_some_and(|digit| digit >= b'5');
    number.checked_add(i64::from(rounds_up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_exactly() {
        for (text, femtodollars) in [
            ("0", 0),
            ("0.0", 0),
            ("1", 1_000_000_000_000_000),
            ("2.5e-06", 2_500_000_000),
            ("2.5E-6", 2_500_000_000),
            ("0.0000025", 2_500_000_000),
            ("8.33333333333333e-08", 83_333_333),
            ("1.5000099999999998e-7", 150_001_000),
            ("7.5e-8", 75_000_000),
            ("5e-16", 1),
            ("4e-16", 0),
            ("1e-99", 0),
            ("9000", 9_000_000_000_000_000_000),
            ("0e99", 0),
            (".5", 500_000_000_000_000),
        ] {
            assert_eq!(Rate::parse(text), Some(Rate(femtodollars)), "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_none() {
        for text in [
            "", ".", "-1", "NaN", "inf", "1e99", "10000", "1 $", "1e", "0x1",
        ] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_price_shows_as_it_was_written() {
        for text in ["2.5e-6", "0.04", "1.25e-7", "0.0", "1.5e-10", "83.5"] {
            let value: Value = serde_json::from_str(text).unwrap();
            let rate = Rate::read(&value).unwrap();
            assert_eq!(rate.to_json(), value, "{text}");
            assert_eq!(Rate::parse_per_million(&rate.to_string()), Some(rate));
        }
        assert_eq!(Rate::parse("0.0000025").unwrap().to_string(), "2.5");
    }
}
