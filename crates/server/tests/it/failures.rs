//! What goes wrong between gateway and upstream, and what the client sees of it.

mod cancel;
mod cooldown;
mod fallbacks;
mod malformed;
mod odd_answers;
mod refusals;
mod retries;
mod shuffle;
mod streams;
mod timeouts;
