//! What anybody may know about the providers: which there are.

use crate::table::PROVIDERS;

/// The ids of the built-in providers, sorted: the answer to LiteLLM's `GET /public/providers`, a
/// JSON array of strings.
///
/// Rows of the configuration file are not among them. The endpoint needs no key, and what an
/// operator calls the own servers is nobody's business.
#[must_use]
pub fn public_providers() -> Vec<&'static str> {
    let called = PROVIDERS.iter().filter(|row| !row.built_in);
    called.map(|row| row.id).collect()
}
