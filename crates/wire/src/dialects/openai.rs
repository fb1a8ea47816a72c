//! What OpenAI's two dialects have in common.

pub(super) mod billing;
pub(super) mod body;
pub(super) mod error;
pub(crate) mod lenient;
pub(super) mod media;
pub(super) mod model;

/// Whether the server behind `model` has custom tools, free text in instead of JSON: OpenAI alone.
pub(crate) fn takes_custom_tools(model: &str) -> bool {
    model::Model::from_name(model).is_own()
}

/// What OpenAI's `service_tier` can say.
pub(super) const TIERS: [&str; 6] = ["auto", "default", "flex", "scale", "priority", "fast"];

/// OpenAI takes at most so many characters in `user`.
const MAX_USER: usize = 64;

/// An id for a call that came without one. It differs from turn to turn as the answer's id does.
pub(super) fn synthetic_id(seed: &str, choice: usize, index: usize) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};

    let mut hasher = DefaultHasher::new();
    (seed, choice, index).hash(&mut hasher);
    format!("call_{:016x}", hasher.finish())
}

/// As much of a customer's id as OpenAI takes; the start of an id is as stable as the whole.
pub(super) fn shorten_user(user: &mut String) {
    let end = user.char_indices().nth(MAX_USER).map(|(at, _)| at);
    user.truncate(end.unwrap_or(user.len()));
}
