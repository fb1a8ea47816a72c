//! Where finished requests are written down first.

use std::fmt;

use crate::ledger::LedgerEntry;

/// Writes finished requests down, for one core. It is told of a request before the last byte of the
/// answer goes out, and must neither wait for anybody nor fail the request: what cannot be written
/// is counted and reported by who keeps it.
pub trait Ledger: fmt::Debug {
    /// Writes `entry` down.
    fn append(&self, entry: LedgerEntry);
}
