//! The upstream client by itself.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use lockgate_engine::upstream::{BodyError, UpstreamError, UpstreamRequest, UpstreamResponse};
use lockgate_testkit::{MockUpstream, free_port};
use tokio::time::Instant;

use crate::support::{on_core, upstream};

const LONG: Duration = Duration::from_secs(20);

fn chat(url: &str, model: &str, within: Duration) -> UpstreamRequest {
    let body = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"Hi"}}]}}"#);
    UpstreamRequest {
        method: Method::POST,
        uri: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from(body).into(),
        head_deadline: Instant::now() + within,
    }
}

async fn fails(request: UpstreamRequest) -> UpstreamError {
    match upstream().send(request).await {
        Ok(UpstreamResponse { status, .. }) => panic!("an answer: {status}"),
        Err(error) => error,
    }
}

#[test]
fn a_url_without_a_host_is_not_called() {
    on_core(async {
        let error = fails(chat("/v1/chat/completions", "mock", LONG)).await;
        assert!(matches!(error, UpstreamError::BadUri(_)), "{error}");
    });
}

#[test]
fn nobody_listening_is_said_with_the_place() {
    on_core(async {
        let port = free_port().unwrap();
        let error = fails(chat(&format!("http://127.0.0.1:{port}/"), "mock", LONG)).await;
        let UpstreamError::Connect { authority, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(*authority, format!("127.0.0.1:{port}"));
    });
}

#[test]
fn a_head_that_does_not_come_in_time_is_a_timeout_and_a_cancelled_call() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let url = mock.url("/v1/chat/completions");
        let error = fails(chat(&url, "hang", Duration::from_millis(80))).await;
        assert!(matches!(error, UpstreamError::Timeout { .. }), "{error}");
        assert!(mock.wait_for_cancelled(1, LONG).await);
    });
}

#[test]
fn the_request_arrives_as_it_was_made() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let url = mock.url("/v1/chat/completions?a=b");
        let mut request = chat(&url, "mock", LONG);
        request.headers.insert("x-one", "1".parse().unwrap());
        let mut response = upstream().send(request).await.unwrap();
        assert_eq!(response.status, 200);
        assert!(!response.body.collect(1 << 20).await.unwrap().is_empty());
        let seen = mock.last_request().unwrap();
        assert_eq!(seen.path, "/v1/chat/completions?a=b");
        assert_eq!(seen.headers["x-one"], "1");
        assert_eq!(seen.headers["host"], mock.addr().to_string());
        assert_eq!(seen.json()["model"], "mock");
    });
}

#[test]
fn a_body_beyond_the_reader_s_limit_is_not_taken() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let url = mock.url("/v1/chat/completions");
        let mut response = upstream()
            .send(chat(&url, "mock-5000c", LONG))
            .await
            .unwrap();
        let error = response.body.collect(1000).await.unwrap_err();
        assert_eq!(error, BodyError::TooLarge(1000));
    });
}

#[test]
fn a_broken_body_is_no_end() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let url = mock.url("/v1/chat/completions");
        let mut response = upstream()
            .send(chat(&url, "cut-stream", LONG))
            .await
            .unwrap();
        let error = response.body.collect(1 << 20).await.unwrap_err();
        assert!(matches!(error, BodyError::Broken(_)), "{error}");
    });
}

#[test]
fn a_sweep_keeps_what_is_fresh() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let url = mock.url("/v1/chat/completions");
        let upstream = upstream();
        for _ in 0..2 {
            let mut response = upstream.send(chat(&url, "mock", LONG)).await.unwrap();
            response.body.collect(1 << 20).await.unwrap();
            upstream.sweep();
        }
        assert_eq!(mock.connection_count(), 1);
    });
}
