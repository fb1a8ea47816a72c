//! A credential that many deployments read and one refresher renews.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;

use super::exchange::{FetchError, Http};
use super::lease::Lease;
use super::source::Source;

/// A source of credentials and what it gave last. Reading it takes no lock.
pub struct Credential {
    source: Source,
    key: CredentialKey,
    lease: ArcSwapOption<Lease>,
    trouble: ArcSwapOption<FetchError>,
}

/// What tells one source from another. Derived from secrets, from which they cannot be derived.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialKey(pub(super) [u8; 32]);

/// A call that cannot be authenticated: nothing has been obtained yet, or it has run out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {cloud} credential: {reason}; {advice}")]
pub struct NoCredential {
    /// Which cloud it is for.
    pub cloud: &'static str,
    /// What is in the way.
    pub reason: String,
    /// What the operator may set.
    pub advice: &'static str,
}

// === impl Credential ===

impl Credential {
    pub(crate) fn new(source: Source) -> Self {
        let lease = source.at_hand().map(Arc::new);
        Self {
            key: source.key(),
            lease: ArcSwapOption::new(lease),
            trouble: ArcSwapOption::empty(),
            source,
        }
    }

    /// What tells it from others.
    #[must_use]
    pub fn key(&self) -> CredentialKey {
        self.key
    }

    /// The cloud it is for.
    #[must_use]
    pub fn cloud(&self) -> &'static str {
        self.source.name()
    }

    /// How long until it should be renewed: zero when there is none in force, `None` when it never
    /// needs to be.
    #[must_use]
    pub fn due(&self, now: SystemTime) -> Option<Duration> {
        match &*self.lease.load() {
            Some(lease) => lease.rest(now),
            None => Some(Duration::ZERO),
        }
    }

    /// Fetches a new credential. When that fails, the one in force stays until its end.
    pub async fn refresh(&self, http: &impl Http, now: SystemTime) -> Result<(), FetchError> {
        match self.source.fetch(http, now).await {
            Ok(lease) => {
                self.lease.store(Some(Arc::new(lease)));
                self.trouble.store(None);
                Ok(())
            }
            Err(error) => {
                self.trouble.store(Some(Arc::new(error.clone())));
                Err(error)
            }
        }
    }

    /// The credential in force.
    pub(crate) fn current(&self, now: SystemTime) -> Result<Arc<Lease>, NoCredential> {
        match self.lease.load_full() {
            Some(lease) if !lease.is_over(now) => Ok(lease),
            lease => Err(self.missing(lease.is_some())),
        }
    }

    /// It is there and does not work.
    pub(crate) fn unusable(&self, reason: &dyn fmt::Display) -> NoCredential {
        NoCredential {
            cloud: self.source.name(),
            reason: reason.to_string().trim_end_matches('.').to_owned(),
            advice: self.source.advice(),
        }
    }

    fn missing(&self, expired: bool) -> NoCredential {
        match (&*self.trouble.load(), expired) {
            (Some(trouble), _) => self.unusable(trouble),
            (None, true) => self.unusable(&"the last one has expired"),
            (None, false) => self.unusable(&"the first one has not arrived yet"),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("cloud", &self.source.name())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CredentialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialKey")
    }
}
