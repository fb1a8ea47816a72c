//! The built-in providers: one row each.
//!
//! Base URLs, environment variables and deviations are those a LiteLLM 1.105 user has configured
//! for, checked against the providers' own API references where they are public.

mod clouds;
mod deviations;
mod hosted;
mod native;
mod not_yet;

use crate::spec::ProviderSpec;

pub use self::not_yet::NOT_YET;

/// All built-in providers, sorted by id.
pub static PROVIDERS: &[ProviderSpec] = &SORTED;

const LEN: usize = hosted::ROWS.len() + native::ROWS.len();

static SORTED: [ProviderSpec; LEN] = merge(hosted::ROWS, native::ROWS);

/// Two sorted lists as one.
const fn merge(left: &[ProviderSpec], right: &[ProviderSpec]) -> [ProviderSpec; LEN] {
    let mut all = [crate::spec::OPENAI_COMPATIBLE; LEN];
    let (mut at_left, mut at_right) = (0, 0);
    while at_left + at_right < LEN {
        let take_left = at_right == right.len()
            || (at_left < left.len() && is_before(left[at_left].id, right[at_right].id));
        if take_left {
            all[at_left + at_right] = left[at_left];
            at_left += 1;
        } else {
            all[at_left + at_right] = right[at_right];
            at_right += 1;
        }
    }
    all
}

const fn is_before(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() {
        if left[at] != right[at] {
            return left[at] < right[at];
        }
        at += 1;
    }
    left.len() < right.len()
}
