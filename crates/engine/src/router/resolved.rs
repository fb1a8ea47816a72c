//! Groups behind wildcards whose requests say how their deployments are called, made once a name.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::snapshot::Group;

/// So many names are remembered; the one beyond them starts anew, so that clients who make names
/// up cannot fill the memory.
const MOST: usize = 512;
/// Longer names are nobody's models.
const LONGEST: usize = 256;

/// What the names that clients sent turned out to mean. Read without a lock.
#[derive(Debug, Default)]
pub(crate) struct ResolvedNames(ArcSwap<HashMap<String, Arc<Group>>>);

// === impl ResolvedNames ===

impl ResolvedNames {
    /// The group that `model` was found to mean.
    pub(crate) fn get(&self, model: &str) -> Option<Arc<Group>> {
        self.0.load().get(model).cloned()
    }

    /// Remembers what `model` means.
    pub(crate) fn put(&self, model: &str, group: &Arc<Group>) {
        if model.len() > LONGEST {
            return;
        }
        self.0.rcu(|known| {
            let mut known = match known.len() {
                MOST.. => HashMap::new(),
                _ => HashMap::clone(known),
            };
            known.insert(model.to_owned(), group.clone());
            known
        });
    }
}
