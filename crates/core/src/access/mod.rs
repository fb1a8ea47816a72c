//! Who may call which model and which route: rules without a clock and without IO.

mod models;
mod roles;
mod routes;

pub use self::models::{AskedModel, ModelList, Verdict};
pub use self::roles::{Permission, Role};
pub use self::routes::{MatchedRoute, RouteClass, RouteList};

/// Whether `text` is what `pattern` says, in which each `*` stands for any characters.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}
