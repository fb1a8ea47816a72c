//! Keys that come, go and are away. Time is the test's own.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use lockgate_identity::{Identity, IdentityError, Keeper};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::{
    Answer, Gateway, KEYS, Kind, Outcome, Scripted, Signer, claims, now, published, settings,
};

const NO_KEYS: IdentityError =
    IdentityError::Unavailable("the keys of its issuer could not be fetched");

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A token that nobody has seen before, so that nothing is remembered about it.
fn fresh(signer: &Signer) -> String {
    let now = Instant::now();
    signer.token(&claims(
        json!({"jti": format!("{now:?} {}", fastrand::u64(..))}),
    ))
}

/// What the gateway says without waiting for anything.
fn at_once(gateway: &Gateway, token: &str) -> Option<Outcome> {
    gateway.identity.authenticate(token, now()).now_or_never()
}

#[tokio::test(start_paused = true)]
async fn the_first_request_waits_for_the_first_keys() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[]);
    gateway
        .fetch
        .answer(KEYS, Answer::json(&published(&[&signer])).after(secs(2)));
    let start = Instant::now();
    assert!(gateway.show(&fresh(&signer)).await.is_ok());
    assert_eq!((start.elapsed(), gateway.fetch.count()), (secs(2), 1));
}

#[tokio::test(start_paused = true)]
async fn keys_are_renewed_before_they_are_stale_and_nobody_waits() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    gateway
        .beside(async {
            sleep(secs(1)).await;
            for minute in 1..=60 {
                sleep(secs(60)).await;
                let outcome = at_once(&gateway, &fresh(&signer));
                assert!(
                    matches!(outcome, Some(Ok(_))),
                    "minute {minute}: {outcome:?}"
                );
            }
        })
        .await;
    // Every 450 seconds, and once at the start.
    assert_eq!(gateway.fetch.count(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched_at_once_and_the_old_one_is_gone() {
    let (old, new) = (
        Signer::new(Kind::Ed25519, "old"),
        Signer::new(Kind::P256, "new"),
    );
    let gateway = Gateway::new(settings(), &[&old]);
    gateway
        .beside(async {
            sleep(secs(20)).await;
            gateway
                .fetch
                .answer(KEYS, Answer::json(&published(&[&new])));
            let start = Instant::now();
            let outcome = gateway.identity.authenticate(&fresh(&new), now()).await;
            assert!(outcome.is_ok(), "{outcome:?}");
            assert!(start.elapsed() < secs(1));
            let outcome = gateway.identity.authenticate(&fresh(&old), now()).await;
            assert_eq!(outcome, Err(IdentityError::UnknownKey));
        })
        .await;
    assert_eq!(gateway.fetch.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn made_up_keys_do_not_load_the_issuer() {
    let (signer, eve) = (
        Signer::new(Kind::Ed25519, "k"),
        Signer::new(Kind::Ed25519, "e"),
    );
    let gateway = Gateway::new(settings(), &[&signer]);
    gateway
        .beside(async {
            sleep(secs(20)).await;
            gateway
                .fetch
                .answer(KEYS, Answer::json(&published(&[&signer])).after(secs(1)));
            let tokens: Vec<String> = (0..200).map(|_| fresh(&eve)).collect();
            let start = Instant::now();
            let all = tokens
                .iter()
                .map(|token| gateway.identity.authenticate(token, now()));
            for outcome in join_all(all).await {
                assert_eq!(outcome, Err(IdentityError::UnknownKey));
            }
            assert_eq!(start.elapsed(), secs(1), "all wait for the same fetch");
            for second in 0..8 {
                let outcome = at_once(&gateway, &fresh(&eve));
                assert_eq!(
                    outcome,
                    Some(Err(IdentityError::UnknownKey)),
                    "second {second}"
                );
                assert!(matches!(at_once(&gateway, &fresh(&signer)), Some(Ok(_))));
                sleep(secs(1)).await;
            }
        })
        .await;
    assert_eq!(gateway.fetch.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn keys_serve_on_while_their_issuer_is_away_for_as_long_as_is_said() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    gateway
        .beside(async {
            sleep(secs(1)).await;
            gateway.fetch.away(KEYS);
            sleep(secs(600 + 3600 - 10)).await;
            assert!(matches!(at_once(&gateway, &fresh(&signer)), Some(Ok(_))));
            sleep(secs(20)).await;
            let outcome = gateway.identity.authenticate(&fresh(&signer), now()).await;
            assert_eq!(outcome, Err(NO_KEYS));
            gateway
                .fetch
                .answer(KEYS, Answer::json(&published(&[&signer])));
            sleep(secs(61)).await;
            assert!(matches!(at_once(&gateway, &fresh(&signer)), Some(Ok(_))));
        })
        .await;
    // An issuer that is away is asked once a minute, not all the time.
    assert!(gateway.fetch.count() < 100, "{}", gateway.fetch.count());
}

#[tokio::test(start_paused = true)]
async fn no_stale_keys_when_none_are_wanted() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let mut settings = settings();
    settings.public_key_stale_ttl = Duration::ZERO;
    let gateway = Gateway::new(settings, &[&signer]);
    gateway
        .beside(async {
            sleep(secs(1)).await;
            gateway.fetch.away(KEYS);
            sleep(secs(601)).await;
            let outcome = gateway.identity.authenticate(&fresh(&signer), now()).await;
            assert_eq!(outcome, Err(NO_KEYS));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_set_without_a_usable_key_does_not_replace_one_with_keys() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    for broken in [
        Answer::json(&json!({"keys": []})),
        Answer::json(&json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k"}]})),
        Answer::json(&json!("nothing")),
        Answer::status(500),
        Answer::status(302),
    ] {
        gateway
            .beside(async {
                sleep(secs(1)).await;
                gateway.fetch.answer(KEYS, broken);
                sleep(secs(500)).await;
                assert!(matches!(at_once(&gateway, &fresh(&signer)), Some(Ok(_))));
                gateway
                    .fetch
                    .answer(KEYS, Answer::json(&published(&[&signer])));
                sleep(secs(61)).await;
            })
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_for_other_purposes_open_nothing() {
    let signer = Signer::new(Kind::Ed25519, "k");
    for (name, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt"])),
        ("alg", json!("HS256")),
        ("crv", json!("Ed448")),
        ("kty", json!("oct")),
        ("x", json!("AAAA")),
    ] {
        let mut keys = published(&[&signer]);
        keys["keys"][0][name] = value;
        let gateway = Gateway::new(settings(), &[]);
        gateway.fetch.answer(KEYS, Answer::json(&keys));
        assert_eq!(gateway.show(&fresh(&signer)).await, Err(NO_KEYS), "{name}");
    }
}

/// 1024 bits are for everybody who has a cluster; a list alone is what some issuers publish.
#[tokio::test(start_paused = true)]
async fn short_keys_are_none_and_a_bare_list_is_a_set() {
    let signer = Signer::new(Kind::Rsa, "k");
    let mut keys = published(&[&signer]);
    let gateway = Gateway::new(settings(), &[]);
    gateway.fetch.answer(KEYS, Answer::json(&keys["keys"]));
    assert!(gateway.show(&fresh(&signer)).await.is_ok());
    let n = keys["keys"][0]["n"].as_str().unwrap()[..172].to_owned();
    keys["keys"][0]["n"] = n.into();
    let gateway = Gateway::new(settings(), &[]);
    gateway.fetch.answer(KEYS, Answer::json(&keys));
    assert_eq!(gateway.show(&fresh(&signer)).await, Err(NO_KEYS));
}

#[tokio::test(start_paused = true)]
async fn a_request_never_waits_for_a_second_fetch() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[]);
    gateway
        .fetch
        .answer(KEYS, Answer::status(500).after(secs(2)));
    let start = Instant::now();
    assert_eq!(gateway.show(&fresh(&signer)).await, Err(NO_KEYS));
    assert_eq!((start.elapsed(), gateway.fetch.count()), (secs(2), 1));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_long_for_an_issuer_that_is_silent() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[]);
    gateway
        .fetch
        .answer(KEYS, Answer::status(200).after(secs(3600)));
    gateway
        .beside(async {
            for _ in 0..3 {
                let start = Instant::now();
                let outcome = gateway.identity.authenticate(&fresh(&signer), now()).await;
                assert_eq!((outcome, start.elapsed()), (Err(NO_KEYS), secs(3)));
            }
            gateway
                .fetch
                .answer(KEYS, Answer::json(&published(&[&signer])));
            sleep(secs(20)).await;
            assert!(matches!(at_once(&gateway, &fresh(&signer)), Some(Ok(_))));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_the_keys() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    assert!(gateway.show(&fresh(&signer)).await.is_ok());
    let mut changed = settings();
    changed.claims.user_id = Some("jti".to_owned());
    let changed = lockgate_core::config::IdentitySettings {
        jwt: Some(changed),
        oauth2: None,
    };
    let reloaded = Identity::new(&changed, &gateway.keeper).unwrap();
    let outcome = reloaded.authenticate(&fresh(&signer), now()).now_or_never();
    assert!(matches!(outcome, Some(Ok(_))), "{outcome:?}");
    assert_eq!(gateway.fetch.count(), 1);
}

/// A keeper that is stopped in the middle of a fetch, and started again, goes on.
#[tokio::test(start_paused = true)]
async fn a_keeper_can_be_stopped() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[]);
    gateway
        .fetch
        .answer(KEYS, Answer::json(&published(&[&signer])).after(secs(5)));
    gateway.beside(sleep(secs(1))).await;
    let start = Instant::now();
    gateway.beside(sleep(secs(6))).await;
    assert!(
        gateway.show(&fresh(&signer)).await.is_ok(),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn good_tokens_are_remembered_for_a_minute_and_never_beyond_their_end() {
    let (signer, new) = (
        Signer::new(Kind::Ed25519, "k"),
        Signer::new(Kind::Ed25519, "n"),
    );
    let gateway = Gateway::new(settings(), &[&signer]);
    let token = fresh(&signer);
    let at = |seconds| gateway.identity.authenticate(&token, now() + secs(seconds));
    assert!(gateway.beside(at(0)).await.is_ok());
    gateway
        .fetch
        .answer(KEYS, Answer::json(&published(&[&new])));
    gateway.beside(sleep(secs(500))).await;
    assert!(matches!(at(59).now_or_never(), Some(Ok(_))));
    let outcome = gateway.beside(at(61)).await;
    assert_eq!(outcome, Err(IdentityError::UnknownKey));

    let gateway = Gateway::new(settings(), &[&signer]);
    let exp = crate::support::seconds(now()) + 10;
    let token = signer.token(&claims(json!({"exp": exp})));
    let at = |seconds| gateway.identity.authenticate(&token, now() + secs(seconds));
    assert!(gateway.beside(at(0)).await.is_ok());
    assert!(matches!(at(39).now_or_never(), Some(Ok(_))));
    assert_eq!(at(40).now_or_never(), Some(Err(IdentityError::Expired)));
}

/// Nothing accepted, nothing made.
#[test]
fn neither_kind_of_token() {
    let keeper = Keeper::new();
    assert!(Identity::new(&Default::default(), &keeper).is_none());
    let gateway = Gateway::with(settings(), Scripted::default());
    assert_eq!(gateway.identity.kind("sk-a.b.c"), None);
    assert_eq!(gateway.identity.kind("opaque"), None);
}
