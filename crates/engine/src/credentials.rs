//! Keeping the credentials of clouds fresh, apart from requests.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::{LocalBoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use http::{Request, Response};
use lockgate_identity::{Fetch, FetchFailed};
use lockgate_providers::{Credential, CredentialKey, FetchError, Http, HttpError};
use tokio::time::Instant;

use crate::engine::Shared;
use crate::snapshot::Snapshot;
use crate::upstream::{Upstream, UpstreamRequest};

/// How long a token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer of a token endpoint.
const LARGEST: usize = 1024 * 1024;
/// How often it is looked whether something is due, which also finds what a reload added.
const TICK: Duration = Duration::from_millis(500);
/// The wait after a first failure; it doubles with every further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait after failures.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// What is renewed too often is not worth having, and must not load its issuer.
const SHORTEST_REST: Duration = Duration::from_secs(5);

/// Renews the credentials of the snapshot in force.
pub struct Refresher {
    upstream: Upstream,
    plans: HashMap<CredentialKey, Plan>,
    under_way: FuturesUnordered<LocalBoxFuture<'static, Renewed>>,
}

/// When a credential is looked at again (`None`: it is being renewed), and how often that has
/// failed in a row.
#[derive(Default, Clone, Copy)]
struct Plan {
    at: Option<Instant>,
    failures: u32,
}

/// A renewal that has ended.
struct Renewed {
    credential: Arc<Credential>,
    result: Result<(), FetchError>,
}

/// Fetches what `snapshot` has no credential for yet, and waits at most `patience`. To be called
/// before the snapshot serves, so that its first requests find their credentials. What does not
/// come in time is the [`Refresher`]'s business.
pub async fn warm(snapshot: &Snapshot, upstream: &Upstream, patience: Duration) {
    let now = SystemTime::now();
    let missing = snapshot.cloud_credentials.all();
    let missing = missing
        .iter()
        .filter(|credential| credential.due(now) == Some(Duration::ZERO));
    let fetched = join_all(missing.map(|credential| credential.refresh(upstream, now)));
    let _late = tokio::time::timeout(patience, fetched).await;
}

// === impl Refresher ===

impl Refresher {
    /// A refresher for the current thread.
    pub fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            plans: HashMap::new(),
            under_way: FuturesUnordered::new(),
        }
    }

    /// Runs for ever.
    pub async fn run(mut self, shared: &Shared) {
        loop {
            self.start(&shared.snapshot.load());
            tokio::select! {
                Some(renewed) = self.under_way.next() => self.settle(renewed),
                () = tokio::time::sleep(TICK) => self.upstream.sweep(),
            }
        }
    }

    /// Starts to renew what is due.
    fn start(&mut self, snapshot: &Snapshot) {
        let all = snapshot.cloud_credentials.all();
        self.plans
            .retain(|key, _| all.iter().any(|credential| credential.key() == *key));
        let now = Instant::now();
        for credential in all {
            let Some(rest) = credential.due(SystemTime::now()) else {
                continue;
            };
            let plan = self.plans.entry(credential.key()).or_insert(Plan {
                at: Some(now + rest),
                failures: 0,
            });
            if plan.at.take_if(|at| *at <= now).is_some() {
                let upstream = self.upstream.clone();
                self.under_way.push(Box::pin(async move {
                    let result = credential.refresh(&upstream, SystemTime::now()).await;
                    Renewed { credential, result }
                }));
            }
        }
    }

    fn settle(&mut self, renewed: Renewed) {
        let Renewed { credential, result } = renewed;
        let plan = self.plans.entry(credential.key()).or_default();
        let wait = match result {
            Ok(()) => {
                plan.failures = 0;
                let rest = credential.due(SystemTime::now()).unwrap_or_default();
                rest.max(SHORTEST_REST)
            }
            Err(error) => {
                plan.failures = plan.failures.saturating_add(1);
                let doubled = FIRST_WAIT * 2_u32.saturating_pow(plan.failures.min(10) - 1);
                // So that many gateways that failed together do not ask together.
                let wait = doubled
                    .min(LONGEST_WAIT)
                    .mul_f64(0.75 + fastrand::f64() / 4.0);
                let cloud = credential.cloud();
                tracing::warn!(
                    failures = plan.failures,
                    "no new {cloud} credential: {error}"
                );
                wait
            }
        };
        plan.at = Some(Instant::now() + wait);
    }
}

impl Fetch for Upstream {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchFailed> {
        let sent = Http::send(self, request).await;
        sent.map_err(|failed| FetchFailed(failed.to_string()))
    }
}

impl Http for Upstream {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let deadline = Instant::now() + PATIENCE;
        let (head, body) = request.into_parts();
        let request = UpstreamRequest {
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            body: body.into(),
            head_deadline: deadline,
        };
        let failed = |error: &dyn std::fmt::Display| HttpError(error.to_string());
        let mut answer = Self::send(self, request).await.map_err(|e| failed(&e))?;
        let body = tokio::time::timeout_at(deadline, answer.body.collect(LARGEST))
            .await
            .map_err(|_| HttpError("the answer did not end in time".to_owned()))?
            .map_err(|e| failed(&e))?;
        let mut response = Response::new(body);
        *response.status_mut() =
            http::StatusCode::from_u16(answer.status).map_err(|e| failed(&e))?;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
