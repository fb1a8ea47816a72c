//! What an operator pays less than the list says, and charges more.

use lockgate_core::config::CostTerms;

use super::charges::scaled;

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

/// `as` saturates; a share is no less than nothing.
fn billionths(share: f64) -> i64 {
    (share.max(0.0) * WHOLE as f64).round() as i64
}

// === impl Terms ===

impl Terms {
    /// What `terms` say about a provider.
    pub(super) fn of(terms: &CostTerms, provider: &str) -> Self {
        let margin = terms.margins.get(provider);
        let margin = margin.or_else(|| terms.margins.get("global"));
        let margin = margin.copied().unwrap_or_default();
        let discount = terms.discounts.get(provider).copied().unwrap_or_default();
        Self {
            discount: billionths(discount.clamp(0.0, 1.0)),
            margin: billionths(margin.percentage),
            fixed: (margin.fixed_amount.max(0.0) * FEMTODOLLARS).round() as i128,
        }
    }

    /// What of an amount is not paid.
    pub(super) fn discount_on(&self, amount: i128) -> i128 {
        amount - scaled(amount, WHOLE - self.discount, WHOLE)
    }

    /// What is charged on top of an amount.
    pub(super) fn margin_on(&self, amount: i128) -> i128 {
        scaled(amount, self.margin, WHOLE).saturating_add(self.fixed)
    }
}
