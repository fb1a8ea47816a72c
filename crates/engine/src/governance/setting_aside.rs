//! Money that is set aside for a request: in every budget that concerns it, or in none.

use std::sync::Arc;

use lockgate_core::money::Nanodollars;
use lockgate_core::terms::{BudgetTerms, Raise};

use super::account::Account;
use super::admission::{Entrant, Worst};
use super::caller::Place;
use super::leasing::{Attempt, NoneLeft};
use super::money::{Meter, Till};
use super::refusal::{OverBudget, Refusal, whose};
use super::reservation::{Money, Reservation};

// === impl Reservation ===

impl Reservation {
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
        attempt: &mut Attempt,
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
        if let Some(Err(left)) = taken {
            return Err(Refusal::Budget(over(account, terms, left, entrant)));
        }
        money.reserved = amount;
        let lease = money.lease.take();
        match lease.map(|lease| (attempt.take(&lease, amount, most.get()), lease)) {
            Some((Ok(true), lease)) => money.lease = Some(lease),
            Some((Err(NoneLeft), lease)) => {
                let left = self.till(&money, |till| {
                    till.settle(amount, 0);
                    most - till.committed() - Nanodollars::new(lease.held())
                });
                let left = left.unwrap_or_default();
                return Err(Refusal::Budget(over(account, terms, left, entrant)));
            }
            Some((Ok(false), _)) | None => {}
        }
        Ok(money)
    }

    /// Sets the worst case aside in every budget that concerns the model that is asked now, and in
    /// which nothing was set aside before.
    pub(super) fn set_all_aside(
        &mut self,
        accounts: &[(usize, Arc<Account>)],
        entrant: &Entrant<'_>,
        attempt: &mut Attempt,
    ) -> Result<(), Refusal> {
        for (number, account) in accounts {
            for (budget, terms) in account.terms().budgets.iter().enumerate() {
                let known = |money: &Money| money.account == *number && money.budget == budget;
                if !self.concerns(account, budget) || self.money.iter().any(known) {
                    continue;
                }
                let meter = account.meters.get(budget).and_then(Option::as_ref);
                let open = |meter: &Arc<Meter>| meter.open(terms.period, entrant.now, entrant.zone);
                let mut money = Money {
                    account: *number,
                    budget,
                    till: meter.map(open),
                    reserved: 0,
                    lease: None,
                };
                let lease = |till: &Till| attempt.of_budget(account, terms, till);
                money.lease = self.till(&money, lease).flatten();
                if !self.is_exempt(*number, entrant) {
                    money = self.set_aside(money, account, entrant, attempt)?;
                }
                self.money.push(money);
            }
        }
        Ok(())
    }

    /// Sets more aside, before a fallback that may cost more or has budgets of its own: in all of
    /// them, or in none. `false`: in none, and `attempt` knows what is lacking.
    pub(crate) fn top_up(
        &mut self,
        entrant: &Entrant<'_>,
        attempt: &mut Attempt,
    ) -> Result<bool, Refusal> {
        let before = (self.model.clone(), self.group.clone());
        self.model = entrant.model.into();
        self.group = entrant.group.cloned();
        let opened = self.money.len();
        let mut added: Vec<Added> = Vec::new();
        let topped = self
            .top_up_open(entrant, &mut added, attempt)
            .and_then(|()| {
                let concerned = self.concerned();
                self.set_all_aside(&concerned, entrant, attempt)
            });
        if topped.is_ok() && !attempt.is_short() {
            for Added { place, more, .. } in added {
                self.money[place].reserved += more;
            }
            if let Worst::AtMost(worst) = entrant.worst {
                self.reserved = self.reserved.max(worst);
            }
            return Ok(true);
        }
        for added in added {
            let money = &self.money[added.place];
            self.till(money, |till| till.settle(added.more, 0));
            if let Some(lease) = money.lease.as_ref().filter(|_| added.is_leased) {
                lease.settle(added.more, 0);
            }
        }
        for money in self.money.split_off(opened) {
            self.take_out(&money);
        }
        (self.model, self.group) = before;
        topped.map(|()| false)
    }

    /// Sets more aside where something was set aside before; `added` tells how much more, also when
    /// it is refused.
    fn top_up_open(
        &self,
        entrant: &Entrant<'_>,
        added: &mut Vec<Added>,
        attempt: &mut Attempt,
    ) -> Result<(), Refusal> {
        let Worst::AtMost(worst) = entrant.worst else {
            return Ok(());
        };
        for (place, money) in self.money.iter().enumerate() {
            let more = worst.get() - money.reserved;
            let Some(account) = self.caller.account(money.account) else {
                continue;
            };
            let Some(terms) = account.terms().budgets.get(money.budget) else {
                continue;
            };
            let exempt = self.is_exempt(money.account, entrant);
            if more <= 0 || exempt || !self.concerns(account, money.budget) {
                continue;
            }
            let most = most(account, terms, entrant.now).get();
            if let Some(Err(left)) = self.till(money, |till| till.reserve(more, most)) {
                return Err(Refusal::Budget(over(account, terms, left, entrant)));
            }
            let lease = money.lease.as_ref();
            let taken = lease.map_or(Ok(true), |lease| attempt.take(lease, more, most));
            added.push(Added {
                place,
                more,
                is_leased: taken.unwrap_or(false),
            });
            if taken.is_err() {
                let left = Nanodollars::ZERO;
                return Err(Refusal::Budget(over(account, terms, left, entrant)));
            }
        }
        Ok(())
    }
}

/// What was set aside besides what was there.
#[derive(Debug, Clone, Copy)]
struct Added {
    /// The place among the money.
    place: usize,
    more: i64,
    /// The lease gave it, too.
    is_leased: bool,
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
