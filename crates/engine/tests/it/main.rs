//! The pipeline and its parts through the public surface of the crate.
#![cfg(test)]

mod auth;
mod cancel;
mod capabilities;
mod connections;
mod cooldown;
mod credentials;
mod drops;
mod fallback;
mod governance;
mod http1;
mod options;
mod pattern;
mod pick;
mod prices;
mod proxies;
mod retry;
mod serve;
mod snapshot;
mod support;
mod upstream;
