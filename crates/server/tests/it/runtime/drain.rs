//! SIGTERM: what is in flight finishes, nothing new begins, the exit code is 0.

use std::time::Duration;

use crate::support::{CHAT, Dialect, SOON, Stage, chat_body, eventually, text_of};

#[tokio::test]
async fn a_stream_in_flight_finishes() {
    let mut stage = Stage::of_scripts(&["mock-40c-d20ms"]).await;
    let mut stream = stage.chat_stream("mock-40c-d20ms").await;
    assert!(stream.event().await.unwrap().is_some());
    stage.gateway.sigterm().unwrap();
    eventually("new connections are refused", || async {
        stage
            .gateway
            .client()
            .get("/health/liveliness")
            .await
            .is_err()
    })
    .await;
    let rest = stream.collect().await.unwrap();
    assert!(rest.text().contains("t39 "), "{}", rest.text());
    assert!(rest.text().ends_with("data: [DONE]\n\n"));
    let exited = stage.gateway.wait_exit(SOON).await.unwrap();
    assert_eq!(exited.code, Some(0), "{exited:?}");
    assert_eq!(stage.mock.cancelled_count(), 0);
}

#[tokio::test]
async fn a_whole_answer_in_flight_is_delivered() {
    let mut stage = Stage::of_scripts(&["mock-600ms"]).await;
    let client = stage.client();
    let body = chat_body("mock-600ms", false);
    let request = client.stream(CHAT, &body);
    let stop = async {
        assert!(stage.mock.wait_for_requests(1, SOON).await);
        stage.gateway.sigterm().unwrap();
    };
    let (reply, ()) = tokio::join!(request, stop);
    let reply = reply.unwrap().collect().await.unwrap();
    assert_eq!(text_of(&reply), crate::support::TEXT);
    assert_eq!(stage.gateway.wait_exit(SOON).await.unwrap().code, Some(0));
}

#[tokio::test]
async fn an_idle_gateway_ends_at_once() {
    for signal in [
        lockgate_testkit::Signal::TERM,
        lockgate_testkit::Signal::INT,
    ] {
        let mut stage = Stage::of_scripts(&["mock"]).await;
        stage.chat("mock").await;
        lockgate_testkit::send_signal(stage.gateway.pid(), signal).unwrap();
        assert_eq!(stage.gateway.wait_exit(SOON).await.unwrap().code, Some(0));
    }
}

/// A client that keeps an idle connection open does not keep the gateway alive.
#[tokio::test]
async fn an_idle_connection_does_not_hold_it_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stage = Stage::of_scripts(&["mock"]).await;
    let mut idle = tokio::net::TcpStream::connect(stage.gateway.addr())
        .await
        .unwrap();
    idle.write_all(b"GET /health/liveliness HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 1024];
    assert!(idle.read(&mut answer).await.unwrap() > 0);
    let silent = tokio::net::TcpStream::connect(stage.gateway.addr())
        .await
        .unwrap();
    stage.gateway.sigterm().unwrap();
    assert_eq!(stage.gateway.wait_exit(SOON).await.unwrap().code, Some(0));
    drop(silent);
}

/// What does not finish within the drain time is given up.
#[tokio::test]
async fn the_drain_ends() {
    let mut stage = Stage::start(|mock, config| {
        config.model(mock, "hang", Dialect::OpenAi, "hang").section(
            "lockgate_settings",
            serde_json::json!({ "drain_timeout": 0.3 }),
        )
    })
    .await;
    let client = stage.client();
    let body = chat_body("hang", false);
    let request = client.post(CHAT, &body);
    let stop = async {
        assert!(stage.mock.wait_for_requests(1, SOON).await);
        stage.gateway.sigterm().unwrap();
        stage.gateway.wait_exit(SOON).await.unwrap()
    };
    let (reply, exited) = tokio::join!(request, stop);
    assert!(reply.is_err(), "{reply:?}");
    assert_eq!(exited.code, Some(0));
    assert!(
        stage
            .mock
            .wait_for_cancelled(1, Duration::from_secs(5))
            .await
    );
}
