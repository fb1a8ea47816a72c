//! What the broker knows of a lease: what was granted and told, and how much to ask for.

use lockgate_core::ports::{LeaseAsk, LeaseGrant};

use super::broker::Need;
use super::lease::Lease;

/// The broker's side of a lease.
#[derive(Debug)]
pub(super) struct Books {
    /// All that was ever granted, what was used included.
    granted: i64,
    /// As much of what was used as the store has answered to.
    answered: i64,
    /// What was used before the part began anew.
    before: i64,
    /// What everybody has used, as the store said last.
    known: Option<i64>,
    /// How much credit is wanted.
    target: i64,
    /// How much of it leaves something for others.
    most_slack: i64,
    /// Ticks since it was touched.
    pub quiet: u32,
}

/// Ticks after which credit that nobody takes is given back.
const GIVES_BACK: u32 = 10;
/// Ticks after which what is in use is told again, so that the store does not forget it.
const REFRESHES: u32 = 300;
/// Ticks after which a lease that holds nothing is let go.
const ENDS: u32 = 600;

/// What is to be done with a lease that was not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Nothing,
    /// It is asked about again.
    Ask,
    /// It is asked about for the last time.
    End,
    /// It is let go without a word.
    Drop,
}

// === impl Books ===

impl Default for Books {
    fn default() -> Self {
        Self {
            granted: 0,
            answered: 0,
            before: 0,
            known: None,
            target: 0,
            most_slack: i64::MAX,
            quiet: 0,
        }
    }
}

impl Books {
    /// Makes ready what is said about a lease, for the requests that lack something.
    pub(super) fn ask(&mut self, needed: &Need, is_strict: bool, ends: bool) -> LeaseAsk {
        let (lease, need) = (&needed.lease, needed.all);
        let overdrawn = lease.credit().min(0).saturating_neg();
        if overdrawn > 0 {
            lease.grant(overdrawn);
            self.granted += overdrawn;
        }
        if need > 0 {
            self.target = self.target.saturating_mul(2).max(need).min(lease.most());
            self.quiet = 0;
        }
        if is_strict || self.quiet >= GIVES_BACK {
            self.target = 0;
        }
        let excess = lease.credit() - self.target.min(self.most_slack);
        if excess > 0 && lease.take_back(excess) {
            self.granted -= excess;
        }
        let slack = lease.credit().max(0);
        let lacks = need > 0 || slack < self.target / 2;
        let terms = lease.terms();
        let spent = terms.spent.map(|spent| self.known.unwrap_or(spent));
        LeaseAsk {
            counter: terms.counter.clone(),
            part: lease.number(),
            most: lease.most(),
            kept: terms.kept,
            known: spent,
            reset: lease.asked_reset(),
            used: lease.used() - self.before,
            answered: self.answered,
            granted: self.granted,
            need,
            least: needed.least,
            spare: if lacks { self.target - slack } else { 0 }.max(0),
            slack,
            ends,
        }
    }

    /// Hears what the store answered to `asked`. What is granted is for the caller to give out.
    pub(super) fn hear(&mut self, lease: &Lease, asked: &LeaseAsk, grant: &LeaseGrant) {
        let told = asked.used + self.before;
        if grant.begins_anew {
            self.before += self.answered;
            self.granted -= self.answered;
        }
        self.granted += grant.granted;
        self.answered = told - self.before;
        self.known = Some(grant.used);
        self.most_slack = grant.most_slack;
        if grant.is_wanted {
            self.target = 0;
            self.most_slack = 0;
        }
        if let Some(spent) = asked.reset {
            lease.was_reset(spent);
        }
        lease.hear(grant.used, told, grant.held);
    }

    /// Counts one tick in which nobody touched `lease`; says what becomes of it.
    pub(super) fn rest(&mut self, lease: &Lease) -> Rest {
        self.quiet = self.quiet.saturating_add(1);
        let used = lease.used() - self.before;
        let holds = self.granted != used || lease.credit() != 0;
        if self.quiet == GIVES_BACK && lease.credit() > 0 {
            return Rest::Ask;
        }
        if self.quiet >= ENDS && !holds {
            // What is used of a window stays told until the window is forgotten.
            let has_end = lease.window() != 0;
            return match (has_end, used == self.answered) {
                (true, _) => Rest::Drop,
                (false, true) => Rest::End,
                (false, false) => Rest::Ask,
            };
        }
        if self.quiet.is_multiple_of(REFRESHES) && holds {
            return Rest::Ask;
        }
        Rest::Nothing
    }
}
