//! The management API on a store in memory.

mod access;
mod keys;
mod others;
mod support;
mod teams;
