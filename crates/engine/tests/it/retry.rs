//! How often an attempt is repeated and how long it waits.

use std::time::Duration;

use lockgate_core::config::{RetryPolicy, RouterSettings};
use lockgate_engine::router::retry::{pause, retries};
use lockgate_wire::canonical::ErrorKind;

use crate::support::{failed_as, refused};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_nearest_number_wins() {
    let error = refused(500);
    let mut router = RouterSettings::default();
    assert_eq!(retries(&router, "g", None, None, &error), 2);
    router.num_retries = 3;
    assert_eq!(retries(&router, "g", None, None, &error), 3);
    router.retry_policy = Some(RetryPolicy {
        internal_server: Some(4),
        ..RetryPolicy::default()
    });
    assert_eq!(retries(&router, "g", None, None, &error), 4);
    let own = RetryPolicy {
        internal_server: Some(5),
        ..RetryPolicy::default()
    };
    router.model_group_retry_policy.insert("g".into(), own);
    assert_eq!(retries(&router, "g", None, None, &error), 5);
    assert_eq!(retries(&router, "other", None, None, &error), 4);
    assert_eq!(retries(&router, "g", None, Some(6), &error), 6);
    assert_eq!(retries(&router, "g", Some(7), Some(6), &error), 7);
    // Zero is a number, too.
    assert_eq!(retries(&router, "g", Some(0), Some(6), &error), 0);
    assert_eq!(retries(&router, "g", None, Some(0), &error), 0);
}

#[test]
fn a_policy_without_the_kind_leaves_it_to_the_next_number() {
    let mut router = RouterSettings {
        num_retries: 9,
        retry_policy: Some(RetryPolicy {
            timeout: Some(1),
            ..RetryPolicy::default()
        }),
        ..RouterSettings::default()
    };
    router
        .model_group_retry_policy
        .insert("g".into(), RetryPolicy::default());
    assert_eq!(retries(&router, "g", None, None, &refused(408)), 1);
    assert_eq!(retries(&router, "g", None, None, &refused(500)), 9);
    router.retry_policy = Some(RetryPolicy {
        default: Some(3),
        ..RetryPolicy::default()
    });
    assert_eq!(retries(&router, "g", None, None, &refused(500)), 3);
}

#[test]
fn each_kind_has_its_number() {
    let router = RouterSettings {
        retry_policy: Some(RetryPolicy {
            bad_request: Some(11),
            authentication: Some(12),
            timeout: Some(13),
            rate_limit: Some(14),
            content_policy: Some(15),
            internal_server: Some(16),
            service_unavailable: Some(17),
            not_found: Some(18),
            default: Some(19),
        }),
        ..RouterSettings::default()
    };
    let table = [
        (ErrorKind::InvalidRequest, 11),
        (ErrorKind::ContextWindow, 11),
        (ErrorKind::Unprocessable, 11),
        (ErrorKind::RequestTooLarge, 11),
        (ErrorKind::Authentication, 12),
        (ErrorKind::PermissionDenied, 12),
        (ErrorKind::Timeout, 13),
        (ErrorKind::RateLimited, 14),
        (ErrorKind::ContentPolicy, 15),
        (ErrorKind::Internal, 16),
        (ErrorKind::Unavailable, 17),
        (ErrorKind::Overloaded, 17),
        (ErrorKind::NotFound, 18),
    ];
    for (kind, expected) in table {
        let allowed = retries(&router, "g", None, None, &failed_as(kind));
        assert_eq!(allowed, expected, "{kind:?}");
    }
}

#[test]
fn with_an_alternative_nobody_waits() {
    let mut error = refused(429);
    error.retry_after = Some(30 * SECOND);
    let router = RouterSettings {
        retry_after: 10 * SECOND,
        ..RouterSettings::default()
    };
    assert_eq!(pause(&router, &error, 1, true, 0.0), Duration::ZERO);
}

#[test]
fn the_upstream_s_wish_is_heard_up_to_a_minute() {
    let router = RouterSettings::default();
    let mut error = refused(429);
    for asked in [Duration::ZERO, SECOND, 60 * SECOND] {
        error.retry_after = Some(asked);
        assert_eq!(pause(&router, &error, 1, false, 0.5), asked);
    }
    error.retry_after = Some(61 * SECOND);
    assert_eq!(pause(&router, &error, 1, false, 0.0), SECOND / 2);
}

#[test]
fn without_a_wish_the_pause_doubles_up_to_eight_seconds() {
    let router = RouterSettings::default();
    let error = refused(500);
    let pauses: Vec<Duration> = [1, 2, 3, 4, 5, 6, 40, u32::MAX]
        .into_iter()
        .map(|attempt| pause(&router, &error, attempt, false, 0.0))
        .collect();
    let halves = [1, 2, 4, 8, 16, 16, 16, 16].map(|halves| SECOND / 2 * halves);
    assert_eq!(pauses, halves);
}

#[test]
fn jitter_takes_away_up_to_a_quarter() {
    let router = RouterSettings::default();
    let error = refused(500);
    assert_eq!(pause(&router, &error, 2, false, 1.0), SECOND * 3 / 4);
    assert_eq!(pause(&router, &error, 2, false, 0.5), SECOND * 7 / 8);
}

#[test]
fn no_pause_is_shorter_than_the_router_says() {
    let router = RouterSettings {
        retry_after: 3 * SECOND,
        ..RouterSettings::default()
    };
    let mut error = refused(429);
    assert_eq!(pause(&router, &error, 1, false, 1.0), 3 * SECOND);
    assert_eq!(pause(&router, &error, 5, false, 0.0), 8 * SECOND);
    error.retry_after = Some(SECOND);
    assert_eq!(pause(&router, &error, 1, false, 0.0), 3 * SECOND);
    error.retry_after = Some(4 * SECOND);
    assert_eq!(pause(&router, &error, 1, false, 0.0), 4 * SECOND);
}
