//! What replicas share of limits and budgets, and how each gets its part.

use std::time::Duration;

use super::StoreFuture;

/// Keeps counters that several replicas count in. Of each counter a replica has a part that it may
/// use without asking; all parts and everything that was used together never exceed the limit.
pub trait LeaseStore: Send + Sync {
    /// Tells what this replica has used of each counter, and asks for more; the answers are in the
    /// same order. All in one step, and with absolute amounts: what was told twice counts once.
    /// Asking about no counter at all says that the replica is alive.
    ///
    /// # Errors
    /// When the store is away. Then nobody knows whether it has heard.
    fn share<'a>(&'a self, asked: &'a [LeaseAsk]) -> StoreFuture<'a, Shared>;

    /// Says that this replica ends: what it holds is free.
    fn leave(&self) -> StoreFuture<'_, ()>;
}

/// What one replica says about one counter. Amounts are requests, tokens or nanodollars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeaseAsk {
    /// Which counter; its window is part of the name.
    pub counter: String,
    /// Tells this part from other parts of the same replica.
    pub part: u64,
    /// The limit.
    pub most: i64,
    /// How long the counter is remembered when nobody asks about it any more.
    pub kept: Duration,
    /// What is known of money that was spent, by whomever; `None` for what only lives here.
    pub known: Option<i64>,
    /// Make it so that this much was spent, by whomever.
    pub reset: Option<i64>,
    /// Used since the part began.
    pub used: i64,
    /// As much of that as the store has answered to.
    pub answered: i64,
    /// All that was ever granted to the part, what it used included.
    pub granted: i64,
    /// What requests are waiting for.
    pub need: i64,
    /// What the most modest of them is waiting for.
    pub least: i64,
    /// What would spare later requests the wait.
    pub spare: i64,
    /// How much of what is granted no request has set aside.
    pub slack: i64,
    /// The part ends: nothing of it is in use.
    pub ends: bool,
}

/// What a replica hears.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shared {
    /// For each counter that was asked about.
    pub grants: Vec<LeaseGrant>,
    /// The store did not know this replica: what it was told before may be lost.
    pub is_new: bool,
    /// How many replicas are alive, this one included.
    pub replicas: u32,
}

/// What a replica hears about one counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeaseGrant {
    /// Granted now, of `need` first.
    pub granted: i64,
    /// Used by all replicas.
    pub used: i64,
    /// What others hold and have not used.
    pub held: i64,
    /// What there may be soon: nobody holds it, or others do, which may give it back.
    pub soon: i64,
    /// The most slack that leaves something for others.
    pub most_slack: i64,
    /// The part was forgotten, or made one with all the rest: it begins anew, at what it has used
    /// since the store answered last.
    pub begins_anew: bool,
    /// Another replica wanted more than there was.
    pub is_wanted: bool,
}
