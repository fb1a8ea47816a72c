//! Two replicas with one PostgreSQL and one Redis: what they share, and what happens without it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use lockgate_testkit::{Gateway, Redis};
use serde_json::json;
use tokio::task::JoinSet;

use super::{Database, Site, holder, key, known, manage, question};
use crate::support::{CHAT, eventually};

/// How many of `asked` requests, sent to all gateways at once, were served; the others were refused
/// for a limit.
async fn served(gateways: &[Gateway], key: &str, asked: usize) -> usize {
    let mut asking = JoinSet::new();
    for number in 0..asked {
        let client = holder(&gateways[number % gateways.len()], key);
        asking.spawn(async move { client.post(CHAT, &question()).await.unwrap().status });
    }
    let statuses = asking.join_all().await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)));
    statuses.iter().filter(|status| **status == 200).count()
}

/// Not so late in a minute that the next one begins before the test is over.
async fn early_in_a_minute() {
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    let second = now.as_secs() % 60;
    if second > 35 {
        tokio::time::sleep(Duration::from_secs(61 - second)).await;
    }
}

async fn redis_is(gateway: &Gateway, state: &str) {
    eventually("what readiness says of Redis", || async {
        let reply = gateway.client().get("/health/readiness").await.unwrap();
        reply.status == 200 && reply.json()["redis"] == state
    })
    .await;
}

/// A site with a Redis of its own.
async fn with_own_redis(price: f64) -> (Site, Redis) {
    let redis = Redis::start().unwrap();
    let mut site = Site::new(Database::Replicas, price).await;
    site.redis = Some((redis.url(), "own".to_owned()));
    (site, redis)
}

#[tokio::test]
async fn a_limit_is_shared() {
    let site = Site::new(Database::Replicas, 0.0).await;
    let gateways = site.start_all().await;
    let key = key(&gateways[0], json!({ "rpm_limit": 100 })).await;
    known(&gateways, &key).await;
    early_in_a_minute().await;
    let served = served(&gateways, &key, 300).await;
    println!("lease mode: served {served} of a limit of 100");
    assert!((80..=100).contains(&served), "{served}");
}

#[tokio::test]
async fn a_strict_limit_is_exact() {
    let mut site = Site::new(Database::Replicas, 0.0).await;
    site.general = json!({ "strict_limits": true });
    let gateways = site.start_all().await;
    let key = key(&gateways[0], json!({ "rpm_limit": 100 })).await;
    known(&gateways, &key).await;
    early_in_a_minute().await;
    let served = served(&gateways, &key, 300).await;
    println!("strict mode: served {served} of a limit of 100");
    assert_eq!(served, 100);
}

#[tokio::test]
async fn one_replica_alone_may_use_the_whole_limit() {
    let site = Site::new(Database::Replicas, 0.0).await;
    let gateways = site.start_all().await;
    let key = key(&gateways[0], json!({ "rpm_limit": 50 })).await;
    known(&gateways, &key).await;
    early_in_a_minute().await;
    // The other one gets a part that it does not use.
    let client = holder(&gateways[1], &key);
    assert_eq!(client.post(CHAT, &question()).await.unwrap().status, 200);
    let client = holder(&gateways[0], &key);
    let mut served = 0;
    for _ in 0..60 {
        let status = client.post(CHAT, &question()).await.unwrap().status;
        assert!(matches!(status, 200 | 429), "{status}");
        served += usize::from(status == 200);
    }
    println!("served {served} of 49");
    assert!((46..=49).contains(&served), "{served}");
}

/// Whether two amounts are the same but for what may be held in reserve at the end.
fn about(a: usize, b: usize) -> bool {
    a * 10 <= b * 11 && a * 10 >= b * 9
}

/// Of as many requests as it takes, one after the other to each gateway in turn, how many `key`
/// pays for.
async fn paid(gateways: &[Gateway], key: &str) -> usize {
    let mut paid = 0;
    let mut refused = 0;
    for gateway in gateways.iter().cycle() {
        let reply = holder(gateway, key).post(CHAT, &question()).await.unwrap();
        assert!(matches!(reply.status, 200 | 422), "{}", reply.text());
        if reply.status == 200 {
            paid += 1;
            refused = 0;
        } else {
            refused += 1;
        }
        // What the other one held in reserve is given back after some refusals.
        if refused >= 8 {
            break;
        }
    }
    paid
}

#[tokio::test]
async fn what_one_replica_spent_the_other_knows() {
    let site = Site::new(Database::Replicas, 0.000_1).await;
    let gateways = site.start_all().await;
    let terms = json!({ "max_budget": 0.2, "budget_duration": "30d" });
    let (one, both) = (
        key(&gateways[0], terms.clone()).await,
        key(&gateways[0], terms).await,
    );
    known(&gateways, &both).await;
    let one = paid(&gateways[..1], &one).await;
    let both = paid(&gateways, &both).await;
    println!("one replica served {one}, two served {both}");
    assert!(one > 10 && about(both, one), "{one} {both}");
}

async fn all_are(gateways: &[Gateway], state: &str) {
    for gateway in gateways {
        redis_is(gateway, state).await;
    }
}

/// Clients that ask until it is `over`, and are never refused.
fn load(
    gateways: &[Gateway],
    key: &str,
    answered: &Arc<AtomicUsize>,
    over: &Arc<AtomicBool>,
) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for number in 0..8 {
        let client = holder(&gateways[number % gateways.len()], key);
        let (answered, over) = (answered.clone(), over.clone());
        clients.spawn(async move {
            while !over.load(Relaxed) {
                let reply = client.post(CHAT, &question()).await.unwrap();
                assert_eq!(reply.status, 200, "{}", reply.text());
                answered.fetch_add(1, Relaxed);
            }
        });
    }
    clients
}

#[tokio::test]
async fn without_redis_requests_go_on_and_nothing_is_lost() {
    let (site, redis) = with_own_redis(0.000_01).await;
    let gateways = site.start_all().await;
    let terms = json!({ "max_budget": 100.0, "rpm_limit": 1_000_000 });
    let key = key(&gateways[0], terms).await;
    known(&gateways, &key).await;
    all_are(&gateways, "connected").await;
    let (answered, over) = <(Arc<AtomicUsize>, Arc<AtomicBool>)>::default();
    let mut clients = load(&gateways, &key, &answered, &over);
    let some_more = async || {
        let before = answered.load(Relaxed);
        let more = async || answered.load(Relaxed) > before + 100;
        eventually("requests are answered", more).await;
    };
    some_more().await;
    redis.stop();
    all_are(&gateways, "Not connected").await;
    some_more().await;
    redis.resume().unwrap();
    all_are(&gateways, "connected").await;
    some_more().await;
    // One that does not answer is worse than one that is gone.
    redis.freeze();
    all_are(&gateways, "Not connected").await;
    some_more().await;
    redis.thaw();
    all_are(&gateways, "connected").await;
    some_more().await;
    over.store(true, Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let answered = i64::try_from(answered.load(Relaxed)).unwrap();
    let written = async || site.number("SELECT count(*) FROM ledger").await;
    eventually("all is written down", async || written().await == answered).await;
    println!("answered {answered}, written {}", written().await);
    // Each outage is told of once; a machine that is busy may make one more of a slow answer.
    let logs = gateways[0].logs();
    let told = |text: &str| logs.matches(text).count();
    let (away, back) = (told("Redis is away"), told("Redis answers again"));
    assert!(
        away == back && (2..=4).contains(&away),
        "{away} {back} {logs}"
    );
}

#[tokio::test]
async fn limits_hold_again_when_redis_is_back() {
    let (site, redis) = with_own_redis(0.000_1).await;
    let gateways = site.start_all().await;
    let terms = json!({ "max_budget": 0.2 });
    let (one, both) = (
        key(&gateways[0], terms.clone()).await,
        key(&gateways[0], terms).await,
    );
    known(&gateways, &both).await;
    let one = paid(&gateways[..1], &one).await;
    let some = async || {
        for gateway in gateways.iter().cycle().take(8) {
            let reply = holder(gateway, &both)
                .post(CHAT, &question())
                .await
                .unwrap();
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
    };
    some().await;
    redis.stop();
    some().await;
    all_are(&gateways, "Not connected").await;
    redis.resume().unwrap();
    all_are(&gateways, "connected").await;
    // Both have told what they spent alone, to a Redis that has forgotten everything, as soon as
    // each of them is refused nothing more.
    let both = 16 + paid(&gateways, &both).await;
    println!("one replica served {one}, two served {both}");
    assert!(about(both, one), "{one} {both}");
}

#[tokio::test]
async fn what_is_forgiven_on_one_replica_may_be_spent_on_the_other() {
    let site = Site::new(Database::Replicas, 0.000_1).await;
    let gateways = site.start_all().await;
    let key = key(&gateways[0], json!({ "max_budget": 0.2 })).await;
    known(&gateways, &key).await;
    let before = paid(&gateways[..1], &key).await;
    let written = async || {
        site.number("SELECT count(*) FROM ledger WHERE cost > 0")
            .await
    };
    let all = i64::try_from(before).unwrap();
    eventually("all is charged", async || written().await == all).await;
    let reset = format!("/key/{key}/reset_spend");
    // The other replica has never been asked with this key.
    manage(&gateways[1], &reset, json!({ "reset_to": 0 })).await;
    let pays = async || {
        let reply = holder(&gateways[0], &key).post(CHAT, &question()).await;
        reply.unwrap().status == 200
    };
    eventually("the first replica pays again", pays).await;
    let again = 1 + paid(&gateways, &key).await;
    println!("served {before}, and {again} after a reset");
    assert!(about(again, before), "{again}");
}

#[tokio::test]
async fn parallel_requests_are_counted_together() {
    let mut site = Site::new(Database::Replicas, 0.0).await;
    site.script = "mock-3000ms";
    let gateways = site.start_all().await;
    let key = key(&gateways[0], json!({ "max_parallel_requests": 2 })).await;
    known(&gateways, &key).await;
    let first = served(&gateways, &key, 8).await;
    // What has ended makes room, on the other replica, too.
    let second = served(&gateways, &key, 8).await;
    println!("served {first} and {second} of 2 at a time");
    assert_eq!((first, second), (2, 2));
}
