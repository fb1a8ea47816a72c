//! Which deployment a request goes to, how often, and where next.

pub mod cooldown;
pub mod fallback;
pub(crate) mod names;
pub mod pattern;
pub mod pick;
pub(crate) mod resolved;
pub mod retry;
