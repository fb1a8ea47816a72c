//! What was granted to one request, before it has taken it.

use std::sync::Arc;

use super::Lease;

/// What a request lacks of a lease.
#[derive(Debug, Clone)]
pub(crate) struct Shortage {
    pub lease: Arc<Lease>,
    pub amount: i64,
}

/// What a request may take besides what leases have to spare. What it leaves is given to the
/// leases, whatever becomes of the request.
#[derive(Debug, Default)]
pub(crate) struct Purse(Vec<Shortage>);

/// What a request hears that asked for more.
#[derive(Debug)]
pub(crate) enum Answer {
    /// As much as there was.
    Granted {
        purse: Purse,
        /// Nobody has anything to spare: asking again is of no use.
        is_final: bool,
    },
    /// The store is away: what counts is what this replica knows.
    Alone,
}

// === impl Purse ===

impl Purse {
    pub(super) fn put(&mut self, lease: Arc<Lease>, amount: i64) {
        self.0.push(Shortage { lease, amount });
    }

    /// Takes `amount` of what is for `lease`, if it is that much.
    pub(super) fn take(&mut self, lease: &Lease, amount: i64) -> bool {
        let found = self
            .0
            .iter_mut()
            .find(|held| held.lease.number() == lease.number() && held.amount >= amount);
        found.map(|held| held.amount -= amount).is_some()
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        for held in &self.0 {
            held.lease.grant(held.amount);
        }
    }
}
