//! What tokens open the gateway, and what happens with those that should not.
#![expect(
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and a table is as long as it is"
)]

mod attacks;
mod introspection;
mod issuers;
mod mapping;
mod properties;
mod rotation;
mod support;
mod teams;
mod vectors;
