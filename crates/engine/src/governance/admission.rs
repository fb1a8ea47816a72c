//! Letting a request in: it is counted in every limit and set aside in every budget that concerns
//! it, or in none.

use std::sync::Arc;

use jiff::tz::TimeZone;
use lockgate_core::money::Nanodollars;

use super::account::Account;
use super::caller::Caller;
use super::leasing::{Attempt, NoneLeft};
use super::refusal::{Exceeded, Measure, Refusal, whose};
use super::reservation::{DAY, Hold, MINUTE, Reservation, What, counter, number, whole};
use super::sharing::Lease;
use super::window::Counted;
use crate::snapshot::Group;

/// A request at the door.
#[derive(Debug, Clone)]
pub(crate) struct Entrant<'a> {
    /// The model as the client names it.
    pub model: &'a str,
    /// The group that is asked.
    pub group: Option<&'a Arc<Group>>,
    /// How many tokens it is expected to take.
    pub tokens: u64,
    /// What it may cost.
    pub worst: Worst,
    /// What it costs at least: a refusal says whether a shorter answer would fit.
    pub least: Nanodollars,
    /// Whether a user's budget also holds for keys of a team.
    pub user_pays_for_team: bool,
    /// Whose midnights budgets begin at.
    pub zone: &'a TimeZone,
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// What a request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worst {
    /// Nothing: budgets do not concern it.
    Nothing,
    /// No more than this.
    AtMost(Nanodollars),
    /// Nobody knows: it is let in as long as anything is left.
    Unknown,
}

/// A request that is not let in.
#[derive(Debug)]
pub(crate) enum Refused {
    /// For good.
    For(Refusal),
    /// This replica's part of something is too small: the attempt knows of what. Here is the caller
    /// again.
    Short(Box<Caller>),
}

// === impl Hold ===

impl Hold {
    /// Takes the same from `lease`, as far as that has it; otherwise `attempt` remembers it, or it
    /// is refused: then others hold so much.
    fn share(&mut self, lease: Arc<Lease>, attempt: &mut Attempt) -> Result<(), u64> {
        let amount = whole(self.amount);
        match attempt.take(&lease, amount, whole(self.most)) {
            Ok(true) => {
                if self.what.is_requests() {
                    // A request counts from the moment it is let in.
                    lease.settle(amount, amount);
                }
                self.lease = Some(lease);
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(NoneLeft) => Err(u64::try_from(lease.held()).unwrap_or(0)),
        }
    }
}

// === impl Reservation ===

impl Reservation {
    /// Lets a request of `caller` in, or says why not; then nothing was taken.
    pub(crate) fn make(
        caller: Caller,
        entrant: &Entrant<'_>,
        attempt: &mut Attempt,
    ) -> Result<Self, Refused> {
        let mut made = Self {
            caller,
            model: entrant.model.into(),
            group: entrant.group.cloned(),
            holds: Vec::new(),
            money: Vec::new(),
            reserved: Nanodollars::ZERO,
            now: entrant.now,
            open: true,
        };
        let entered = made.enter(entrant, attempt);
        if entered.is_ok() && !attempt.is_short() {
            return Ok(made);
        }
        made.undo();
        match entered {
            Err(refusal) => Err(Refused::For(refusal)),
            Ok(()) => {
                let caller = std::mem::replace(&mut made.caller, Caller::master());
                Err(Refused::Short(Box::new(caller)))
            }
        }
    }

    fn enter(&mut self, entrant: &Entrant<'_>, attempt: &mut Attempt) -> Result<(), Refusal> {
        let concerned = self.concerned();
        for (number, account) in &concerned {
            self.take_limits(*number, account, entrant, attempt)
                .map_err(Refusal::Limit)?;
        }
        if let Worst::AtMost(worst) = entrant.worst {
            self.reserved = worst;
        }
        self.set_all_aside(&concerned, entrant, attempt)
    }

    /// The accounts with limits or budgets, each with its number.
    pub(super) fn concerned(&self) -> Vec<(usize, Arc<Account>)> {
        let accounts = self.caller.accounts();
        let concerned = accounts.filter(|(_, account)| {
            let terms = account.terms();
            terms.limits.any() || terms.rare.is_some() || !terms.budgets.is_empty()
        });
        concerned
            .map(|(number, account)| (number, account.clone()))
            .collect()
    }

    fn take_limits(
        &mut self,
        account_number: usize,
        account: &Account,
        entrant: &Entrant<'_>,
        attempt: &mut Attempt,
    ) -> Result<(), Exceeded> {
        let number = account_number;
        let limits = &account.terms().limits;
        let wanted = [
            (What::Requests, limits.requests, 1),
            (What::Tokens, limits.tokens, entrant.tokens),
            (What::TokensPerDay, limits.tokens_per_day, entrant.tokens),
            (What::Parallel, limits.parallel, 1),
        ];
        for (what, most, amount) in wanted {
            if let Some(most) = most {
                self.take(number, account, (what, most, amount), attempt)?;
            }
        }
        let Some(rare) = account.rare() else {
            return Ok(());
        };
        for (place, limits) in rare.by_model.iter().enumerate() {
            if !self.names(&limits.model) {
                continue;
            }
            if let Some(most) = limits.requests {
                let wanted = (What::ModelRequests(place), most, 1);
                self.take(number, account, wanted, attempt)?;
            }
            if let Some(most) = limits.tokens {
                let wanted = (What::ModelTokens(place), most, entrant.tokens);
                self.take(number, account, wanted, attempt)?;
            }
        }
        for (place, (tag, most)) in rare.by_tag.iter().enumerate() {
            if self.caller.tags.contains(tag) {
                let what = What::ModelRequests(rare.by_model.len() + place);
                self.take(number, account, (what, *most, 1), attempt)?;
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        account_number: usize,
        account: &Account,
        (what, most, amount): (What, u64, u64),
        attempt: &mut Attempt,
    ) -> Result<(), Exceeded> {
        let length = if what == What::TokensPerDay {
            DAY
        } else {
            MINUTE
        };
        // One request alone must fit, however long its answer may get.
        let amount = if what.is_tokens() {
            amount.min(most).max(1)
        } else {
            amount
        };
        let window = number(self.now, length);
        let lease = attempt.of_limit(account, what, window);
        let others = lease.as_ref().map_or(0, |lease| lease.others());
        let others = u64::try_from(others).unwrap_or(0);
        let here = most.saturating_sub(others);
        let taken = match counter(account, what) {
            Some(counter) => counter.take(window, amount, here),
            None => account
                .counters
                .parallel
                .enter(here)
                .map(|used| Counted { window, used }),
        };
        let counted = taken.map_err(|used| {
            let used = used.saturating_add(others);
            self.exceeded(account, what, (most, used), length)
        })?;
        let mut hold = Hold {
            account: account_number,
            what,
            counted: Counted {
                used: counted.used.saturating_add(others),
                ..counted
            },
            amount,
            most,
            lease: None,
        };
        // Another core may have opened the next window between the two.
        let lease = match lease {
            Some(lease) if what != What::Parallel && lease.window() != counted.window => {
                attempt.of_limit(account, what, counted.window)
            }
            same => same,
        };
        let shared = lease.map_or(Ok(()), |lease| hold.share(lease, attempt));
        let used = hold.counted.used;
        self.holds.push(hold);
        shared.map_err(|held| self.exceeded(account, what, (most, used + held - amount), length))
    }

    fn exceeded(
        &self,
        account: &Account,
        what: What,
        (most, used): (u64, u64),
        length: i64,
    ) -> Exceeded {
        Exceeded {
            measure: match what {
                What::Parallel => Measure::Parallel,
                What::Requests | What::ModelRequests(_) => Measure::Requests,
                _ => Measure::Tokens,
            },
            whose: self.limited(account, what),
            per: if length == DAY { "day" } else { "minute" },
            most,
            used,
            resets_at: (what != What::Parallel).then(|| (self.now / length + 1) * length),
            now: self.now,
        }
    }

    fn limited(&self, account: &Account, what: What) -> String {
        let whose = whose(account);
        let models = account.rare().map_or(0, |rare| rare.by_model.len());
        match what {
            What::ModelRequests(place) if place >= models => {
                let tags = account.rare().map(|rare| &rare.by_tag);
                let tag = tags.and_then(|tags| tags.get(place - models));
                format!("{whose} with tag `{}`", tag.map_or("", |(tag, _)| tag))
            }
            What::ModelRequests(_) | What::ModelTokens(_) => {
                format!("{whose} with model `{}`", self.model)
            }
            _ => whose,
        }
    }
}
