//! The built-in providers: one row each.
//!
//! Base URLs, environment variables and deviations are those a LiteLLM 1.105 user has configured
//! for, checked against the providers' own API references where they are public.

mod accounts;
mod clouds;
mod deviations;
mod field;
mod hosted;
mod media;
mod native;
mod not_yet;
mod tokens;

use crate::spec::{OPENAI_COMPATIBLE, ProviderSpec};

pub use self::not_yet::NOT_YET;

/// All built-in providers, sorted by id.
pub static PROVIDERS: &[ProviderSpec] = &SORTED;

/// Each list is sorted by itself.
const LISTS: [&[ProviderSpec]; 7] = [
    hosted::ROWS,
    field::ROWS,
    accounts::ROWS,
    accounts::SERVERS,
    clouds::ROWS,
    media::ROWS,
    native::ROWS,
];

const LEN: usize = {
    let (mut len, mut list) = (0, 0);
    while list < LISTS.len() {
        len += LISTS[list].len();
        list += 1;
    }
    len
};

static SORTED: [ProviderSpec; LEN] = merge();

/// The lists as one.
const fn merge() -> [ProviderSpec; LEN] {
    let mut all = [OPENAI_COMPATIBLE; LEN];
    let mut next = [0; LISTS.len()];
    let mut at = 0;
    while at < LEN {
        let mut first = LISTS.len();
        let mut list = 0;
        while list < LISTS.len() {
            let has_more = next[list] < LISTS[list].len();
            if has_more
                && (first == LISTS.len()
                    || is_before(LISTS[list][next[list]].id, LISTS[first][next[first]].id))
            {
                first = list;
            }
            list += 1;
        }
        all[at] = LISTS[first][next[first]];
        next[first] += 1;
        at += 1;
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
