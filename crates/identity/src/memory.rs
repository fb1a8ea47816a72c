//! Tokens that were found good, or not, a moment ago.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;

use crate::caller::Caller;
use crate::error::IdentityError;

/// How long what was found out about a good token is believed: its key may be withdrawn, and it may
/// be revoked.
pub(crate) const GOOD: Duration = Duration::from_secs(60);
/// The same for a token that is not good, which may become so.
pub(crate) const BAD: Duration = Duration::from_secs(10);
/// Of each sort; one takes about a kilobyte.
const MOST: u64 = 10_000;

/// What was found out about a token, and until when it may be believed.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) caller: Result<Arc<Caller>, IdentityError>,
    pub(crate) until: SystemTime,
}

/// The SHA-256 of a token; the token itself is kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash([u8; 32]);

/// Good and bad ones apart, so that nobody can push out the good ones with bad ones.
pub(crate) struct Memory {
    good: Cache<TokenHash, Known>,
    bad: Cache<TokenHash, Known>,
}

// === impl TokenHash ===

impl TokenHash {
    pub(crate) fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }
}

// === impl Memory ===

impl Memory {
    pub(crate) fn new() -> Self {
        let cache = |life| {
            Cache::builder()
                .max_capacity(MOST)
                .time_to_live(life)
                .build()
        };
        Self {
            good: cache(GOOD),
            bad: cache(BAD),
        }
    }

    pub(crate) fn get(&self, token: TokenHash, now: SystemTime) -> Option<Known> {
        let known = self.good.get(&token).or_else(|| self.bad.get(&token))?;
        (now < known.until).then_some(known)
    }

    pub(crate) fn put(&self, token: TokenHash, known: Known) {
        match known.caller {
            Ok(_) => self.good.insert(token, known),
            Err(_) => self.bad.insert(token, known),
        }
    }
}
