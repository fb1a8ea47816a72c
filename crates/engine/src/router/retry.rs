//! How often and how soon an attempt is repeated (reference section 4.2).

use std::time::Duration;

use lockgate_core::config::{RetryPolicy, RouterSettings};
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;

/// A longer wait than this is not worth holding a client for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);
/// Jitter takes away up to this share, so that clients do not come back all at once.
const JITTER: f64 = 0.25;

/// How many attempts may follow one that failed with `error`.
///
/// `requested` is the client's own number, `own` the deployment's.
pub fn retries(
    router: &RouterSettings,
    group: &str,
    requested: Option<u32>,
    own: Option<u32>,
    error: &GatewayError,
) -> u32 {
    let by_policy = |policy: &RetryPolicy| by_kind(policy, error.api.kind).or(policy.default);
    requested
        .or(own)
        .or_else(|| {
            router
                .model_group_retry_policy
                .get(group)
                .and_then(by_policy)
        })
        .or_else(|| router.retry_policy.as_ref().and_then(by_policy))
        .unwrap_or(router.num_retries)
}

/// How long to wait before attempt number `attempt` (the first repetition is 1).
///
/// With another deployment at hand there is nothing to wait for. `jitter` is in 0..1.
pub fn pause(
    router: &RouterSettings,
    error: &GatewayError,
    attempt: u32,
    alternative: bool,
    jitter: f64,
) -> Duration {
    if alternative {
        return Duration::ZERO;
    }
    if let Some(asked) = error
        .retry_after
        .filter(|&asked| asked <= LONGEST_RETRY_AFTER)
    {
        return asked.max(router.retry_after);
    }
    let doubled = FIRST_BACKOFF.saturating_mul(1 << attempt.saturating_sub(1).min(10));
    doubled
        .min(LONGEST_BACKOFF)
        .mul_f64(1.0 - JITTER * jitter)
        .max(router.retry_after)
}

fn by_kind(policy: &RetryPolicy, kind: ErrorKind) -> Option<u32> {
    match kind {
        ErrorKind::Authentication | ErrorKind::PermissionDenied => policy.authentication,
        ErrorKind::Timeout => policy.timeout,
        ErrorKind::RateLimited => policy.rate_limit,
        ErrorKind::ContentPolicy => policy.content_policy,
        ErrorKind::NotFound => policy.not_found,
        ErrorKind::Overloaded | ErrorKind::Unavailable => policy.service_unavailable,
        ErrorKind::Internal | ErrorKind::BadGateway => policy.internal_server,
        ErrorKind::InvalidRequest
        | ErrorKind::ContextWindow
        | ErrorKind::RequestTooLarge
        | ErrorKind::Unprocessable => policy.bad_request,
    }
}
