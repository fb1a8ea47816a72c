//! Leaving a failing deployment alone for a while (reference section 4.3).

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use lockgate_core::config::{AllowedFailsPolicy, RouterSettings};
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;

/// A share of failures that cools a deployment down, once there were enough requests to tell.
const FAILURE_SHARE: f64 = 0.5;
const ENOUGH_REQUESTS: u32 = 5;
/// The only deployment of a group is left alone only when nothing at all works any more.
const HOPELESS_REQUESTS: u32 = 1000;

/// How a deployment has been doing. Survives a reload of the configuration.
#[derive(Debug)]
pub struct Health {
    started: Instant,
    /// Milliseconds since `started`; 0 means not cooling down.
    cooling_until: AtomicU64,
    /// The minute that the two counts below are about.
    minute: AtomicU64,
    requests: AtomicU32,
    failures: AtomicU32,
    in_flight: AtomicU32,
}

/// What decides about a deployment's cooldown besides its failures.
#[derive(Debug, Clone, Copy)]
pub struct CooldownRules<'a> {
    /// The router's settings.
    pub router: &'a RouterSettings,
    /// The deployment's own cooldown time.
    pub own_cooldown: Option<Duration>,
    /// The deployment's own number of failures per minute.
    pub own_allowed_fails: Option<u32>,
    /// The same by kind of failure.
    pub own_policy: Option<&'a AllowedFailsPolicy>,
    /// Whether the group has other deployments.
    pub alternatives: bool,
}

// === impl Health ===

impl Default for Health {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            cooling_until: AtomicU64::new(0),
            minute: AtomicU64::new(0),
            requests: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            in_flight: AtomicU32::new(0),
        }
    }
}

impl Health {
    /// How much longer the deployment is to be left alone.
    pub fn cooling(&self) -> Option<Duration> {
        let until = self.cooling_until.load(Relaxed);
        if until == 0 {
            return None;
        }
        until
            .checked_sub(self.now())
            .filter(|&left| left > 0)
            .map(Duration::from_millis)
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    /// Counts a request in; the caller counts it out with [`Health::leave`].
    pub fn enter(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    /// Counts a request out.
    pub fn leave(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// Counts a success.
    pub fn succeeded(&self) {
        self.roll();
        self.requests.fetch_add(1, Relaxed);
    }

    /// Counts a failure; returns for how long the deployment is left alone if that was too much.
    pub fn failed(&self, error: &GatewayError, rules: CooldownRules<'_>) -> Option<Duration> {
        self.roll();
        let requests = self.requests.fetch_add(1, Relaxed) + 1;
        let failures = self.failures.fetch_add(1, Relaxed) + 1;
        if rules.router.disable_cooldowns || !counts(error.api.status) {
            return None;
        }
        if !is_too_much(error, rules, requests, failures) {
            return None;
        }
        let time = rules
            .own_cooldown
            .or(error.retry_after)
            .unwrap_or(rules.router.cooldown_time);
        let until = self.now() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2);
        self.cooling_until.store(until.max(1), Relaxed);
        Some(time)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Starts counting anew when a minute is over. Two cores may both do it: a count lost then
    /// delays a cooldown by one failure.
    fn roll(&self) {
        let minute = self.now() / 60_000;
        if self.minute.swap(minute, Relaxed) != minute {
            self.requests.store(0, Relaxed);
            self.failures.store(0, Relaxed);
        }
    }
}

/// Whether a status says something about the deployment rather than about the request.
fn counts(status: u16) -> bool {
    matches!(status, 401 | 404 | 408 | 429) || status >= 500
}

fn is_too_much(
    error: &GatewayError,
    rules: CooldownRules<'_>,
    requests: u32,
    failures: u32,
) -> bool {
    let by_kind = |policy: &AllowedFailsPolicy| allowed_by(policy, error.api.kind);
    let allowed = rules
        .own_policy
        .and_then(by_kind)
        .or(rules.own_allowed_fails)
        .or_else(|| rules.router.allowed_fails_policy.as_ref().and_then(by_kind))
        .or(rules.router.allowed_fails);
    if let Some(allowed) = allowed {
        return failures > allowed;
    }
    if !rules.alternatives {
        return failures == requests && requests >= HOPELESS_REQUESTS;
    }
    matches!(error.api.status, 401 | 404 | 429)
        || (requests >= ENOUGH_REQUESTS
            && f64::from(failures) >= FAILURE_SHARE * f64::from(requests))
}

fn allowed_by(policy: &AllowedFailsPolicy, kind: ErrorKind) -> Option<u32> {
    match kind {
        ErrorKind::Authentication | ErrorKind::PermissionDenied => policy.authentication,
        ErrorKind::Timeout => policy.timeout,
        ErrorKind::RateLimited => policy.rate_limit,
        ErrorKind::ContentPolicy => policy.content_policy,
        ErrorKind::NotFound => policy.not_found,
        ErrorKind::BadGateway => policy.bad_gateway,
        ErrorKind::Overloaded | ErrorKind::Unavailable => policy.service_unavailable,
        ErrorKind::Internal => policy.internal_server,
        ErrorKind::InvalidRequest
        | ErrorKind::ContextWindow
        | ErrorKind::RequestTooLarge
        | ErrorKind::Unprocessable => policy.bad_request,
    }
}
