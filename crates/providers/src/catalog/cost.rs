//! What a request cost.

use lockgate_core::ledger::CostSource;
use lockgate_core::money::Nanodollars;

/// What a request cost, and where the figure comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// What is charged.
    pub amount: Nanodollars,
    /// Who says so.
    pub source: CostSource,
    /// How it comes about.
    pub breakdown: Breakdown,
}

/// The parts of a cost, each rounded by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// For what was sent. Nothing when the provider named a sum.
    pub input: Nanodollars,
    /// For what came back. The whole sum when the provider named one.
    pub output: Nanodollars,
    /// For tools that the provider ran.
    pub tools: Nanodollars,
    /// All of that.
    pub original: Nanodollars,
    /// What was taken off.
    pub discount: Nanodollars,
    /// What was put on.
    pub margin: Nanodollars,
}

/// Quadrillionths of a dollar in a billionth.
const PER_NANODOLLAR: i128 = 1_000_000;

/// An amount in quadrillionths of a dollar, rounded half up.
pub(super) fn rounded(femtodollars: i128) -> Nanodollars {
    whole(
        femtodollars
            .saturating_add(PER_NANODOLLAR / 2)
            .div_euclid(PER_NANODOLLAR),
    )
}

/// The same, rounded up.
pub(super) fn rounded_up(femtodollars: i128) -> Nanodollars {
    whole(
        femtodollars
            .saturating_add(PER_NANODOLLAR - 1)
            .div_euclid(PER_NANODOLLAR),
    )
}

fn whole(nanodollars: i128) -> Nanodollars {
    i64::try_from(nanodollars).map_or(Nanodollars::MAX, Nanodollars::new)
}
