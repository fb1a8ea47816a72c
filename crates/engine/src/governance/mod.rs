//! Who may do what, and how much: in memory, exact on one replica.
//!
//! A request is authenticated against the [`Directory`], let in by a `Reservation` that counts it
//! in every limit and sets its worst case aside in every budget, and settled when its record ends.

mod access;
mod account;
mod admission;
mod asked;
mod caller;
mod directory;
mod leasing;
mod money;
mod pricing;
#[cfg(test)]
mod proof;
mod refusal;
mod registry;
mod relations;
mod reservation;
mod routes;
mod setting_aside;
mod sharing;
mod shelf;
mod stages;
mod stranger;
mod token_teams;
mod told;
mod waiting;
mod window;

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};
use lockgate_core::config::GovernanceSettings;
use lockgate_core::entity::{Entity, EntityId, EntityKind};

pub use self::account::{Account, Belongs};
pub use self::caller::{Bearer, Caller, Identity};
pub use self::directory::Directory;
pub use self::pricing::{Asked, CatalogPrices, Pricing};
pub(crate) use self::refusal::Exceeded;
pub use self::registry::{Newcomer, Registry};
pub(crate) use self::reservation::Reservation;
pub use self::sharing::{Broker, Sharing, SharingStatus};
pub(crate) use self::stages::settle;
pub use self::stages::{Bill, Estimate};

/// The id under which all requests together are charged: LiteLLM keeps it among the users.
pub const GATEWAY_ACCOUNT: &str = "litellm-proxy-budget";

/// What decides about callers, shared by all cores.
#[derive(Debug)]
pub struct Governance {
    /// Keys, teams, users and the like.
    pub directory: Directory,
    /// Entities are still being read, and what they spent.
    is_waiting: AtomicBool,
    pricing: ArcSwap<Box<dyn Pricing>>,
    /// The account of all requests together, if they have a budget.
    gateway: ArcSwapOption<Account>,
    /// Who knows callers by tokens that others issued, if those are let in.
    identity: ArcSwapOption<lockgate_identity::Identity>,
    /// Who makes what such tokens name.
    registry: OnceLock<Box<dyn Registry>>,
    /// With whom limits and budgets are shared, if with anybody.
    sharing: OnceLock<Arc<Sharing>>,
}

// === impl Governance ===

impl Default for Governance {
    fn default() -> Self {
        Self {
            directory: Directory::default(),
            is_waiting: AtomicBool::new(false),
            pricing: ArcSwap::from_pointee(Box::new(CatalogPrices)),
            gateway: ArcSwapOption::empty(),
            identity: ArcSwapOption::empty(),
            registry: OnceLock::new(),
            sharing: OnceLock::new(),
        }
    }
}

impl Governance {
    /// From now on virtual keys are asked to come again: those of the database, and what they
    /// spent, are yet to be read.
    pub fn wait_for_entities(&self) {
        self.is_waiting.store(true, Relaxed);
    }

    /// All keys of the database are known, with what they spent.
    pub fn has_entities(&self) {
        self.is_waiting.store(false, Relaxed);
    }

    /// Lets callers in by tokens that `identity` knows, from now on.
    pub fn identify_by(&self, identity: Option<lockgate_identity::Identity>) {
        self.identity.store(identity.map(Arc::new));
    }

    /// Says who makes what tokens name. Counts once.
    pub fn register_with(&self, registry: Box<dyn Registry>) {
        let _set_once = self.registry.set(registry);
    }

    /// Asks `pricing` what requests cost from now on.
    pub fn set_pricing(&self, pricing: Box<dyn Pricing>) {
        self.pricing.store(Arc::new(pricing));
    }

    /// Shares limits and budgets from now on. To be called before the first request.
    pub fn share(&self, sharing: Arc<Sharing>) {
        let _only_once = self.sharing.set(sharing);
    }

    /// Takes over the budget of all requests together, at the start and after a reload.
    pub fn configure(&self, settings: &GovernanceSettings) {
        let id = EntityId::new(EntityKind::User, GATEWAY_ACCOUNT);
        let Some(most) = settings.max_budget else {
            self.gateway.store(None);
            return;
        };
        let mut entity = Entity::new(id.clone(), 0);
        let dollars = serde_json::Number::from_f64(most.dollars());
        entity
            .settings
            .insert("max_budget".to_owned(), dollars.into());
        if let Some(period) = settings.budget_duration {
            let period = period.to_string();
            entity
                .settings
                .insert("budget_duration".to_owned(), period.into());
        }
        self.directory.put(&entity);
        self.gateway.store(self.directory.account(&id));
    }
}

/// The time, in seconds since 1970.
pub(crate) fn now() -> i64 {
    now_micros() / 1_000_000
}

/// The time, in microseconds since 1970.
fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}
