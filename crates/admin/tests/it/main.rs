//! The management API on a store in memory.
#![cfg(test)]

mod access;
mod conflicts;
mod jobs;
mod keys;
mod others;
mod spend;
mod support;
mod teams;
