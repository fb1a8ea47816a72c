//! Money as integers: what is added up a million times must not drift.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount in billionths of a US dollar; about nine billion dollars at most.
///
/// Sums saturate. In JSON it is a number of dollars, as LiteLLM writes amounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanodollars(i64);

const PER_DOLLAR: f64 = 1e9;

// === impl Nanodollars ===

impl Nanodollars {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than anybody has.
    pub const MAX: Self = Self(i64::MAX);

    /// So many billionths of a dollar.
    #[must_use]
    pub const fn new(nanodollars: i64) -> Self {
        Self(nanodollars)
    }

    /// So many billionths of a dollar.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The amount next to `dollars`; `None` for what is no amount (NaN, infinite, beyond the range).
    #[must_use]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let nanodollars = (dollars * PER_DOLLAR).round();
        // 2^63 is the first that does not fit; it is a float.
        let fits = nanodollars.abs() < 9_223_372_036_854_775_808.0;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
        fits.then_some(Self(nanodollars as i64))
    }

    /// The amount in dollars, for people and for JSON. Do not calculate with it.
    #[must_use]
    pub fn dollars(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for showing, not for sums")]
        let nanodollars = self.0 as f64;
        nanodollars / PER_DOLLAR
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl Add for Nanodollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Nanodollars {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Nanodollars {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Nanodollars {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Nanodollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Nanodollars {
    /// Dollars with as many decimals as it takes: `0.000012345`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, amount) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (dollars, mut decimals) = (amount / 1_000_000_000, amount % 1_000_000_000);
        let mut places = 9;
        while places > 1 && decimals.is_multiple_of(10) {
            decimals /= 10;
            places -= 1;
        }
        write!(f, "{sign}{dollars}.{decimals:0places$}")
    }
}

impl Serialize for Nanodollars {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Nanodollars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(from)?;
        Self::from_dollars(dollars).ok_or_else(|| D::Error::custom("not an amount in dollars"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_reads_as_people_write_it() {
        for (nanodollars, text) in [
            (0, "0.0"),
            (1, "0.000000001"),
            (12_345, "0.000012345"),
            (100_000_000, "0.1"),
            (-1_500_000_000, "-1.5"),
            (i64::MIN, "-9223372036.854775808"),
        ] {
            assert_eq!(Nanodollars::new(nanodollars).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for dollars in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e10, -1e10] {
            assert_eq!(Nanodollars::from_dollars(dollars), None, "{dollars}");
        }
    }

    proptest! {
        /// A million dollars and less go through JSON unharmed.
        #[test]
        fn json_keeps_an_amount(nanodollars in -1_000_000_000_000_000_i64..1_000_000_000_000_000) {
            let amount = Nanodollars::new(nanodollars);
            let text = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Nanodollars>(&text).unwrap(), amount);
        }
    }
}
