//! Counts in fixed windows of time, exact under any number of threads.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

/// How much was counted in the current window of time. The window's number and the count are one
/// word, so that a count can never get into the wrong window.
#[derive(Debug, Default)]
pub(crate) struct WindowCounter(AtomicU64);

/// How many are there at the same time.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

/// Something that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The window it was counted in.
    pub window: u32,
    /// The count with it.
    pub used: u64,
}

/// The lower bits hold the count, the upper ones the window's number.
const COUNT_BITS: u32 = 36;
const MOST: u64 = (1 << COUNT_BITS) - 1;

// === impl WindowCounter ===

impl WindowCounter {
    /// Counts `amount` in `window`, unless that makes more than `most`; says how much was counted
    /// without it.
    ///
    /// A window that has passed on another core already is not opened again: what is late counts in
    /// the one that is open.
    pub(crate) fn take(&self, window: u32, amount: u64, most: u64) -> Result<Counted, u64> {
        let mut counted = Counted { window, used: 0 };
        let mut refused = 0;
        let taken = self.0.fetch_update(AcqRel, Acquire, |word| {
            let (open, used) = unpack(word, window);
            counted = Counted {
                window: open,
                used: used.saturating_add(amount),
            };
            refused = used;
            (counted.used <= most).then(|| pack(open, counted.used))
        });
        taken.map(|_| counted).map_err(|_| refused)
    }

    /// Takes back what was counted in `window`, if that is still open.
    pub(crate) fn give_back(&self, window: u32, amount: u64) {
        let _passed = self.0.fetch_update(AcqRel, Acquire, |word| {
            let (open, used) = split(word);
            (open == window).then(|| pack(open, used.saturating_sub(amount)))
        });
    }

    /// Counts `amount` in `now`, whatever the limit says.
    pub(crate) fn add(&self, now: u32, amount: u64) {
        let _taken = self.take(now, amount.min(MOST), u64::MAX);
    }

    /// Makes `reserved`, which was counted in `window`, into `real`. What is more than was
    /// reserved is known only now, and counts now.
    pub(crate) fn settle(&self, window: u32, reserved: u64, real: u64, now: u32) {
        if real > reserved {
            self.add(now, real - reserved);
        } else if real < reserved {
            self.give_back(window, reserved - real);
        }
    }

    /// How much was counted in `window`.
    pub(crate) fn used(&self, window: u32) -> u64 {
        let (open, used) = split(self.0.load(Acquire));
        if open == window { used } else { 0 }
    }
}

// === impl Gauge ===

impl Gauge {
    /// Lets one in unless there are `most`; says how many there are with it, or without it.
    pub(crate) fn enter(&self, most: u64) -> Result<u64, u64> {
        let entered = self
            .0
            .fetch_update(AcqRel, Acquire, |there| (there < most).then_some(there + 1));
        entered.map(|there| there + 1)
    }

    /// Lets one out.
    pub(crate) fn leave(&self) {
        let _empty = self
            .0
            .fetch_update(AcqRel, Acquire, |there| there.checked_sub(1));
    }

    /// How many there are.
    pub(crate) fn there(&self) -> u64 {
        self.0.load(Acquire)
    }
}

fn split(word: u64) -> (u32, u64) {
    let window = u32::try_from(word >> COUNT_BITS).unwrap_or(u32::MAX);
    (window, word & MOST)
}

/// The window that is open when it is `window`, and its count.
fn unpack(word: u64, window: u32) -> (u32, u64) {
    let (open, used) = split(word);
    if open >= window {
        (open, used)
    } else {
        (window, 0)
    }
}

fn pack(window: u32, used: u64) -> u64 {
    u64::from(window) << COUNT_BITS | used.min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_met_exactly_and_begins_anew_with_the_window() {
        let counter = WindowCounter::default();
        for used in 1..=3 {
            assert_eq!(counter.take(7, 1, 3), Ok(Counted { window: 7, used }));
        }
        assert_eq!(counter.take(7, 1, 3), Err(3));
        assert_eq!(counter.take(8, 3, 3), Ok(Counted { window: 8, used: 3 }));
        // A core whose clock is behind does not open the old window again.
        assert_eq!(counter.take(7, 1, 3), Err(3));
        assert_eq!((counter.used(7), counter.used(8)), (0, 3));
    }

    #[test]
    fn what_is_given_back_late_is_not_taken_from_another_window() {
        let counter = WindowCounter::default();
        counter.take(7, 5, 9).unwrap();
        counter.take(8, 2, 9).unwrap();
        counter.give_back(7, 5);
        assert_eq!(counter.used(8), 2);
        counter.give_back(8, 2);
        assert_eq!(counter.used(8), 0);
    }

    #[test]
    fn what_was_not_reserved_counts_when_it_is_known() {
        let counter = WindowCounter::default();
        counter.take(7, 5, 9).unwrap();
        counter.settle(7, 5, 3, 7);
        assert_eq!(counter.used(7), 3);
        counter.settle(7, 3, 8, 8);
        assert_eq!(counter.used(8), 5);
    }

    #[test]
    fn a_count_does_not_run_into_the_window() {
        let counter = WindowCounter::default();
        counter.add(7, u64::MAX);
        counter.add(7, u64::MAX);
        assert_eq!(counter.used(7), MOST);
    }

    #[test]
    fn no_more_are_in_than_may_be() {
        let gauge = Gauge::default();
        assert_eq!(
            (gauge.enter(2), gauge.enter(2), gauge.enter(2)),
            (Ok(1), Ok(2), Err(2))
        );
        gauge.leave();
        assert_eq!(gauge.enter(2), Ok(2));
        (0..5).for_each(|_| gauge.leave());
        assert_eq!(gauge.there(), 0);
    }
}
