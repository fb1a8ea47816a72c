//! Letting a request in: it is counted in every limit and set aside in every budget that concerns
//! it, or in none.

use std::sync::Arc;

use jiff::tz::TimeZone;
use lockgate_core::money::Nanodollars;

use super::account::Account;
use super::caller::Caller;
use super::refusal::{Exceeded, Measure, Refusal, whose};
use super::reservation::{DAY, Hold, MINUTE, Reservation, What, counter, number};
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

// === impl Reservation ===

impl Reservation {
    /// Lets a request of `caller` in, or says why not; then nothing was taken.
    pub(crate) fn make(caller: Caller, entrant: &Entrant<'_>) -> Result<Self, Refusal> {
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
        match made.enter(entrant) {
            Ok(()) => Ok(made),
            Err(refusal) => {
                made.undo();
                Err(refusal)
            }
        }
    }

    fn enter(&mut self, entrant: &Entrant<'_>) -> Result<(), Refusal> {
        let concerned = self.concerned();
        for (number, account) in &concerned {
            self.take_limits(*number, account, entrant)
                .map_err(Refusal::Limit)?;
        }
        if let Worst::AtMost(worst) = entrant.worst {
            self.reserved = worst;
        }
        self.set_all_aside(&concerned, entrant)
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
    ) -> Result<(), Exceeded> {
        let limits = &account.terms().limits;
        let wanted = [
            (What::Requests, limits.requests, 1),
            (What::Tokens, limits.tokens, entrant.tokens),
            (What::TokensPerDay, limits.tokens_per_day, entrant.tokens),
            (What::Parallel, limits.parallel, 1),
        ];
        for (what, most, amount) in wanted {
            if let Some(most) = most {
                self.take(account_number, account, what, most, amount)?;
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
                self.take(account_number, account, What::ModelRequests(place), most, 1)?;
            }
            if let Some(most) = limits.tokens {
                let what = What::ModelTokens(place);
                self.take(account_number, account, what, most, entrant.tokens)?;
            }
        }
        for (place, (tag, most)) in rare.by_tag.iter().enumerate() {
            if self.caller.tags.contains(tag) {
                let what = What::ModelRequests(rare.by_model.len() + place);
                self.take(account_number, account, what, *most, 1)?;
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        account_number: usize,
        account: &Account,
        what: What,
        most: u64,
        amount: u64,
    ) -> Result<(), Exceeded> {
        let length = if what == What::TokensPerDay {
            DAY
        } else {
            MINUTE
        };
        let is_tokens = matches!(
            what,
            What::Tokens | What::TokensPerDay | What::ModelTokens(_)
        );
        // One request alone must fit, however long its answer may get.
        let amount = if is_tokens {
            amount.min(most).max(1)
        } else {
            amount
        };
        let window = number(self.now, length);
        let taken = match counter(account, what) {
            Some(counter) => counter.take(window, amount, most),
            None => account
                .counters
                .parallel
                .enter(most)
                .map(|used| Counted { window, used }),
        };
        match taken {
            Ok(counted) => {
                self.holds.push(Hold {
                    account: account_number,
                    what,
                    counted,
                    amount,
                    most,
                });
                Ok(())
            }
            Err(used) => Err(Exceeded {
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
            }),
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
