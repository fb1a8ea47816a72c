//! All credentials of one configuration: deployments with the same source share one.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::credential::{Credential, CredentialKey};
use super::source::Source;

/// The credentials of one configuration.
#[derive(Debug, Default)]
pub struct Credentials {
    /// Written while a configuration is made ready, and later only when a request names a source
    /// that no deployment has had so far.
    known: ArcSwap<BTreeMap<CredentialKey, Arc<Credential>>>,
    /// Those of the configuration before, while this one is made ready.
    before: Option<Arc<BTreeMap<CredentialKey, Arc<Credential>>>>,
}

// === impl Credentials ===

impl Credentials {
    /// An empty set that takes over from `previous` what is asked for again.
    #[must_use]
    pub fn after(previous: Option<&Self>) -> Self {
        Self {
            known: ArcSwap::default(),
            before: previous.map(|previous| previous.known.load_full()),
        }
    }

    /// The configuration is ready: lets go of what it does not use.
    pub fn settle(&mut self) {
        self.before = None;
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Credential>> {
        self.known.load().values().cloned().collect()
    }

    /// The credential of `source`.
    pub(crate) fn of(&self, source: Source) -> Arc<Credential> {
        let key = source.key();
        if let Some(known) = self.known.load().get(&key) {
            return known.clone();
        }
        let earlier = self.before.as_ref().and_then(|before| before.get(&key));
        let credential = earlier
            .cloned()
            .unwrap_or_else(|| Arc::new(Credential::new(source)));
        self.known.rcu(|known| {
            let mut known = BTreeMap::clone(known);
            // Another core may have been quicker.
            known.entry(key).or_insert_with(|| credential.clone());
            known
        });
        self.known.load().get(&key).cloned().unwrap_or(credential)
    }
}
