//! Providers through the public surface of the crate.
#![cfg(test)]

mod catalog;
mod clouds;
mod connection;
mod custom;
mod known;
mod quirks;
mod recorded;
mod resolve;
mod table;
mod tokens;

use lockgate_core::Environment;

/// An environment of these variables only.
fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}
