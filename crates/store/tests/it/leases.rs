//! What replicas share of a counter, on a Redis of this process.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::Secret;
use lockgate_core::config::RedisSettings;
use lockgate_core::ports::{LeaseAsk, LeaseGrant, LeaseStore, Shared, StoreError};
use lockgate_store::{RedisAddress, RedisLeases};
use lockgate_testkit::Redis;
use uuid::Uuid;

/// A namespace that nobody else has.
fn namespace() -> String {
    Uuid::new_v4().to_string()
}

fn replica(url: &str, namespace: &str) -> RedisLeases {
    let settings = RedisSettings {
        url: Some(Secret::from(url)),
        namespace: Some(namespace.to_owned()),
        ..RedisSettings::default()
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let trust = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let address = RedisAddress::find(&settings).unwrap();
    RedisLeases::new(address, Arc::new(trust), &Uuid::new_v4().to_string())
}

/// Two replicas that share something nobody else does.
fn two() -> (RedisLeases, RedisLeases) {
    let (url, namespace) = (Redis::shared().url(), namespace());
    (replica(&url, &namespace), replica(&url, &namespace))
}

fn ask(most: i64) -> LeaseAsk {
    LeaseAsk {
        counter: "money".to_owned(),
        most,
        kept: Duration::from_secs(60),
        ..LeaseAsk::default()
    }
}

fn needing(most: i64, need: i64) -> LeaseAsk {
    LeaseAsk {
        need,
        least: need,
        ..ask(most)
    }
}

async fn told(replica: &RedisLeases, ask: &LeaseAsk) -> LeaseGrant {
    let shared = replica.share(std::slice::from_ref(ask)).await.unwrap();
    shared.grants[0]
}

#[tokio::test]
async fn no_more_is_granted_than_there_is() {
    let (one, other) = two();
    assert_eq!(told(&one, &needing(100, 60)).await.granted, 60);
    // Too little for anybody is left to others, who may need less.
    let refused = told(&other, &needing(100, 60)).await;
    assert_eq!((refused.granted, refused.held, refused.soon), (0, 60, 100));
    assert_eq!(told(&other, &needing(100, 40)).await.granted, 40);
    // What is not used goes back, and what is used stays.
    let settled = LeaseAsk {
        used: 10,
        granted: 10,
        ..ask(100)
    };
    let settled = told(&one, &settled).await;
    assert_eq!((settled.used, settled.held), (10, 40));
    let more = LeaseAsk {
        granted: 40,
        ..needing(100, 50)
    };
    let more = told(&other, &more).await;
    assert_eq!((more.granted, more.used, more.soon), (50, 10, 0));
}

#[tokio::test]
async fn what_is_told_twice_counts_once() {
    let (one, other) = two();
    let used = LeaseAsk {
        used: 7,
        granted: 7,
        ..ask(10)
    };
    for _ in 0..3 {
        assert_eq!(told(&one, &used).await.used, 7);
    }
    assert_eq!(told(&other, &needing(10, 3)).await.granted, 3);
    // What was used without being granted is used all the same.
    let beyond = LeaseAsk {
        used: 20,
        granted: 20,
        ..ask(10)
    };
    assert_eq!(told(&one, &beyond).await.used, 20);
    assert_eq!(told(&other, &needing(10, 1)).await.granted, 0);
}

#[tokio::test]
async fn what_is_spare_leaves_something_for_others() {
    let (one, other) = two();
    one.share(&[]).await.unwrap();
    let greedy = LeaseAsk {
        need: 1,
        least: 1,
        spare: 1_000,
        ..ask(81)
    };
    let first = told(&one, &greedy).await;
    // Alone it may have a fourth of the eighty that are left.
    assert_eq!((first.granted, first.most_slack), (21, 20));
    let second = told(&other, &greedy).await;
    // Of two, each may have an eighth of 59.
    assert_eq!((second.granted, second.held), (8, 21));
}

#[tokio::test]
async fn money_begins_with_what_is_known() {
    let (url, namespace) = (Redis::shared().url(), namespace());
    let [one, other, third] = [(); 3].map(|()| replica(&url, &namespace));
    let knowing = |known, used, answered| LeaseAsk {
        known: Some(known),
        used,
        answered,
        granted: used,
        ..ask(1_000)
    };
    assert_eq!(told(&one, &knowing(100, 0, 0)).await.used, 100);
    assert_eq!(told(&one, &knowing(100, 30, 0)).await.used, 130);
    // Who comes later may know less, or more.
    assert_eq!(told(&other, &knowing(90, 0, 0)).await.used, 130);
    assert_eq!(told(&third, &knowing(500, 0, 0)).await.used, 500);
    // Somebody says what it is.
    let reset = LeaseAsk {
        reset: Some(0),
        ..knowing(130, 30, 30)
    };
    assert_eq!(told(&one, &reset).await.used, 0);
    assert_eq!(told(&one, &knowing(0, 35, 30)).await.used, 5);
}

#[tokio::test]
async fn a_redis_that_forgot_hears_it_again() {
    let redis = Redis::start().unwrap();
    let namespace = namespace();
    let (one, other) = (
        replica(&redis.url(), &namespace),
        replica(&redis.url(), &namespace),
    );
    let money = |known, used, answered| LeaseAsk {
        known: Some(known),
        used,
        answered,
        granted: used,
        ..ask(1_000)
    };
    assert_eq!(told(&one, &money(0, 30, 0)).await.used, 30);
    assert_eq!(told(&other, &money(0, 50, 0)).await.used, 80);
    redis.command("FLUSHALL").unwrap();
    // Each has spent five more since it was answered.
    let first = told(&one, &money(80, 35, 30)).await;
    assert_eq!((first.used, first.begins_anew), (85, true));
    let second = told(&other, &money(80, 55, 50)).await;
    assert_eq!((second.used, second.begins_anew), (90, true));
    let Shared {
        is_new, replicas, ..
    } = one.share(&[]).await.unwrap();
    assert_eq!((is_new, replicas), (false, 2));
}

#[tokio::test]
async fn who_leaves_holds_nothing_and_has_used_what_it_used() {
    let (one, other) = two();
    let holding = LeaseAsk {
        used: 10,
        granted: 100,
        ..ask(100)
    };
    told(&one, &holding).await;
    assert_eq!(told(&other, &needing(100, 1)).await.granted, 0);
    one.leave().await.unwrap();
    let granted = told(&other, &needing(100, 90)).await;
    assert_eq!((granted.granted, granted.used), (90, 10));
}

#[tokio::test]
async fn a_part_that_ends_becomes_part_of_all() {
    let (one, other) = two();
    let used = LeaseAsk {
        known: Some(0),
        used: 10,
        granted: 10,
        ..ask(100)
    };
    told(&one, &used).await;
    let last = LeaseAsk {
        answered: 10,
        ends: true,
        ..used.clone()
    };
    for _ in 0..2 {
        assert_eq!(told(&one, &last).await.used, 10);
    }
    // It may come back, with what it has used since.
    let again = LeaseAsk {
        used: 13,
        answered: 10,
        granted: 13,
        ..used
    };
    let again = told(&one, &again).await;
    assert_eq!((again.used, again.begins_anew), (13, true));
    assert_eq!(told(&other, &needing(100, 87)).await.granted, 87);
}

#[tokio::test]
async fn a_redis_that_is_away_is_said_to_be() {
    let redis = Redis::start().unwrap();
    let one = replica(&redis.url(), &namespace());
    told(&one, &needing(100, 1)).await;
    redis.freeze();
    assert!(matches!(one.share(&[]).await, Err(StoreError::Away(_))));
    redis.thaw();
    redis.stop();
    assert!(matches!(one.share(&[]).await, Err(StoreError::Away(_))));
    redis.resume().unwrap();
    assert_eq!(told(&one, &needing(100, 1)).await.granted, 1);
}

#[tokio::test]
async fn many_counters_are_answered_in_their_order() {
    let (one, _) = two();
    let asks: Vec<LeaseAsk> = (1..=450)
        .map(|number| LeaseAsk {
            counter: format!("counter {number}"),
            need: number,
            least: number,
            ..ask(1_000)
        })
        .collect();
    let shared = one.share(&asks).await.unwrap();
    let granted: Vec<i64> = shared.grants.iter().map(|grant| grant.granted).collect();
    assert_eq!(granted, (1..=450).collect::<Vec<i64>>());
}
