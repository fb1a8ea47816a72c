//! Which lease a request takes from, and what it does when that has too little.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::tz::TimeZone;
use lockgate_core::ports::Spend;
use lockgate_core::terms::BudgetTerms;

use super::Governance;
use super::account::Account;
use super::money::{Meter, Till};
use super::reservation::{DAY, MINUTE, What};
use super::sharing::{Lease, Purse, Sharing, Shortage, Terms};

/// One attempt of a request to get in. Without anybody to share with it has nothing to do.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    sharing: Option<Arc<Sharing>>,
    purse: Purse,
    short: Vec<Shortage>,
    is_alone: bool,
    is_last: bool,
}

/// Others remember a window for so much longer than it lasts: their clocks differ.
const LONGER: Duration = Duration::from_secs(60);
/// The same for windows of budgets, which requests settle in when they have passed.
const DAY_LONGER: Duration = Duration::from_secs(24 * 60 * 60);
/// How long others remember what has no window. Whoever asks after that says what was spent.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

// === impl Attempt ===

impl Attempt {
    /// The first attempt.
    pub(super) fn first(sharing: Option<&Arc<Sharing>>) -> Self {
        Self {
            is_alone: sharing.is_some_and(|sharing| sharing.is_alone()),
            sharing: sharing.cloned(),
            ..Self::default()
        }
    }

    /// A further one, with what was granted to it.
    pub(super) fn with(sharing: &Arc<Sharing>, purse: Purse) -> Self {
        Self {
            purse,
            ..Self::first(Some(sharing))
        }
    }

    /// One that takes what it needs, granted or not.
    pub(super) fn alone(sharing: &Arc<Sharing>) -> Self {
        Self {
            is_alone: true,
            ..Self::first(Some(sharing))
        }
    }

    /// Nobody has anything to spare: what is short refuses.
    pub(super) fn last(mut self) -> Self {
        self.is_last = true;
        self
    }

    /// What it lacked.
    pub(super) fn into_short(mut self) -> Vec<Shortage> {
        std::mem::take(&mut self.short)
    }

    fn is_strict(&self) -> bool {
        let sharing = self.sharing.as_ref();
        sharing.is_some_and(|sharing| sharing.is_strict())
    }

    pub(super) fn is_short(&self) -> bool {
        !self.short.is_empty()
    }

    /// The lease of a limit in `window`.
    pub(super) fn of_limit(
        &self,
        account: &Account,
        what: What,
        window: u32,
    ) -> Option<Arc<Lease>> {
        let sharing = self.sharing.as_ref()?;
        let window = if what == What::Parallel { 0 } else { window };
        let terms = || terms_of(account, what, window);
        Some(sharing.lease_in(slot(account, what)?, window, terms))
    }

    /// The lease of a budget in the window of `till`.
    pub(super) fn of_budget(
        &self,
        account: &Account,
        terms: &BudgetTerms,
        till: &Till,
    ) -> Option<Arc<Lease>> {
        let sharing = self.sharing.as_ref()?;
        let lease = till.lease.get_or_init(|| {
            let (kind, id) = (account.kind().as_str(), account.charged_as());
            let left = u64::try_from(till.end.saturating_sub(super::now())).unwrap_or(0);
            let terms = Terms {
                counter: format!("money:{}:{}:{kind}:{id}", terms.name, till.start),
                window: 0,
                ends_at: till.end,
                kept: WEEK.min(Duration::from_secs(left).saturating_add(DAY_LONGER)),
                spent: Some(till.spent().get()),
            };
            Arc::new(sharing.lease(terms))
        });
        Some(lease.clone())
    }

    /// Takes `amount` from `lease`; `Ok(false)`: it lacks that, and the request has to ask.
    /// `Err` when asking is of no use.
    pub(super) fn take(
        &mut self,
        lease: &Arc<Lease>,
        amount: i64,
        most: i64,
    ) -> Result<bool, NoneLeft> {
        if lease.take(amount, most, &mut self.purse, self.is_alone) {
            return Ok(true);
        }
        if self.is_last || !self.is_strict() && lease.is_hopeless() {
            return Err(NoneLeft);
        }
        self.short.push(Shortage {
            lease: lease.clone(),
            amount,
        });
        Ok(false)
    }
}

// === impl Governance ===

impl Governance {
    /// Takes off what was forgiven, in the window that `taken` names or of all time, here and on
    /// the replicas that share the budget.
    pub fn forgive(&self, taken: &Spend, zone: &TimeZone) {
        let attempt = Attempt::first(self.sharing.get());
        if let Some(account) = self.directory.charged(&taken.of) {
            let budgets = account.terms().budgets.iter().zip(&account.meters);
            for (terms, meter) in budgets.filter(|(terms, _)| *terms.name == *taken.window) {
                // Others hear of it through a lease, which may not have begun here.
                let open = |meter: &Arc<Meter>| meter.open(terms.period, taken.start, zone);
                let till = meter.as_ref().map(open);
                let till = till.as_deref().unwrap_or(&account.counters.ever);
                let _begun = attempt.of_budget(&account, terms, till);
            }
        }
        self.directory.forgive(taken, zone);
    }
}

/// Others have the rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoneLeft;

fn terms_of(account: &Account, what: What, window: u32) -> Terms {
    let (kind, id) = (account.kind().as_str(), account.charged_as());
    let rare = account.rare();
    let (name, of, length) = match what {
        What::Requests => ("requests", String::new(), MINUTE),
        What::Tokens => ("tokens", String::new(), MINUTE),
        What::TokensPerDay => ("day-tokens", String::new(), DAY),
        What::Parallel => ("parallel", String::new(), 0),
        What::ModelRequests(place) | What::ModelTokens(place) => {
            let models = rare.map_or(&[][..], |rare| &rare.by_model);
            let tags = rare.map_or(&[][..], |rare| &rare.by_tag);
            let of = match models.get(place) {
                Some(limits) => format!("model:{}:", limits.model),
                None => {
                    let tag = tags.get(place - models.len());
                    tag.map_or_else(String::new, |(tag, _)| format!("tag:{tag}:"))
                }
            };
            let name = if what.is_requests() {
                "requests"
            } else {
                "tokens"
            };
            (name, of, MINUTE)
        }
    };
    let seconds = u64::try_from(length).unwrap_or(0);
    Terms {
        counter: format!("{name}:{window}:{of}{kind}:{id}"),
        window,
        ends_at: match length {
            0 => i64::MAX,
            _ => (i64::from(window) + 1) * length,
        },
        kept: match length {
            0 => DAY_LONGER,
            _ => Duration::from_secs(seconds).saturating_add(LONGER),
        },
        spent: None,
    }
}

fn slot(account: &Account, what: What) -> Option<&ArcSwapOption<Lease>> {
    let leases = || account.counters.leases.get_or_init(Box::default);
    Some(match what {
        What::Requests => &leases().requests,
        What::Tokens => &leases().tokens,
        What::TokensPerDay => &leases().tokens_per_day,
        What::Parallel => &leases().parallel,
        What::ModelRequests(place) => &account.models.get(place)?.leases[0],
        What::ModelTokens(place) => &account.models.get(place)?.leases[1],
    })
}
