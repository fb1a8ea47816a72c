//! One entity in memory: its terms, what it is part of, and its counters.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use jiff::tz::TimeZone;
use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::money::Nanodollars;
use lockgate_core::terms::{BudgetTerms, Rare, Terms};

use super::money::{Meter, Till};
use super::reservation::{MINUTE, number};
use super::sharing::Lease;
use super::window::{Gauge, WindowCounter};

/// An entity as it is now. When it changes it is replaced, and its counters go on.
#[derive(Debug)]
pub struct Account {
    kind: EntityKind,
    id: Box<str>,
    name: Option<Box<str>>,
    /// Under which id it is charged: a key that was regenerated keeps the account of the first.
    charged_as: Option<Box<str>>,
    /// Its terms, those of its budget included.
    terms: Terms,
    /// Its own terms, where a budget has completed them.
    own: Option<Box<Terms>>,
    expires_at: Option<i64>,
    pub(super) links: Links,
    /// The windows of `terms.budgets`, in the same order; `None`: that of all time.
    pub(super) meters: Box<[Option<Arc<Meter>>]>,
    /// The counters of the limits for single models, in the order of `by_model` of the terms.
    pub(super) models: Box<[Arc<ModelCounters>]>,
    pub(super) counters: Arc<Counters>,
}

/// The place of an entity, which stays the same while what is in it is replaced. Others hold on to
/// it, so that a request finds a key's team without looking for it.
#[derive(Debug)]
pub(crate) struct Seat {
    id: Box<str>,
    account: ArcSwapOption<Account>,
}

/// What an entity is part of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    pub team: Option<Arc<Seat>>,
    pub member: Option<Arc<Seat>>,
    pub user: Option<Arc<Seat>>,
    pub organization: Option<Arc<Seat>>,
    pub project: Option<Arc<Seat>>,
    pub budget: Option<Arc<Seat>>,
}

/// The ids of what an entity belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Belongs<'a> {
    /// The user.
    pub user: Option<&'a str>,
    /// The team.
    pub team: Option<&'a str>,
    /// The organization.
    pub organization: Option<&'a str>,
    /// The project.
    pub project: Option<&'a str>,
}

/// What an entity has used.
#[derive(Debug)]
pub(crate) struct Counters {
    /// The money of all time.
    pub ever: Till,
    pub requests: WindowCounter,
    pub tokens: WindowCounter,
    pub tokens_per_day: WindowCounter,
    pub parallel: Gauge,
    /// This replica's parts of them, where several share limits.
    pub leases: OnceLock<Box<Leases>>,
    /// The windows of budgets that it has or had, and the counters of single models and tags, by
    /// name. Only looked into when the entity is replaced or its spend is set.
    named: Mutex<Named>,
}

/// A replica's parts of an account's limits.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    pub requests: ArcSwapOption<Lease>,
    pub tokens: ArcSwapOption<Lease>,
    pub tokens_per_day: ArcSwapOption<Lease>,
    pub parallel: ArcSwapOption<Lease>,
}

#[derive(Debug, Default)]
struct Named {
    meters: Vec<(BudgetTerms, Arc<Meter>)>,
    models: Vec<(Box<str>, Arc<ModelCounters>)>,
}

/// What an entity has used of one model, or with one tag.
#[derive(Debug, Default)]
pub(crate) struct ModelCounters {
    pub requests: WindowCounter,
    pub tokens: WindowCounter,
    /// This replica's parts of them, where several share limits.
    pub leases: [ArcSwapOption<Lease>; 2],
}

/// Tells the counters of tags from those of models; neither may hold it.
const TAG: char = '\u{1f}';

/// The id of the key that `entity` was before it was regenerated for the first time.
pub(super) fn renewed_from(entity: &Entity) -> Option<&str> {
    let first = entity.settings.get("account_id")?.as_str()?;
    (entity.kind == EntityKind::Key).then_some(first)
}

// === impl Seat ===

impl Seat {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            account: ArcSwapOption::empty(),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Who sits there now.
    pub(super) fn account(&self) -> Option<Arc<Account>> {
        self.account.load_full()
    }

    pub(super) fn put(&self, account: Option<Arc<Account>>) {
        self.account.store(account);
    }
}

// === impl Account ===

impl Account {
    /// `entity`, with the counters it had before.
    pub(super) fn new(entity: &Entity, links: Links, before: Option<&Self>) -> Self {
        let own = Terms::read(entity);
        let account = Self {
            kind: entity.kind,
            id: entity.id.as_str().into(),
            name: entity.unique_name.as_deref().map(Into::into),
            charged_as: renewed_from(entity).map(Into::into),
            terms: Terms::default(),
            own: None,
            expires_at: entity.expires_at,
            links,
            meters: Box::default(),
            models: Box::default(),
            counters: before.map_or_else(Arc::default, |before| before.counters.clone()),
        };
        account.with(own)
    }

    /// The same entity after the budget that it refers to has changed.
    pub(super) fn rebound(&self) -> Self {
        let own = self.own.as_deref().unwrap_or(&self.terms).clone();
        let account = Self {
            kind: self.kind,
            id: self.id.clone(),
            name: self.name.clone(),
            charged_as: self.charged_as.clone(),
            terms: Terms::default(),
            own: None,
            expires_at: self.expires_at,
            links: self.links.clone(),
            meters: Box::default(),
            models: Box::default(),
            counters: self.counters.clone(),
        };
        account.with(own)
    }

    fn with(mut self, own: Terms) -> Self {
        let budget = self.links.budget.as_ref().and_then(|seat| seat.account());
        match budget {
            None => self.terms = own,
            Some(budget) => {
                self.terms = own.completed(&budget.terms);
                self.own = Some(Box::new(own));
            }
        }
        let mut named = self.counters.named();
        let meters = self.terms.budgets.iter().map(|terms| named.meter(terms));
        self.meters = meters.collect();
        if let Some(rare) = &self.terms.rare {
            let models = rare.by_model.iter().map(|limits| &limits.model);
            let tags = rare.by_tag.iter().map(|(tag, _)| format!("{TAG}{tag}"));
            let names = models.map(ToString::to_string).chain(tags);
            self.models = names.map(|name| named.model(&name)).collect();
        }
        drop(named);
        self
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> EntityKind {
        self.kind
    }

    /// Which one.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Under which id it is charged.
    #[must_use]
    pub fn charged_as(&self) -> &str {
        self.charged_as.as_deref().unwrap_or(&self.id)
    }

    /// What people call it, as far as it has a name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The ids of what it belongs to.
    #[must_use]
    pub fn belongs(&self) -> Belongs<'_> {
        let links = &self.links;
        Belongs {
            user: links.user.as_deref().map(Seat::id),
            team: links.team.as_deref().map(Seat::id),
            organization: links.organization.as_deref().map(Seat::id),
            project: links.project.as_deref().map(Seat::id),
        }
    }

    /// What it may do.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn rare(&self) -> Option<&Rare> {
        self.terms.rare.as_deref()
    }

    /// When it stops to be valid, in microseconds since 1970.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        self.expires_at
    }

    /// What it spent, ever.
    #[must_use]
    pub fn spent(&self) -> Nanodollars {
        self.counters.ever.spent()
    }

    /// What it spent, and may still have to pay for requests in flight.
    #[must_use]
    pub fn committed(&self) -> Nanodollars {
        self.counters.ever.committed()
    }

    /// How many requests, and how many tokens, count in the minute of `now` (seconds since 1970),
    /// where that is limited.
    #[must_use]
    pub fn used(&self, now: i64) -> (u64, u64) {
        let minute = number(now, MINUTE);
        let counters = &self.counters;
        (counters.requests.used(minute), counters.tokens.used(minute))
    }

    /// How many of its requests are in flight, where that is limited.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.counters.parallel.there()
    }

    /// Of each budget at `now` (seconds since 1970): its terms, when its window began, and what was
    /// spent and committed in that.
    pub fn windows<'a>(
        &'a self,
        now: i64,
        zone: &'a TimeZone,
    ) -> impl Iterator<Item = (&'a BudgetTerms, i64, Nanodollars, Nanodollars)> + 'a {
        let budgets = self.terms.budgets.iter().zip(&self.meters);
        budgets.map(move |(terms, meter)| match meter {
            None => (terms, 0, self.spent(), self.committed()),
            Some(meter) => {
                let till = meter.open(terms.period, now, zone);
                (terms, till.start, till.spent(), till.committed())
            }
        })
    }

    /// The name for people: its own, or as much of its id as tells it from others.
    pub(super) fn shown(&self) -> &str {
        let id = match self.kind {
            EntityKind::Key => self.id.get(..8).unwrap_or(&self.id),
            _ => &self.id,
        };
        self.name.as_deref().unwrap_or(id)
    }
}

// === impl Counters ===

impl Default for Counters {
    fn default() -> Self {
        Self {
            ever: Till::ever(),
            requests: WindowCounter::default(),
            tokens: WindowCounter::default(),
            tokens_per_day: WindowCounter::default(),
            parallel: Gauge::default(),
            leases: OnceLock::new(),
            named: Mutex::default(),
        }
    }
}

impl Counters {
    fn named(&self) -> std::sync::MutexGuard<'_, Named> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what was spent in a window, or ever if `window` is empty.
    pub(super) fn set_spent(&self, window: &str, start: i64, amount: i64, zone: &TimeZone) {
        if window.is_empty() {
            self.ever.set_spent(amount);
        } else if let Some((terms, meter)) = self.named().find(window) {
            meter.set_spent(terms.period, start, amount, zone);
        }
    }

    /// As if nothing had been spent; what is reserved stays so.
    pub(super) fn forget_spent(&self) {
        self.ever.set_spent(0);
        for (_, meter) in &self.named().meters {
            meter.forget_spent();
        }
    }

    /// Adds what was spent in a window, or ever if `window` is empty.
    pub(super) fn add_spent(&self, window: &str, start: i64, cost: i64, zone: &TimeZone) {
        if window.is_empty() {
            self.ever.add_spent(cost);
        } else if let Some((terms, meter)) = self.named().find(window) {
            meter.add_spent(terms.period, start, cost, zone);
        }
    }
}

// === impl Named ===

impl Named {
    fn find(&self, name: &str) -> Option<(BudgetTerms, Arc<Meter>)> {
        self.meters
            .iter()
            .find(|(terms, _)| *terms.name == *name)
            .cloned()
    }

    /// The windows of a budget; `None` for that of all time.
    fn meter(&mut self, terms: &BudgetTerms) -> Option<Arc<Meter>> {
        if terms.name.is_empty() {
            return None;
        }
        if let Some((_, meter)) = self.find(&terms.name) {
            return Some(meter);
        }
        let meter = Arc::new(Meter::new());
        self.meters.push((terms.clone(), meter.clone()));
        Some(meter)
    }

    fn model(&mut self, name: &str) -> Arc<ModelCounters> {
        if let Some((_, counters)) = self.models.iter().find(|(other, _)| **other == *name) {
            return counters.clone();
        }
        let counters = Arc::new(ModelCounters::default());
        self.models.push((name.into(), counters.clone()));
        counters
    }
}
