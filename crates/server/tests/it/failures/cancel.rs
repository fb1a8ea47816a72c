//! A client that leaves ends the call to the upstream, whatever the dialects.

use crate::support::{Dialect, SOON, Stage, eventually, simple};

async fn stage(script: &str) -> Stage {
    Stage::start(|mock, config| {
        Dialect::ALL.iter().fold(config, |config, dialect| {
            config.model(mock, dialect.name(), *dialect, script)
        })
    })
    .await
}

#[tokio::test]
async fn while_it_waits_for_a_whole_answer() {
    let stage = stage("hang").await;
    let mut left = 0;
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            let (path, body) = simple(upstream.name(), false).request(client);
            let caller = stage.client();
            left += 1;
            tokio::select! {
                reply = caller.post(&path, &body) => panic!("answered: {reply:?}"),
                arrived = stage.mock.wait_for_requests(left, SOON) => assert!(arrived),
            }
            let cancelled = stage.mock.wait_for_cancelled(left, SOON).await;
            assert!(
                cancelled,
                "{client:?} <- {upstream:?}: the upstream goes on"
            );
        }
    }
}

#[tokio::test]
async fn in_the_middle_of_a_stream() {
    let stage = stage("mock-1000c-d20ms").await;
    let mut left = 0;
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            let (path, body) = simple(upstream.name(), true).request(client);
            let mut reply = stage.client().stream(&path, &body).await.unwrap();
            assert_eq!(reply.status, 200);
            assert!(reply.chunk().await.unwrap().is_some());
            drop(reply);
            left += 1;
            let cancelled = stage.mock.wait_for_cancelled(left, SOON).await;
            assert!(
                cancelled,
                "{client:?} <- {upstream:?}: the upstream goes on"
            );
        }
    }
}

#[tokio::test]
async fn before_a_stream_has_begun() {
    let stage = stage("hang").await;
    let (path, body) = simple("openai", true).request(Dialect::OpenAi);
    let caller = stage.client();
    tokio::select! {
        reply = caller.post(&path, &body) => panic!("answered: {reply:?}"),
        arrived = stage.mock.wait_for_requests(1, SOON) => assert!(arrived),
    }
    assert!(stage.mock.wait_for_cancelled(1, SOON).await);
}

/// Between two attempts there is no call to cancel, but none may follow either.
#[tokio::test]
async fn between_two_attempts() {
    let stage = stage("fail-429").await;
    let (path, body) = simple("openai", false).request(Dialect::OpenAi);
    let caller = stage.client();
    tokio::select! {
        reply = caller.post(&path, &body) => panic!("answered: {reply:?}"),
        arrived = stage.mock.wait_for_requests(1, SOON) => assert!(arrived),
    }
    drop(caller);
    eventually("the request is no longer in flight", || async {
        let metrics = stage.client().get("/metrics").await.unwrap().text();
        metrics.contains("\nlitellm_in_flight_requests 0\n")
    })
    .await;
    let asked = stage.mock.request_count();
    let more = stage
        .mock
        .wait_for_requests(asked + 1, std::time::Duration::from_millis(1500));
    assert!(!more.await, "an attempt was made for a client that left");
}

/// A client that leaves a stream does not take others of the same upstream with it.
#[tokio::test]
async fn others_go_on() {
    let stage = stage("mock-30c-d20ms").await;
    let (path, body) = simple("ollama", true).request(Dialect::OpenAi);
    let stays = stage.client().stream(&path, &body).await.unwrap();
    let mut leaves = stage.client().stream(&path, &body).await.unwrap();
    assert!(leaves.chunk().await.unwrap().is_some());
    drop(leaves);
    let reply = stays.collect().await.unwrap();
    assert!(reply.text().contains("t29 "), "{}", reply.text());
    assert!(reply.text().ends_with("data: [DONE]\n\n"));
    assert_eq!(stage.mock.cancelled_count(), 1);
}
