//! What the requests of one deployment cost.

use std::sync::Arc;

use lockgate_core::ledger::CostSource;
use lockgate_core::money::Nanodollars;

use super::charges::Charges;
use super::cost::{Breakdown, Cost, rounded, rounded_up};
use super::facts::Facts;
use super::price::{ONE, Price};
use super::terms::Terms;
use super::worst::{self, Bounds};

/// The price of a deployment's model with everything that does not change from request to request:
/// resolved once, shared, never locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricing {
    pub(super) price: Option<Arc<Price>>,
    /// What the place it is served at costs more, in millionths.
    pub(super) uplift: i64,
    pub(super) terms: Terms,
    /// The provider says in each answer what it cost.
    pub(super) reports: bool,
}

/// Trillionths of a dollar have so many quadrillionths.
const FEMTO_PER_PICO: i128 = 1000;

// === impl Pricing ===

impl Pricing {
    /// The price, when anybody knows one.
    #[must_use]
    pub fn price(&self) -> Option<&Arc<Price>> {
        self.price.as_ref()
    }

    /// Whether requests cost nothing, which is known and not guessed.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.price.as_ref().is_some_and(|price| price.is_free()) && self.terms.margin_on(0) == 0
    }

    /// What a request cost. What the provider said it cost wins over our prices. Without either,
    /// or where nothing was used, it cost nothing that is known.
    #[must_use]
    pub fn cost(&self, facts: &Facts<'_>) -> Cost {
        let reported = facts.usage.and_then(|usage| usage.billing.reported_cost);
        if let Some(reported) = reported.filter(|_| self.reports) {
            return self.reported(i128::from(reported) * FEMTO_PER_PICO);
        }
        let Some(price) = self.price.as_ref() else {
            return Cost::default();
        };
        let charges = Charges::of(price, facts).scaled(self.uplift);
        if facts.is_empty() && charges.total() == 0 {
            return Cost::default();
        }
        let original = charges.total();
        let discount = self.terms.discount_on(original);
        let paid = original - discount;
        let margin = self.terms.margin_on(paid);
        Cost {
            amount: rounded(paid.saturating_add(margin)),
            source: if facts.estimated {
                CostSource::Estimated
            } else {
                CostSource::Computed
            },
            breakdown: Breakdown {
                input: rounded(charges.input),
                output: rounded(charges.output),
                tools: rounded(charges.tools),
                original: rounded(original),
                discount: rounded(discount),
                margin: rounded(margin),
            },
        }
    }

    /// What a request within `bounds` costs at most at our prices: [`Pricing::cost`] of no such
    /// request is higher. `None` when nobody knows a price.
    #[must_use]
    pub fn worst_case(&self, bounds: &Bounds) -> Option<Nanodollars> {
        let price = self.price.as_ref()?;
        let uplift = if bounds.without.residency {
            self.uplift
        } else {
            self.uplift.max(ONE)
        };
        let original = worst::charges(price, bounds).scaled(uplift).total();
        let paid = original - self.terms.discount_on(original);
        Some(rounded_up(paid.saturating_add(self.terms.margin_on(paid))))
    }

    /// A sum that the provider named. Discounts are in it already.
    fn reported(&self, original: i128) -> Cost {
        let margin = self.terms.margin_on(original);
        Cost {
            amount: rounded(original.saturating_add(margin)),
            source: CostSource::Reported,
            breakdown: Breakdown {
                output: rounded(original),
                original: rounded(original),
                margin: rounded(margin),
                ..Breakdown::default()
            },
        }
    }
}
