//! What an operator pays less than the list says, and charges more.

use std::collections::BTreeMap;

use super::charges::scaled;

/// Discounts and margins of all providers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AllTerms {
    /// By provider: the share of the price that is not paid, from 0 to 1.
    pub discounts: BTreeMap<String, f64>,
    /// By provider, or under `global` for all that are not named.
    pub margins: BTreeMap<String, Margin>,
}

/// What is charged on top of a cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Margin {
    /// A share of the cost: 0.1 is ten percent.
    pub percentage: f64,
    /// Dollars for each request.
    pub fixed_amount: f64,
}

/// Those of one provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// In billionths.
    discount: i64,
    /// In billionths.
    margin: i64,
    /// In quadrillionths of a dollar.
    fixed: i128,
}

const WHOLE: i64 = 1_000_000_000;
const FEMTODOLLARS: f64 = 1e15;

// === impl AllTerms ===

impl AllTerms {
    pub(super) fn of(&self, provider: &str) -> Terms {
        let margin = self.margins.get(provider).or(self.margins.get("global"));
        let margin = margin.copied().unwrap_or_default();
        let discount = self.discounts.get(provider).copied().unwrap_or_default();
        Terms {
            discount: billionths(discount.clamp(0.0, 1.0)),
            margin: billionths(margin.percentage),
            fixed: (margin.fixed_amount.max(0.0) * FEMTODOLLARS).round() as i128,
        }
    }
}

/// `as` saturates; a share is no less than nothing.
fn billionths(share: f64) -> i64 {
    (share.max(0.0) * WHOLE as f64).round() as i64
}

// === impl Terms ===

impl Terms {
    /// What of an amount is not paid.
    pub(super) fn discount_on(&self, amount: i128) -> i128 {
        amount - scaled(amount, WHOLE - self.discount, WHOLE)
    }

    /// What is charged on top of an amount.
    pub(super) fn margin_on(&self, amount: i128) -> i128 {
        scaled(amount, self.margin, WHOLE).saturating_add(self.fixed)
    }
}
