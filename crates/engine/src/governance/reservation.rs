//! What one request has taken of limits and budgets; whatever ends it gives back what it did not
//! use, exactly once.

use std::sync::Arc;

use lockgate_core::entity::EntityKind;
use lockgate_core::ledger::{Charge, Window};
use lockgate_core::money::Nanodollars;

use super::account::Account;
use super::caller::Caller;
use super::money::Till;
use super::sharing::Lease;
use super::window::{Counted, WindowCounter};
use crate::snapshot::Group;

/// Holds on to what a request has taken. Dropping it gives everything back but the request itself,
/// which was made.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(super) caller: Caller,
    /// The model as the client names it, and the group that is asked now.
    pub(super) model: Box<str>,
    pub(super) group: Option<Arc<Group>>,
    pub(super) holds: Vec<Hold>,
    pub(super) money: Vec<Money>,
    /// What is set aside in every budget that is not of another model.
    pub(super) reserved: Nanodollars,
    pub(super) now: i64,
    /// How a request ended that nobody settled.
    pub(super) open: bool,
}

/// Something of a limit.
#[derive(Debug)]
pub(super) struct Hold {
    /// The number of the account.
    pub account: usize,
    pub what: What,
    pub counted: Counted,
    pub amount: u64,
    pub most: u64,
    /// What it was taken from besides, where replicas share the limit.
    pub lease: Option<Arc<Lease>>,
}

/// Which limit; those of single models and tags by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Requests,
    Tokens,
    TokensPerDay,
    Parallel,
    ModelRequests(usize),
    ModelTokens(usize),
}

/// Something of a budget.
#[derive(Debug)]
pub(super) struct Money {
    /// The number of the account.
    pub account: usize,
    /// The number of the budget.
    pub budget: usize,
    /// Its window; `None`: that of all time.
    pub till: Option<Arc<Till>>,
    pub reserved: i64,
    /// What it was taken from besides, where replicas share the budget.
    pub lease: Option<Arc<Lease>>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// What it cost.
    pub cost: Nanodollars,
    /// Its tokens; `None`: as many as were expected.
    pub tokens: Option<u64>,
    /// The time it ended, in seconds since 1970.
    pub now: i64,
}

pub(super) const MINUTE: i64 = 60;
pub(super) const DAY: i64 = 86_400;

// === impl What ===

impl What {
    pub(super) fn is_requests(self) -> bool {
        matches!(self, Self::Requests | Self::ModelRequests(_))
    }

    pub(super) fn is_tokens(self) -> bool {
        matches!(
            self,
            Self::Tokens | Self::TokensPerDay | Self::ModelTokens(_)
        )
    }
}

// === impl Reservation ===

impl Reservation {
    /// Who made the request.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether it concerns any budget.
    pub(crate) fn has_budgets(&self) -> bool {
        self.caller.has_budgets()
    }

    /// What is set aside for it.
    pub(crate) fn reserved(&self) -> Nanodollars {
        self.reserved
    }

    /// Ends it: says which accounts and windows the cost was charged to.
    pub(crate) fn settle(&mut self, outcome: Outcome) -> Vec<Charge> {
        if !self.open {
            return Vec::new();
        }
        self.give_back(outcome);
        self.charges()
    }

    fn give_back(&mut self, outcome: Outcome) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        for hold in &self.holds {
            self.end_hold(hold, outcome);
        }
        let cost = outcome.cost.get();
        for money in &self.money {
            let Some(account) = self.caller.account(money.account) else {
                continue;
            };
            let cost = if self.concerns(account, money.budget) {
                cost
            } else {
                0
            };
            let till = money.till.as_deref().unwrap_or(&account.counters.ever);
            let (before, after) = till.settle(money.reserved, cost);
            if let Some(lease) = &money.lease {
                lease.settle(money.reserved, cost);
            }
            warn_if_soft(account, money.budget, before, after);
        }
        if cost != 0 {
            for (number, account) in self.caller.accounts() {
                if !self.has_budget_of_all_time(number) {
                    let (before, after) = account.counters.ever.settle(0, cost);
                    if account.terms().budgets.is_empty() {
                        warn_if_soft(account, 0, before, after);
                    }
                }
            }
        }
    }

    fn end_hold(&self, hold: &Hold, outcome: Outcome) {
        let Some(account) = self.caller.account(hold.account) else {
            return;
        };
        let length = match hold.what {
            What::Parallel => {
                if let Some(lease) = &hold.lease {
                    lease.settle(1, 0);
                }
                return account.counters.parallel.leave();
            }
            // It was made, whatever became of it.
            What::Requests | What::ModelRequests(_) => return,
            What::TokensPerDay => DAY,
            What::Tokens | What::ModelTokens(_) => MINUTE,
        };
        if let (Some(counter), Some(real)) = (counter(account, hold.what), outcome.tokens) {
            let now = number(outcome.now.max(self.now), length);
            counter.settle(hold.counted.window, hold.amount, real, now);
        }
        if let Some(lease) = &hold.lease {
            let real = outcome.tokens.unwrap_or(hold.amount);
            lease.settle(whole(hold.amount), whole(real));
        }
    }

    /// Gives back everything, the request itself included: it is refused.
    pub(super) fn undo(&mut self) {
        for hold in std::mem::take(&mut self.holds) {
            let Some(account) = self.caller.account(hold.account) else {
                continue;
            };
            if let Some(lease) = &hold.lease {
                // A request counts from the moment it is let in.
                let used = if hold.what.is_requests() {
                    hold.amount
                } else {
                    0
                };
                lease.settle(whole(hold.amount - used), -whole(used));
            }
            match (hold.what, counter(account, hold.what)) {
                (What::Parallel, _) => account.counters.parallel.leave(),
                (_, Some(counter)) => counter.give_back(hold.counted.window, hold.amount),
                (_, None) => {}
            }
        }
        for money in std::mem::take(&mut self.money) {
            self.take_out(&money);
        }
        self.open = false;
    }

    /// Gives back what was set aside as `money`.
    pub(super) fn take_out(&self, money: &Money) {
        self.till(money, |till| till.settle(money.reserved, 0));
        if let Some(lease) = &money.lease {
            lease.settle(money.reserved, 0);
        }
    }

    pub(super) fn till<T>(&self, money: &Money, ask: impl FnOnce(&Till) -> T) -> Option<T> {
        let account = self.caller.account(money.account)?;
        let ever = &account.counters.ever;
        Some(ask(money.till.as_deref().unwrap_or(ever)))
    }

    /// Whether a budget is for the model that is asked now, or for all.
    pub(super) fn concerns(&self, account: &Account, budget: usize) -> bool {
        let terms = account.terms().budgets.get(budget);
        let model = terms.and_then(|terms| terms.model.as_deref());
        model.is_none_or(|model| self.names(model))
    }

    /// Whether the model that is asked now has this name.
    pub(super) fn names(&self, model: &str) -> bool {
        let group = self.group.as_ref().map(|group| group.name.as_str());
        *self.model == *model || group == Some(model)
    }

    fn has_budget_of_all_time(&self, number: usize) -> bool {
        let own = |money: &&Money| money.account == number && money.till.is_none();
        self.money.iter().any(|money| own(&money))
    }

    /// The accounts that a cost is charged to, with the windows of their budgets.
    fn charges(&self) -> Vec<Charge> {
        let mut charges: Vec<Charge> = Vec::new();
        for (number, account) in self.caller.accounts() {
            let windows = self.money.iter().filter(|money| money.account == number);
            let windows = windows.filter_map(|money| {
                let till = money.till.as_deref()?;
                let terms = account.terms().budgets.get(money.budget)?;
                let concerns = self.concerns(account, money.budget);
                concerns.then(|| Window {
                    name: terms.name.to_string(),
                    start: till.start,
                })
            });
            charges.push(Charge {
                kind: account.kind(),
                id: account.charged_as().to_owned(),
                windows: windows.collect(),
            });
        }
        self.charge_strangers(&mut charges);
        charges
    }

    /// Customers and tags that nobody has made an account for are charged, too.
    fn charge_strangers(&self, charges: &mut Vec<Charge>) {
        let customer = self.caller.customer.iter();
        let customer = customer.map(|id| (EntityKind::Customer, id));
        let tags = self.caller.tags.iter().map(|tag| (EntityKind::Tag, tag));
        for (kind, id) in customer.chain(tags) {
            if !charges
                .iter()
                .any(|charge| charge.kind == kind && charge.id == **id)
            {
                charges.push(Charge {
                    kind,
                    id: id.to_string(),
                    windows: Vec::new(),
                });
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.give_back(Outcome {
            tokens: Some(0),
            ..Outcome::default()
        });
    }
}

pub(super) fn counter(account: &Account, what: What) -> Option<&WindowCounter> {
    Some(match what {
        What::Requests => &account.counters.requests,
        What::Tokens => &account.counters.tokens,
        What::TokensPerDay => &account.counters.tokens_per_day,
        What::ModelRequests(number) => &account.models.get(number)?.requests,
        What::ModelTokens(number) => &account.models.get(number)?.tokens,
        What::Parallel => return None,
    })
}

/// An amount as leases count it.
pub(super) fn whole(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// The number of the window of `length` seconds that `now` is in.
pub(super) fn number(now: i64, length: i64) -> u32 {
    u32::try_from(now / length).unwrap_or(0)
}

fn warn_if_soft(account: &Account, budget: usize, before: i64, after: i64) {
    let Some(soft) = account.rare().and_then(|rare| rare.soft_budget) else {
        return;
    };
    if budget == 0 && before < soft.get() && soft.get() <= after {
        tracing::warn!(
            kind = account.kind().as_str(),
            id = account.id(),
            budget = %soft,
            spent = %Nanodollars::new(after),
            "a soft budget is used up"
        );
    }
}
