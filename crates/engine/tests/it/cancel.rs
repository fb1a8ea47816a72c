//! A client that goes away takes its upstream request with it.

use std::time::Duration;

use http_body_util::BodyExt;
use lockgate_engine::AnswerBody;
use lockgate_testkit::MockUpstream;
use serde_json::json;

use crate::support::{Client, on_core};

const LONG: Duration = Duration::from_secs(20);

fn client(mock: &MockUpstream) -> Client {
    Client::new(&format!(
        "model_list:\n- {{model_name: '*', litellm_params: \
         {{model: 'openai/*', api_base: '{}', api_key: sk-up, max_parallel_requests: 1}}}}\n",
        mock.url("/v1")
    ))
}

fn stream(model: &str) -> serde_json::Value {
    json!({"model": model, "stream": true, "messages": [{"role": "user", "content": "Hi"}]})
}

async fn first_frame(body: &mut AnswerBody) -> bytes::Bytes {
    let frame = body.frame().await.unwrap().unwrap();
    frame.into_data().unwrap()
}

#[test]
fn a_dropped_body_cancels_the_upstream() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        let mut body = client.send(&stream("mock-1000c-d20ms")).await.into_body();
        assert!(first_frame(&mut body).await.starts_with(b"data: "));
        assert_eq!(mock.cancelled_count(), 0);
        drop(body);
        assert!(mock.wait_for_cancelled(1, LONG).await);
    });
}

#[test]
fn a_dropped_request_cancels_the_upstream_before_its_answer() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        let request = stream("hang");
        tokio::select! {
            _ = client.send(&request) => panic!("nothing answers"),
            arrived = mock.wait_for_requests(1, LONG) => assert!(arrived),
        }
        assert!(mock.wait_for_cancelled(1, LONG).await);
        assert_eq!(mock.request_count(), 1);
    });
}

#[test]
fn a_body_read_to_its_end_cancels_nothing() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        let answer = client.ask(&stream("mock-20c")).await;
        assert!(answer.body.ends_with(b"data: [DONE]\n\n"));
        assert_eq!(client.ask(&stream("mock")).await.status, 200);
        assert_eq!(mock.cancelled_count(), 0);
    });
}

#[test]
fn a_stream_holds_its_place_until_it_is_dropped() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        let held = client.send(&stream("mock-1000c-d20ms")).await;
        let full = client.ask(&stream("mock")).await;
        assert_eq!(full.status, 429);
        assert_eq!(full.header("retry-after"), "1");
        drop(held);
        assert_eq!(client.ask(&stream("mock")).await.status, 200);
    });
}
