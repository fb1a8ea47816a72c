//! When a deployment is left alone, and for how long.

use std::time::Duration;

use lockgate_core::config::{AllowedFailsPolicy, RouterSettings};
use lockgate_core::error::GatewayError;
use lockgate_engine::router::cooldown::{CooldownRules, Health};
use lockgate_wire::canonical::ErrorKind;

use crate::support::{HOUR, failed_as, refused};

const DEFAULT: Duration = Duration::from_secs(5);

fn rules(router: &RouterSettings, alternatives: bool) -> CooldownRules<'_> {
    CooldownRules {
        router,
        own_cooldown: None,
        own_allowed_fails: None,
        own_policy: None,
        alternatives,
    }
}

/// The number of the failure that cools a fresh deployment down, of at most `most`.
fn cools_at(error: &GatewayError, rules: CooldownRules<'_>, most: u32) -> Option<u32> {
    let health = Health::default();
    (1..=most).find(|_| health.failed(error, rules).is_some())
}

#[test]
fn statuses_that_will_not_get_better_cool_at_once() {
    let router = RouterSettings::default();
    for status in [401, 404, 429] {
        let health = Health::default();
        assert_eq!(health.cooling(), None);
        let time = health.failed(&refused(status), rules(&router, true));
        assert_eq!(time, Some(DEFAULT), "{status}");
        let left = health.cooling().unwrap();
        assert!(left <= DEFAULT && left > DEFAULT / 2, "{status}: {left:?}");
    }
}

#[test]
fn statuses_about_the_request_never_cool() {
    let router = RouterSettings {
        allowed_fails: Some(0),
        ..RouterSettings::default()
    };
    for status in [400, 402, 403, 405, 409, 413, 422, 451] {
        assert_eq!(cools_at(&refused(status), rules(&router, true), 20), None);
    }
}

#[test]
fn other_failures_cool_from_five_requests_on() {
    let router = RouterSettings::default();
    for status in [408, 500, 502, 503, 504, 529] {
        assert_eq!(
            cools_at(&refused(status), rules(&router, true), 20),
            Some(5),
            "{status}"
        );
    }
}

#[test]
fn half_of_the_requests_is_too_much_and_less_is_not() {
    let router = RouterSettings::default();
    let health = Health::default();
    for _ in 0..4 {
        health.succeeded();
    }
    for _ in 0..3 {
        assert_eq!(health.failed(&refused(500), rules(&router, true)), None);
    }
    assert_eq!(health.cooling(), None);
    let time = health.failed(&refused(500), rules(&router, true));
    assert_eq!(time, Some(DEFAULT));
}

#[test]
fn an_only_deployment_is_left_alone_when_all_of_a_thousand_failed() {
    let router = RouterSettings::default();
    for status in [401, 429, 500] {
        let cooled = cools_at(&refused(status), rules(&router, false), 1001);
        assert_eq!(cooled, Some(1000), "{status}");
    }
    let health = Health::default();
    health.succeeded();
    let cooled = (0..1500).any(|_| {
        health
            .failed(&refused(500), rules(&router, false))
            .is_some()
    });
    assert!(!cooled);
}

#[test]
fn allowed_fails_replace_the_built_in_rules() {
    let router = RouterSettings {
        allowed_fails: Some(2),
        ..RouterSettings::default()
    };
    for alternatives in [true, false] {
        for status in [401, 429, 500] {
            let cooled = cools_at(&refused(status), rules(&router, alternatives), 9);
            assert_eq!(cooled, Some(3), "{status} {alternatives}");
        }
    }
    let own = CooldownRules {
        own_allowed_fails: Some(0),
        ..rules(&router, false)
    };
    assert_eq!(cools_at(&refused(500), own, 9), Some(1));
}

#[test]
fn allowed_fails_count_failures_not_their_share() {
    let router = RouterSettings {
        allowed_fails: Some(1),
        ..RouterSettings::default()
    };
    let health = Health::default();
    for _ in 0..100 {
        health.succeeded();
    }
    assert_eq!(health.failed(&refused(500), rules(&router, true)), None);
    assert!(health.failed(&refused(500), rules(&router, true)).is_some());
}

#[test]
fn a_policy_says_it_by_kind() {
    let policy = AllowedFailsPolicy {
        bad_request: Some(1),
        authentication: Some(2),
        timeout: Some(3),
        rate_limit: Some(4),
        content_policy: Some(5),
        internal_server: Some(6),
        service_unavailable: Some(7),
        bad_gateway: Some(8),
        not_found: Some(9),
    };
    let router = RouterSettings {
        allowed_fails: Some(0),
        allowed_fails_policy: Some(policy),
        ..RouterSettings::default()
    };
    let table = [
        (ErrorKind::Authentication, 3),
        (ErrorKind::Timeout, 4),
        (ErrorKind::RateLimited, 5),
        (ErrorKind::Internal, 7),
        (ErrorKind::Unavailable, 8),
        (ErrorKind::Overloaded, 8),
        (ErrorKind::BadGateway, 9),
        (ErrorKind::NotFound, 10),
    ];
    for (kind, expected) in table {
        let cooled = cools_at(&failed_as(kind), rules(&router, true), 20);
        assert_eq!(cooled, Some(expected), "{kind:?}");
    }
}

#[test]
fn a_deployment_s_own_policy_wins_and_what_it_leaves_open_follows_the_number() {
    let of_router = AllowedFailsPolicy {
        rate_limit: Some(5),
        ..AllowedFailsPolicy::default()
    };
    let own_policy = AllowedFailsPolicy {
        rate_limit: Some(1),
        ..AllowedFailsPolicy::default()
    };
    let router = RouterSettings {
        allowed_fails: Some(3),
        allowed_fails_policy: Some(of_router),
        ..RouterSettings::default()
    };
    let own = CooldownRules {
        own_policy: Some(&own_policy),
        ..rules(&router, true)
    };
    assert_eq!(cools_at(&refused(429), own, 9), Some(2));
    assert_eq!(cools_at(&refused(429), rules(&router, true), 9), Some(6));
    assert_eq!(cools_at(&refused(500), own, 9), Some(4));
}

#[test]
fn disabled_is_disabled() {
    let router = RouterSettings {
        disable_cooldowns: true,
        allowed_fails: Some(0),
        ..RouterSettings::default()
    };
    assert_eq!(cools_at(&refused(429), rules(&router, true), 20), None);
}

#[test]
fn the_time_is_the_deployment_s_then_the_provider_s_then_the_router_s() {
    let router = RouterSettings {
        cooldown_time: Duration::from_secs(11),
        ..RouterSettings::default()
    };
    let mut error = refused(429);
    let time = |error: &GatewayError, own_cooldown| {
        let rules = CooldownRules {
            own_cooldown,
            ..rules(&router, true)
        };
        Health::default().failed(error, rules)
    };
    assert_eq!(time(&error, None), Some(Duration::from_secs(11)));
    error.retry_after = Some(Duration::from_secs(22));
    assert_eq!(time(&error, None), Some(Duration::from_secs(22)));
    assert_eq!(time(&error, Some(HOUR)), Some(HOUR));
}

#[test]
fn a_cooldown_ends() {
    let router = RouterSettings {
        cooldown_time: Duration::from_millis(30),
        ..RouterSettings::default()
    };
    let health = Health::default();
    assert!(health.failed(&refused(429), rules(&router, true)).is_some());
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(health.cooling(), None);
}

#[test]
fn a_time_beyond_all_clocks_is_a_long_time() {
    let router = RouterSettings::default();
    let own = CooldownRules {
        own_cooldown: Some(Duration::MAX),
        ..rules(&router, true)
    };
    let health = Health::default();
    health.failed(&refused(429), own);
    assert!(health.cooling().unwrap() > HOUR);
}

#[test]
fn requests_in_flight_are_counted_in_and_out() {
    let health = Health::default();
    health.enter();
    health.enter();
    assert_eq!(health.in_flight(), 2);
    health.leave();
    assert_eq!(health.in_flight(), 1);
}
