//! The keys of one issuer: held, renewed before they are stale, and kept a while when they cannot be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, Uri};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::fetch::Fetch;
use crate::jwk::{VerificationKey, key_set};

/// An issuer is not asked more often because of keys it may have, or somebody's invented ones.
const LEAST_PAUSE: Duration = Duration::from_secs(10);
/// How long a request waits for the fetch that is under way.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a fetch may take, both steps of it.
const LONGEST_FETCH: Duration = Duration::from_secs(15);
/// The wait after a first failure; it doubles with every further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A `public_key_ttl` below this must not load the issuer.
const SHORTEST_REST: Duration = Duration::from_secs(5);
/// Larger answers are not read.
const LARGEST: usize = 1024 * 1024;

const DISCOVERY: &str = ".well-known/openid-configuration";

/// Where the keys of an issuer are, and how long they serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) url: String,
    /// The issuer that a discovery document must be about.
    pub(crate) issuer: Option<String>,
    pub(crate) fresh: Duration,
    pub(crate) stale: Duration,
}

pub(crate) struct KeySource {
    pub(crate) place: Place,
    held: ArcSwapOption<Held>,
    round: Mutex<Round>,
    /// Counts fetches that have ended.
    ended: watch::Sender<u64>,
}

/// The keys that were fetched last.
pub(crate) struct Held {
    pub(crate) keys: Vec<VerificationKey>,
    at: Instant,
}

/// How it stands with fetching.
struct Round {
    under_way: bool,
    /// A request asked for it.
    wanted: bool,
    started: Option<Instant>,
    /// When it is due; `None`: at once.
    next: Option<Instant>,
    failures: u32,
}

/// A fetch is under way for as long as this lives, also when whoever drives it is stopped.
struct UnderWay<'s>(&'s KeySource);

/// `OpenID` Connect Discovery 1.0, section 3.
#[derive(Deserialize)]
struct Discovery {
    issuer: Option<String>,
    jwks_uri: Option<String>,
}

// === impl Place ===

impl Place {
    /// The discovery document of `issuer`.
    pub(crate) fn discovery_of(issuer: &str) -> String {
        format!("{}/{DISCOVERY}", issuer.trim_end_matches('/'))
    }

    fn is_discovery(&self) -> bool {
        self.url.contains(DISCOVERY)
    }

    /// For messages: a path says nothing to the operator, and a query may hold a secret.
    fn host(&self) -> String {
        let uri = self.url.parse::<Uri>().ok();
        uri.and_then(|uri| Some(uri.authority()?.host().to_owned()))
            .unwrap_or_else(|| "an address that is none".to_owned())
    }
}

// === impl KeySource ===

impl KeySource {
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            held: ArcSwapOption::empty(),
            round: Mutex::new(Round {
                under_way: false,
                wanted: false,
                started: None,
                next: None,
                failures: 0,
            }),
            ended: watch::Sender::new(0),
        }
    }

    /// The keys that may be used now.
    pub(crate) fn held(&self) -> Option<Arc<Held>> {
        let life = self.place.fresh.saturating_add(self.place.stale);
        self.held
            .load_full()
            .filter(|held| held.at.elapsed() <= life)
    }

    /// Waits for the end of the fetch that is under way, or has one started and waits for that; not
    /// at all if the issuer was asked a moment ago. Whoever called looks again then, once.
    pub(crate) async fn renewed(&self, wake: impl FnOnce()) {
        let mut ended = self.ended.subscribe();
        {
            let mut round = self.round();
            if !round.under_way {
                if round.started.is_some_and(|at| at.elapsed() < LEAST_PAUSE) {
                    return;
                }
                round.wanted = true;
            }
        }
        wake();
        let _in_time = timeout(PATIENCE, ended.changed()).await;
    }

    /// Whether it is time to fetch. Says so once: whoever is told so must call [`Self::renew`].
    pub(crate) fn begin(&self, now: Instant) -> bool {
        let mut round = self.round();
        let due = round.wanted || round.next.is_none_or(|next| next <= now);
        if round.under_way || !due {
            return false;
        }
        round.under_way = true;
        round.wanted = false;
        round.started = Some(now);
        true
    }

    pub(crate) async fn renew(&self, fetch: &impl Fetch) {
        let under_way = UnderWay(self);
        let fetched = timeout(LONGEST_FETCH, self.fetch(fetch)).await;
        let fetched = fetched.unwrap_or_else(|_| Err("it did not answer in time".to_owned()));
        let now = Instant::now();
        let host = self.place.host();
        let mut round = self.round();
        let rest = match fetched {
            Ok(keys) => {
                tracing::debug!(keys = keys.len(), "keys of tokens fetched from {host}");
                self.held.store(Some(Arc::new(Held { keys, at: now })));
                round.failures = 0;
                // Three quarters of the time that keys are fresh leave time to try again.
                (self.place.fresh * 3 / 4).max(SHORTEST_REST)
            }
            Err(why) => {
                round.failures = round.failures.saturating_add(1);
                let failures = round.failures;
                tracing::warn!(failures, "no keys of tokens from {host}: {why}");
                let doubled = FIRST_WAIT * 2_u32.saturating_pow(failures.min(10) - 1);
                // So that many gateways that failed together do not ask together.
                doubled
                    .min(LONGEST_WAIT)
                    .mul_f64(0.75 + fastrand::f64() / 4.0)
            }
        };
        round.next = Some(now + rest);
        drop(round);
        drop(under_way);
    }

    async fn fetch(&self, fetch: &impl Fetch) -> Result<Vec<VerificationKey>, String> {
        let found;
        let url = if self.place.is_discovery() {
            let document = get(fetch, &self.place.url).await?;
            found = self.jwks_uri(&document)?;
            &found
        } else {
            &self.place.url
        };
        key_set(&get(fetch, url).await?).map_err(|error| error.to_string())
    }

    /// Where the discovery document says that the keys are.
    fn jwks_uri(&self, document: &[u8]) -> Result<String, String> {
        let document: Discovery = serde_json::from_slice(document)
            .map_err(|_| "the discovery document is none".to_owned())?;
        if let Some(expected) = &self.place.issuer
            && document.issuer.as_ref() != Some(expected)
        {
            return Err("the discovery document is about another issuer".to_owned());
        }
        let uri = document
            .jwks_uri
            .ok_or_else(|| "the discovery document has no `jwks_uri`".to_owned())?;
        if self.place.url.starts_with("https://") && !uri.starts_with("https://") {
            return Err("the discovery document leads away from https".to_owned());
        }
        Ok(uri)
    }

    /// Held for a few instructions only, and never on the way of a request whose key is known.
    fn round(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl UnderWay ===

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.round().under_way = false;
        self.0.ended.send_modify(|count| *count += 1);
    }
}

async fn get(fetch: &impl Fetch, url: &str) -> Result<Bytes, String> {
    let request = Request::get(url)
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|_| "the address is none".to_owned())?;
    let answer = fetch.send(request).await.map_err(|failed| failed.0)?;
    if !answer.status().is_success() {
        return Err(format!("it answered {}", answer.status().as_u16()));
    }
    if answer.body().len() > LARGEST {
        return Err("the answer is too large".to_owned());
    }
    Ok(answer.into_body())
}
