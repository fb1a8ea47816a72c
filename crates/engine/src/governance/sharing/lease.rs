//! A replica's part of one counter in one window.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::Sharing;
use super::books::Books;
use super::purse::Purse;
use crate::governance::now_micros;

/// What this replica may use of a counter without asking, and what it has used. Amounts are
/// requests, tokens or nanodollars.
///
/// What was granted is either credit, or set aside by a request, or used. Credit below zero is what
/// was taken without being granted: while the store was away, or because an answer took more than
/// was set aside for it.
#[derive(Debug)]
pub(crate) struct Lease {
    number: u64,
    terms: Terms,
    most: AtomicI64,
    credit: AtomicI64,
    used: AtomicI64,
    /// What others have used that is not in the local counter.
    others: AtomicI64,
    /// What others hold.
    held: AtomicI64,
    /// What the local counter had when the lease began.
    start: AtomicI64,
    /// What was spent by whomever, because somebody said so; [`NOTHING`] if nobody did.
    reset: AtomicI64,
    /// Until when requests that lack something are refused without asking, in microseconds since
    /// 1970.
    hopeless_until: AtomicI64,
    is_touched: AtomicBool,
    /// The broker has it on its list.
    is_listed: AtomicBool,
    books: Mutex<Books>,
    sharing: Weak<Sharing>,
}

/// What a lease is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The counter, for all replicas.
    pub counter: String,
    /// The number of its window; 0 where windows are objects of their own.
    pub window: u32,
    /// When that ends, in seconds since 1970.
    pub ends_at: i64,
    /// How long others remember the counter.
    pub kept: Duration,
    /// For money: what is spent already, as this replica knows it.
    pub spent: Option<i64>,
}

pub(super) const NOTHING: i64 = i64::MIN;

// === impl Lease ===

impl Lease {
    pub(super) fn new(number: u64, terms: Terms, sharing: Weak<Sharing>) -> Self {
        Self {
            number,
            most: AtomicI64::new(0),
            credit: AtomicI64::new(0),
            used: AtomicI64::new(0),
            others: AtomicI64::new(0),
            held: AtomicI64::new(0),
            start: AtomicI64::new(terms.spent.unwrap_or(0)),
            reset: AtomicI64::new(NOTHING),
            hopeless_until: AtomicI64::new(0),
            is_touched: AtomicBool::new(false),
            is_listed: AtomicBool::new(false),
            books: Mutex::default(),
            sharing,
            terms,
        }
    }

    /// Which lease of this process.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(crate) fn window(&self) -> u32 {
        self.terms.window
    }

    /// Takes `amount` under the limit `most`, out of `purse` or of what there is; `false` when
    /// neither has it. Who is alone takes it all the same.
    pub(crate) fn take(
        self: &Arc<Self>,
        amount: i64,
        most: i64,
        purse: &mut Purse,
        is_alone: bool,
    ) -> bool {
        self.most.store(most, Relaxed);
        if is_alone {
            self.credit.fetch_sub(amount, AcqRel);
        } else if !purse.take(self, amount) && !self.take_back(amount) {
            return false;
        }
        self.touch();
        true
    }

    /// Whether asking for more is of no use just now.
    pub(crate) fn is_hopeless(&self) -> bool {
        let until = self.hopeless_until.load(Relaxed);
        until != 0 && now_micros() < until
    }

    /// Nobody had anything to spare: for so long it is not asked again.
    pub(super) fn refuse_for(&self, time: Duration) {
        let time = i64::try_from(time.as_micros()).unwrap_or(0);
        self.hopeless_until.store(now_micros() + time, Relaxed);
    }

    /// Takes `amount` of what no request has taken.
    pub(super) fn take_back(&self, amount: i64) -> bool {
        let taken = self.credit.fetch_update(AcqRel, Acquire, |credit| {
            (amount <= credit).then(|| credit - amount)
        });
        taken.is_ok()
    }

    /// Ends what a request has taken: of `reserved`, `real` was used.
    pub(crate) fn settle(self: &Arc<Self>, reserved: i64, real: i64) {
        if reserved != real {
            self.credit.fetch_add(reserved.saturating_sub(real), AcqRel);
        }
        if real != 0 {
            self.used.fetch_add(real, AcqRel);
        }
        self.touch();
        if real < reserved
            && let Some(sharing) = self.sharing.upgrade()
        {
            sharing.returned();
        }
    }

    /// Adds to what may be taken.
    pub(super) fn grant(&self, amount: i64) {
        self.credit.fetch_add(amount, AcqRel);
    }

    pub(super) fn credit(&self) -> i64 {
        self.credit.load(Acquire)
    }

    pub(super) fn used(&self) -> i64 {
        self.used.load(Acquire)
    }

    pub(super) fn most(&self) -> i64 {
        self.most.load(Relaxed)
    }

    /// What others have used, as far as the local counter does not know of it.
    pub(crate) fn others(&self) -> i64 {
        self.others.load(Acquire)
    }

    /// What others hold.
    pub(crate) fn held(&self) -> i64 {
        self.held.load(Relaxed)
    }

    /// Hears that everybody has used `all`, with `own` of this replica, and that others hold `held`.
    pub(super) fn hear(&self, all: i64, own: i64, held: i64) {
        let here = self.start.load(Acquire).saturating_add(own);
        self.others.store(all.saturating_sub(here), Release);
        self.held.store(held, Relaxed);
    }

    /// Somebody says how much was spent, by whomever; answers how much of that is for the local
    /// counter.
    pub(crate) fn reset(self: &Arc<Self>, spent: i64) -> i64 {
        let own = spent.saturating_sub(self.others());
        self.start.store(own.saturating_sub(self.used()), Release);
        self.reset.store(spent, Release);
        self.touch();
        own
    }

    pub(super) fn asked_reset(&self) -> Option<i64> {
        Some(self.reset.load(Acquire)).filter(|spent| *spent != NOTHING)
    }

    /// The store has heard of that.
    pub(super) fn was_reset(&self, to: i64) {
        // Another one may have come meanwhile.
        let _newer = self.reset.compare_exchange(to, NOTHING, AcqRel, Acquire);
    }

    /// Says that there is something to tell the store.
    pub(super) fn touch(self: &Arc<Self>) {
        self.mark();
        if !self.is_listed.load(Acquire) && self.begin() {
            let sharing = self.sharing.upgrade();
            if !sharing.is_some_and(|sharing| sharing.list(self)) {
                // The next touch tries again.
                self.end();
            }
        }
    }

    /// The same, for one that is on the broker's list.
    pub(super) fn mark(&self) {
        self.is_touched.store(true, Release);
    }

    /// Whether it was touched since this was asked last.
    pub(super) fn was_touched(&self) -> bool {
        self.is_touched.swap(false, AcqRel)
    }

    /// Whether somebody has to put it on the list: whoever asks first.
    pub(super) fn begin(&self) -> bool {
        !self.is_listed.swap(true, AcqRel)
    }

    /// It is not on the list any more.
    pub(super) fn end(&self) {
        self.is_listed.store(false, Release);
    }

    /// Only the broker looks into them.
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
