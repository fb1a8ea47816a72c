//! Where it is kept what requests cost.

use std::sync::Arc;

use super::{Page, Paging, StoreError, StoreFuture};
use crate::entity::{EntityId, EntityKind};
use crate::ledger::LedgerEntry;
use crate::money::Nanodollars;

/// Keeps the ledger, and what follows from it.
pub trait SpendStore: Send + Sync {
    /// Writes `entries` and what they add to spend and to the rollups, in one transaction. Entries
    /// that are there already, by their id, are left out of everything.
    fn write<'a>(&'a self, entries: &'a Arc<[LedgerEntry]>) -> StoreFuture<'a, Written>;

    /// What was spent, by everyone, behind `after` in the order of kind, id and window: at most
    /// `size` rows. For filling the memory at start.
    fn all_spend<'a>(&'a self, after: Option<&'a Spend>, size: u32) -> StoreFuture<'a, Vec<Spend>>;

    /// What these spent: of all time and in the windows of their budgets.
    fn spend<'a>(&'a self, of: &'a [EntityId]) -> StoreFuture<'a, Vec<Spend>>;

    /// Sets the spend of all time, for resets and imports.
    fn set_spend<'a>(&'a self, of: &'a EntityId, amount: Nanodollars) -> StoreFuture<'a, ()>;

    /// Sets what was spent in a window, for imports. A store that cannot refuses, which the import
    /// names.
    fn set_window<'a>(&'a self, spend: &'a Spend) -> StoreFuture<'a, ()> {
        let window = format!("this store cannot set windows, such as {}", spend.window);
        Box::pin(async move { Err(StoreError::Refused(window)) })
    }

    /// Writes `entries` of another gateway: as [`SpendStore::write`], but nothing is added to
    /// spend, which an import sets apart. A store that cannot refuses, which the import names.
    fn write_past<'a>(&'a self, entries: &'a [LedgerEntry]) -> StoreFuture<'a, Written> {
        let refused = format!(
            "this store takes no past requests, such as these {}",
            entries.len()
        );
        Box::pin(async move { Err(StoreError::Refused(refused)) })
    }

    /// Entries of the ledger, the newest first. Their total stops at ten thousand behind the page.
    fn entries<'a>(&'a self, query: &'a EntryQuery) -> StoreFuture<'a, Page<LedgerEntry>>;

    /// How many requests ended with a status, by day and deployment: from the ledger, through the
    /// index of what failed. A store without a ledger counts none.
    fn statuses<'a>(&'a self, query: &'a StatusQuery) -> StoreFuture<'a, Vec<StatusCount>> {
        let _of_no_ledger = query;
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Lowers what was spent, of all time and in all windows, to `most` where it is more. Says what
    /// was taken off, for those who keep it in memory, too.
    /// A store that cannot refuses.
    fn lower_spend<'a>(
        &'a self,
        of: Spender<'a>,
        most: Nanodollars,
    ) -> StoreFuture<'a, Vec<Spend>> {
        let refused = format!("this store cannot lower the spend of {of:?} to {most}");
        Box::pin(async move { Err(StoreError::Refused(refused)) })
    }

    /// Sums out of the rollups.
    fn activity<'a>(&'a self, query: &'a ActivityQuery) -> StoreFuture<'a, Vec<Activity>>;

    /// Removes entries that started before `before` (microseconds since 1970), in a step that is
    /// bounded: at most `most` of them, or a partition as a whole. Says how many; 0 when none are
    /// left. Rollups and spend stay.
    fn forget(&self, before: i64, most: u32) -> StoreFuture<'_, u64>;
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// How many entries were new.
    pub new: u64,
}

/// What an entity spent in one window, or ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spend {
    /// Who.
    pub of: EntityId,
    /// The window of a budget ([`crate::ledger::Window::name`]); empty: all time.
    pub window: String,
    /// When the window began, in seconds since 1970; 0 for all time.
    pub start: i64,
    /// How much.
    pub amount: Nanodollars,
}

/// Whose spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spender<'a> {
    /// That of one entity.
    One(&'a EntityId),
    /// That of all of a kind.
    All(EntityKind),
}

/// Which entries of the ledger.
///
/// Times and one further property are looked up, whatever the size of the ledger. Where more is
/// asked for, PostgreSQL looks through the newest fifty thousand of those for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryQuery {
    /// Only that with this id, call id or response id.
    pub request_id: Option<String>,
    /// Only those of this key.
    pub key_id: Option<String>,
    /// Only those of this user.
    pub user_id: Option<String>,
    /// Only those of this team.
    pub team_id: Option<String>,
    /// Only those of this organization.
    pub organization_id: Option<String>,
    /// Only those of this customer.
    pub customer_id: Option<String>,
    /// Only those of this session.
    pub session_id: Option<String>,
    /// Only for this model group.
    pub model_group: Option<String>,
    /// Only those that the provider was asked for with this model.
    pub model: Option<String>,
    /// Only those of this deployment.
    pub deployment_id: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those whose key had this in its alias.
    pub key_alias: Option<String>,
    /// Only those with this in their error.
    pub error: Option<String>,
    /// Only those that failed (`true`), or did not (`false`).
    pub failed: Option<bool>,
    /// Only those that ended with this status.
    pub status: Option<u16>,
    /// Only those that came out of a cache (`true`), or did not (`false`).
    pub cache_hit: Option<bool>,
    /// Started not before, in microseconds since 1970.
    pub from: Option<i64>,
    /// Started before, in microseconds since 1970.
    pub until: Option<i64>,
    /// Only those that cost at least this.
    pub least: Option<Nanodollars>,
    /// Only those that cost at most this.
    pub most: Option<Nanodollars>,
    /// Only those that this caller may see.
    pub seen_by: Option<Seer>,
    /// The order.
    pub order: EntryOrder,
    /// Which of them.
    pub paging: Paging,
}

/// Who sees an entry: one that is any of this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seer {
    /// This user's.
    pub user_id: Option<String>,
    /// This key's.
    pub key_id: Option<String>,
    /// One of these teams'.
    pub teams: Vec<String>,
    /// One of these organizations'.
    pub organizations: Vec<String>,
}

/// The order of entries; those that are equal in it are ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryOrder {
    /// By what.
    pub by: EntrySort,
    /// The highest first.
    pub descending: bool,
}

/// What entries are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntrySort {
    /// When they started.
    Started,
    /// When they ended.
    Ended,
    /// How long they took.
    Duration,
    /// How long it took to the first content of a stream; others are last.
    FirstToken,
    /// What they cost.
    Cost,
    /// All their tokens.
    Tokens,
    /// The provider's model.
    Model,
}

/// Which requests are counted by their status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusQuery {
    /// The status, 400 or more.
    pub status: u16,
    /// Only for this model group.
    pub model_group: Option<String>,
    /// The first day, counted from 1970-01-01 in UTC.
    pub from: i32,
    /// The day behind the last.
    pub until: i32,
}

/// How many requests there were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCount {
    /// The day, counted from 1970-01-01 in UTC.
    pub day: i32,
    /// The deployment that failed last; `None`: it came to none.
    pub deployment_id: Option<String>,
    /// How many.
    pub count: u64,
}

/// What sums are asked for: for the days from `from` until `until`, by some dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityQuery {
    /// Whose: the kind of entity that was charged, or that the request was made for. `None`: all
    /// requests, each counted once.
    pub of: Option<EntityKind>,
    /// Only of these.
    pub ids: Option<Vec<String>>,
    /// Only of this key.
    pub key_id: Option<String>,
    /// Only for this model group.
    pub model_group: Option<String>,
    /// The first day, counted from 1970-01-01 in UTC.
    pub from: i32,
    /// The day behind the last.
    pub until: i32,
    /// One row for each combination of these.
    pub by: Vec<Dimension>,
}

/// What sums are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The day.
    Day,
    /// The hour. Kept for all requests together, not by entity or key, and for three months.
    Hour,
    /// The entity that was charged.
    Entity,
    /// The key.
    Key,
    /// The model group.
    ModelGroup,
    /// The provider's model.
    Model,
    /// The provider.
    Provider,
    /// The operation.
    Operation,
}

/// A row of sums. What was not asked to be told apart is `None`; what requests had none of, such
/// as a key, is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Activity {
    /// The day, counted from 1970-01-01 in UTC.
    pub day: Option<i32>,
    /// The hour, counted from 1970-01-01 00:00 in UTC.
    pub hour: Option<i32>,
    /// The entity that was charged.
    pub entity_id: Option<String>,
    /// The key.
    pub key_id: Option<String>,
    /// The model group.
    pub model_group: Option<String>,
    /// The provider's model.
    pub model: Option<String>,
    /// The provider.
    pub provider: Option<String>,
    /// The operation.
    pub operation: Option<String>,
    /// The sums.
    pub totals: Totals,
}

/// Sums over requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// What they cost.
    pub cost: Nanodollars,
    /// How many there were.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// All input tokens.
    pub input: u64,
    /// All output tokens.
    pub output: u64,
    /// Of the input, read from a prompt cache.
    pub cache_read: u64,
    /// Of the input, written to a prompt cache.
    pub cache_write: u64,
    /// How long they took together, in milliseconds.
    pub milliseconds: u64,
}

// === impl EntryQuery ===

impl EntryQuery {
    /// All entries, the newest first.
    #[must_use]
    pub const fn new(paging: Paging) -> Self {
        Self {
            request_id: None,
            key_id: None,
            user_id: None,
            team_id: None,
            organization_id: None,
            customer_id: None,
            session_id: None,
            model_group: None,
            model: None,
            deployment_id: None,
            tag: None,
            key_alias: None,
            error: None,
            failed: None,
            status: None,
            cache_hit: None,
            from: None,
            until: None,
            least: None,
            most: None,
            seen_by: None,
            order: EntryOrder {
                by: EntrySort::Started,
                descending: true,
            },
            paging,
        }
    }
}
