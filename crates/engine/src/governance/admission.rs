//! Letting a request in: it is counted in every limit and set aside in every budget that concerns
//! it, or in none.

use std::sync::Arc;

use jiff::tz::TimeZone;
use lockgate_core::money::Nanodollars;
use lockgate_core::terms::{BudgetTerms, Raise};

use super::account::Account;
use super::caller::{Caller, Place};
use super::refusal::{Exceeded, Measure, OverBudget, Refusal, whose};
use super::reservation::{DAY, Hold, MINUTE, Money, Reservation, What, counter, number};
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
        for (number, account) in concerned {
            for (budget, terms) in account.terms().budgets.iter().enumerate() {
                if !self.concerns(&account, budget) {
                    continue;
                }
                let open = |meter: &Arc<super::money::Meter>| {
                    meter.open(terms.period, entrant.now, entrant.zone)
                };
                let money = Money {
                    account: number,
                    budget,
                    till: account
                        .meters
                        .get(budget)
                        .and_then(Option::as_ref)
                        .map(open),
                    reserved: 0,
                };
                let exempt = self.is_exempt(number, entrant);
                let money = if exempt {
                    money
                } else {
                    self.set_aside(money, &account, entrant)?
                };
                self.money.push(money);
            }
        }
        Ok(())
    }

    /// The accounts with limits or budgets, each with its number.
    fn concerned(&self) -> Vec<(usize, Arc<Account>)> {
        let accounts = self.caller.accounts();
        let concerned = accounts.filter(|(_, account)| {
            let terms = account.terms();
            terms.limits.any() || terms.rare.is_some() || !terms.budgets.is_empty()
        });
        concerned
            .map(|(number, account)| (number, account.clone()))
            .collect()
    }

    /// A user's budget is for requests of its own, unless the operator wants otherwise; requests
    /// for a team are charged to it all the same.
    fn is_exempt(&self, number: usize, entrant: &Entrant<'_>) -> bool {
        let for_team = self.caller.at(Place::Team).is_some();
        number == Place::User as usize && for_team && !entrant.user_pays_for_team
    }

    /// Sets money aside in one budget.
    fn set_aside(
        &self,
        mut money: Money,
        account: &Account,
        entrant: &Entrant<'_>,
    ) -> Result<Money, Refusal> {
        let Some(terms) = account.terms().budgets.get(money.budget) else {
            return Ok(money);
        };
        let most = most(account, terms, entrant.now);
        let (amount, least) = match entrant.worst {
            Worst::Nothing => return Ok(money),
            Worst::AtMost(worst) => (worst.get(), worst.get()),
            // Something must be left, and nothing is set aside.
            Worst::Unknown => (0, 1),
        };
        let taken = self.till(&money, |till| {
            if least > amount {
                let left = most - till.committed();
                return if left.get() >= least {
                    Ok(())
                } else {
                    Err(left)
                };
            }
            till.reserve(amount, most.get())
        });
        match taken {
            Some(Err(left)) => Err(Refusal::Budget(over(account, terms, left, entrant))),
            _ => {
                money.reserved = amount;
                Ok(money)
            }
        }
    }

    /// Sets more aside, before a fallback that may cost more: in all budgets, or in none.
    pub(crate) fn top_up(&mut self, entrant: &Entrant<'_>) -> Result<(), Refusal> {
        let worst = match entrant.worst {
            Worst::AtMost(worst) => worst,
            Worst::Nothing | Worst::Unknown => Nanodollars::ZERO,
        };
        let before = (self.model.clone(), self.group.clone());
        self.model = entrant.model.into();
        self.group = entrant.group.cloned();
        let mut added: Vec<(usize, i64)> = Vec::new();
        let mut refused = None;
        for (place, money) in self.money.iter().enumerate() {
            let more = worst.get() - money.reserved;
            let Some(account) = self.caller.account(money.account) else {
                continue;
            };
            if more <= 0
                || !self.concerns(account, money.budget)
                || self.is_exempt(money.account, entrant)
            {
                continue;
            }
            let Some(terms) = account.terms().budgets.get(money.budget) else {
                continue;
            };
            let most = most(account, terms, entrant.now).get();
            match self.till(money, |till| till.reserve(more, most)) {
                Some(Err(left)) => {
                    refused = Some(Refusal::Budget(over(account, terms, left, entrant)));
                    break;
                }
                _ => added.push((place, more)),
            }
        }
        if let Some(refusal) = refused {
            for (place, more) in added {
                self.till(&self.money[place], |till| till.settle(more, 0));
            }
            (self.model, self.group) = before;
            return Err(refusal);
        }
        for (place, more) in added {
            self.money[place].reserved += more;
        }
        self.reserved = self.reserved.max(worst);
        Ok(())
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

/// What a budget holds at `now`.
fn most(account: &Account, terms: &BudgetTerms, now: i64) -> Nanodollars {
    let raise = account.rare().and_then(|rare| rare.raise);
    match raise {
        Some(Raise { by, until }) if now < until && terms.model.is_none() => terms.most + by,
        _ => terms.most,
    }
}

fn over(
    account: &Account,
    terms: &BudgetTerms,
    left: Nanodollars,
    entrant: &Entrant<'_>,
) -> OverBudget {
    let model = terms
        .model
        .as_ref()
        .map(|model| format!(" for model `{model}`"));
    let period = terms.period.map(|period| format!(" per {period}"));
    let worst = match entrant.worst {
        Worst::AtMost(worst) => Some(worst),
        Worst::Nothing | Worst::Unknown => None,
    };
    let left = left.max(Nanodollars::ZERO);
    OverBudget {
        whose: whose(account),
        window: [period, model].into_iter().flatten().collect(),
        most: most(account, terms, entrant.now),
        left,
        worst,
        shorter_fits: worst.is_some() && entrant.least < left.min(worst.unwrap_or_default()),
    }
}
