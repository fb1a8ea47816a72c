//! How sessions end: by a close from either side, without one, by silence, by a stop.

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::{PATH, counter, get, stage, stage_with};
use crate::support::{SOON, connect, eventually};

#[tokio::test]
async fn codes_and_reasons_pass_both_ways() {
    let (mut upstream, gateway) = stage().await;
    for (code, reason) in [(1000, ""), (1001, "bye"), (3000, "mine"), (4999, "äöü")] {
        let mut client = connect(&gateway, PATH).await;
        let mut there = upstream.accept().await;
        client.close(code, reason).await;
        assert_eq!(there.closed().await, (code, reason.to_owned()));
        there.ended().await;
        // The other side's answer comes back.
        assert_eq!(client.closed().await.0, code);

        let mut client = connect(&gateway, PATH).await;
        let mut there = upstream.accept().await;
        there.close(code, reason).await;
        assert_eq!(client.closed().await, (code, reason.to_owned()));
        client.ended().await;
        assert_eq!(there.closed().await.0, code);
    }
}

#[tokio::test]
async fn an_upstream_that_vanishes() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    drop(upstream.accept().await);
    let event = client.hear().await;
    assert_eq!(event["type"], "error");
    assert_eq!(event["error"]["type"], "server_error");
    assert_eq!(
        event["error"]["message"],
        "the upstream broke off the session"
    );
    assert!(event["event_id"].as_str().unwrap().starts_with("event_"));
    assert_eq!(client.closed().await.0, 1011);
}

/// In the middle of a message there is no room for an event.
#[tokio::test]
async fn an_upstream_that_vanishes_within_a_message() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    // The beginning of a fragmented message.
    there.0.get_mut().write_all(b"\x01\x03abc").await.unwrap();
    there.0.get_mut().flush().await.unwrap();
    drop(there);
    assert_eq!(client.closed().await.0, 1011);
}

#[tokio::test]
async fn an_upstream_that_breaks_the_protocol() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    // Compressed, which nobody agreed on.
    there.0.get_mut().write_all(b"\xc1\x03abc").await.unwrap();
    assert_eq!(client.hear().await["type"], "error");
    assert_eq!(client.closed().await.0, 1011);
    assert_eq!(there.closed().await.0, 1002);
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    // Without a mask.
    let stream = client.0.get_mut();
    stream.write_all(b"\x81\x03abc").await.unwrap();
    assert_eq!(client.closed().await.0, 1002);
    assert_eq!(there.closed().await.0, 1001);
}

#[tokio::test]
async fn a_client_that_vanishes() {
    let (mut upstream, gateway) = stage().await;
    let client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    drop(client);
    assert_eq!(there.closed().await.0, 1001);
    there.ended().await;
    eventually("the session is counted as left", || async {
        let name = "litellm_proxy_total_requests_metric_total";
        counter(&gateway, name, "status_code=\"499\"").await == 1.0
    })
    .await;
}

#[tokio::test]
async fn a_close_that_is_not_answered() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let there = upstream.accept().await;
    client.close(1000, "").await;
    // The upstream does not read: after a while the client is let go.
    assert_eq!(client.closed().await.0, 1000);
    client.ended().await;
    drop(there);
}

#[tokio::test]
async fn silence_ends_a_session() {
    let (mut upstream, gateway) =
        stage_with(|config| config.section("lockgate_settings", json!({ "idle_timeout": 0.5 })))
            .await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    let why = "the session was silent for too long".to_owned();
    assert_eq!(client.closed().await, (1001, why.clone()));
    assert_eq!(there.closed().await, (1001, why));
}

#[tokio::test]
async fn a_stop_closes_sessions() {
    let (mut upstream, mut gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    assert_eq!(get(&gateway, "/health/liveliness").await.status, 200);
    gateway.sigterm().unwrap();
    let why = "the gateway is stopping".to_owned();
    assert_eq!(client.closed().await, (1001, why.clone()));
    assert_eq!(there.closed().await, (1001, why));
    client.ended().await;
    assert_eq!(gateway.wait_exit(SOON).await.unwrap().code, Some(0));
}
