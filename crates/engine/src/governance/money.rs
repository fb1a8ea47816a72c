//! What was spent in a window of a budget, and what may still come of requests in flight.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use lockgate_core::money::Nanodollars;
use lockgate_core::period::Period;

use super::sharing::Lease;

/// Money that was spent, and that is reserved, in one window of time.
#[derive(Debug)]
pub(crate) struct Till {
    /// When the window began, in seconds since 1970; 0 for all time.
    pub start: i64,
    /// When the next one begins.
    pub end: i64,
    /// Spent and reserved together: what a budget is held against, in one word.
    committed: AtomicI64,
    /// Spent.
    spent: AtomicI64,
    /// This replica's part, where several share a budget. What others have spent is in there.
    pub lease: OnceLock<Arc<Lease>>,
}

/// A budget's windows, one of which is open.
///
/// A request belongs to the window it began in, and holds on to it: one that ends in the next
/// window settles in its own.
#[derive(Debug)]
pub(crate) struct Meter(ArcSwap<Till>);

// === impl Till ===

impl Till {
    /// Of all time.
    pub(crate) fn ever() -> Self {
        Self::new(0, i64::MAX, 0)
    }

    fn new(start: i64, end: i64, spent: i64) -> Self {
        Self {
            start,
            end,
            committed: AtomicI64::new(spent),
            spent: AtomicI64::new(spent),
            lease: OnceLock::new(),
        }
    }

    /// What other replicas have spent, as far as it is not in here.
    fn others(&self) -> i64 {
        self.lease.get().map_or(0, |lease| lease.others())
    }

    /// Sets `amount` aside, unless more than `most` would be spent then; says what is left.
    pub(crate) fn reserve(&self, amount: i64, most: i64) -> Result<(), Nanodollars> {
        let most = most.saturating_sub(self.others());
        let mut left = 0;
        let taken = self.committed.fetch_update(AcqRel, Acquire, |committed| {
            left = most.saturating_sub(committed);
            (amount <= left).then(|| committed.saturating_add(amount))
        });
        taken.map(|_| ()).map_err(|_| Nanodollars::new(left.max(0)))
    }

    /// Ends a reservation of `reserved` with `cost`; says what was spent before and after.
    pub(crate) fn settle(&self, reserved: i64, cost: i64) -> (i64, i64) {
        add(&self.committed, cost.saturating_sub(reserved));
        if cost == 0 {
            let spent = self.spent().get();
            return (spent, spent);
        }
        let before = add(&self.spent, cost).saturating_add(self.others());
        (before, before.saturating_add(cost))
    }

    /// Adds what was spent and never reserved, or takes off what was forgiven, which all replicas
    /// hear of.
    pub(crate) fn add_spent(&self, amount: i64) {
        self.settle(0, amount);
        if let Some(lease) = self.lease.get().filter(|_| amount < 0) {
            lease.settle(0, amount);
        }
    }

    /// Sets what was spent; what is reserved stays so.
    pub(crate) fn set_spent(&self, amount: i64) {
        let amount = match self.lease.get() {
            None => amount,
            Some(lease) => lease.reset(amount),
        };
        let before = self.spent.swap(amount, AcqRel);
        add(&self.committed, amount.saturating_sub(before));
    }

    pub(crate) fn spent(&self) -> Nanodollars {
        Nanodollars::new(self.spent.load(Acquire).saturating_add(self.others()))
    }

    pub(crate) fn committed(&self) -> Nanodollars {
        Nanodollars::new(self.committed.load(Acquire).saturating_add(self.others()))
    }
}

fn add(to: &AtomicI64, amount: i64) -> i64 {
    if amount == 0 {
        return to.load(Acquire);
    }
    let added = to.fetch_update(AcqRel, Acquire, |sum| Some(sum.saturating_add(amount)));
    added.unwrap_or_default()
}

// === impl Meter ===

impl Meter {
    /// No window is open yet.
    pub(crate) fn new() -> Self {
        Self(ArcSwap::from_pointee(Till::new(i64::MIN, i64::MIN, 0)))
    }

    /// The window that is open at `now`.
    pub(crate) fn open(&self, period: Option<Period>, now: i64, zone: &TimeZone) -> Arc<Till> {
        loop {
            let open = self.0.load();
            // A clock that went back does not open a window again.
            if now < open.end {
                return Arc::clone(&open);
            }
            let next = Arc::new(fresh(period, now, zone, 0));
            let before = self.0.compare_and_swap(&open, next.clone());
            if Arc::ptr_eq(&before, &open) {
                return next;
            }
        }
    }

    /// Sets what was spent in the window that began at `start`, unless a later one is open.
    pub(crate) fn set_spent(
        &self,
        period: Option<Period>,
        start: i64,
        amount: i64,
        zone: &TimeZone,
    ) {
        self.at(period, start, zone, |till| till.set_spent(amount));
    }

    /// As if nothing had been spent in the window that is open.
    pub(crate) fn forget_spent(&self) {
        self.0.load().set_spent(0);
    }

    /// Adds what was spent in the window that began at `start`, unless a later one is open.
    pub(crate) fn add_spent(&self, period: Option<Period>, start: i64, cost: i64, zone: &TimeZone) {
        self.at(period, start, zone, |till| till.add_spent(cost));
    }

    fn at(&self, period: Option<Period>, start: i64, zone: &TimeZone, change: impl Fn(&Till)) {
        let till = self.open(period, start, zone);
        if till.start == start {
            change(&till);
        }
    }
}

fn fresh(period: Option<Period>, now: i64, zone: &TimeZone, spent: i64) -> Till {
    match period {
        None => Till::new(0, i64::MAX, spent),
        Some(period) => {
            let window = period.window(now, zone);
            Till::new(window.start, window.end, spent)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTC: TimeZone = TimeZone::UTC;

    fn minute() -> Option<Period> {
        "1m".parse().ok()
    }

    #[test]
    fn nothing_beyond_the_budget_is_set_aside() {
        let till = Till::ever();
        assert_eq!(till.reserve(60, 100), Ok(()));
        assert_eq!(till.reserve(41, 100), Err(Nanodollars::new(40)));
        assert_eq!(till.reserve(40, 100), Ok(()));
        till.settle(60, 10);
        assert_eq!((till.spent().get(), till.committed().get()), (10, 50));
        till.settle(40, 0);
        assert_eq!((till.spent().get(), till.committed().get()), (10, 10));
    }

    #[test]
    fn a_request_settles_in_the_window_it_began_in() {
        let meter = Meter::new();
        let first = meter.open(minute(), 119, &UTC);
        first.reserve(30, 100).unwrap();
        let second = meter.open(minute(), 120, &UTC);
        assert_eq!((first.start, first.end, second.start), (60, 120, 120));
        second.reserve(100, 100).unwrap();
        first.settle(30, 20);
        assert_eq!((first.spent().get(), first.committed().get()), (20, 20));
        assert_eq!(second.committed().get(), 100);
        // Whoever looks at a clock that is behind finds the window that is open.
        assert!(Arc::ptr_eq(&meter.open(minute(), 119, &UTC), &second));
    }

    #[test]
    fn spend_of_a_past_window_is_not_of_this_one() {
        let meter = Meter::new();
        meter.set_spent(minute(), 60, 7, &UTC);
        assert_eq!(meter.open(minute(), 61, &UTC).spent().get(), 7);
        meter.add_spent(minute(), 60, 3, &UTC);
        assert_eq!(meter.open(minute(), 61, &UTC).spent().get(), 10);
        let open = meter.open(minute(), 121, &UTC);
        meter.set_spent(minute(), 60, 9, &UTC);
        meter.add_spent(minute(), 60, 9, &UTC);
        assert_eq!(open.committed().get(), 0);
    }
}
