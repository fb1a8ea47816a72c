//! Where responses are kept: in memory, bounded by size and age.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lockgate_wire::json::JsonObject;
use moka::sync::Cache;

use super::{Remote, array, inner, joined};
use crate::auth::Identity;

/// How much is kept; the least recently used goes first.
const CAPACITY: u64 = 128 * 1024 * 1024;
/// How long a response is kept, as OpenAI keeps it.
const AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Deeper than any answer.
const DEPTH: usize = 512;

/// The responses that can be asked for again.
#[derive(Debug)]
pub struct ResponseStore(Cache<String, Arc<Kept>>);

/// One response.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Whose it is.
    pub owner: Identity,
    /// All that was said before it, as items without the brackets around them.
    pub items: Bytes,
    /// The response object.
    pub response: Bytes,
    /// Where its provider keeps it, too.
    pub remote: Option<Remote>,
}

// === impl ResponseStore ===

impl Default for ResponseStore {
    fn default() -> Self {
        let weigh = |id: &String, kept: &Arc<Kept>| {
            let bytes = id.len() + kept.items.len() + kept.response.len() + size_of::<Kept>();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self(
            Cache::builder()
                .max_capacity(CAPACITY)
                .weigher(weigh)
                .time_to_live(AGE)
                .build(),
        )
    }
}

impl ResponseStore {
    /// The response `id`, if it is `owner`'s.
    pub fn get(&self, id: &str, owner: Identity) -> Option<Arc<Kept>> {
        self.0.get(id).filter(|kept| kept.owner == owner)
    }

    /// Keeps a response object under its own id; one without an id is not kept.
    pub fn keep(&self, kept: Kept) {
        let id = JsonObject::parse(kept.response.clone(), DEPTH)
            .ok()
            .and_then(|object| object.get_str("id").map(std::borrow::Cow::into_owned));
        // Clients have a say in their call ids, and so in this one.
        let free = |id: &String| self.0.get(id).is_none_or(|there| there.owner == kept.owner);
        if let Some(id) = id.filter(|id| !id.is_empty() && free(id)) {
            self.0.insert(id, Arc::new(kept));
        }
    }

    /// Forgets the response `id`; says whether there was one that is `owner`'s.
    pub fn remove(&self, id: &str, owner: Identity) -> bool {
        let found = self.get(id, owner).is_some();
        if found {
            self.0.invalidate(id);
        }
        found
    }
}

// === impl Kept ===

impl Kept {
    /// All that was said up to and with this response, as items without brackets.
    pub(super) fn conversation(&self) -> Bytes {
        let object = JsonObject::parse(self.response.clone(), DEPTH).ok();
        let output = object.as_ref().and_then(|object| object.get("output"));
        let output = output.and_then(inner).unwrap_or_default();
        joined(&self.items, &output)
    }

    /// What was said before it, as a JSON array.
    pub fn input(&self) -> Bytes {
        array(&self.items)
    }
}
