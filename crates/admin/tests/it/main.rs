//! The management API on a store in memory.

mod keys;
mod support;
