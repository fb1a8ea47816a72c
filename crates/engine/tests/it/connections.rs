//! Connections to an upstream: kept, shared one after the other, given up when they died.

use std::time::Duration;

use lockgate_testkit::{MockOptions, MockUpstream};
use serde_json::json;

use crate::support::{Client, on_core};

fn client(mock: &MockUpstream) -> Client {
    Client::new(&format!(
        "model_list:\n- {{model_name: '*', litellm_params: \
         {{model: 'openai/*', api_base: '{}', api_key: sk-up, num_retries: 0}}}}\n",
        mock.url("/v1")
    ))
}

fn body(model: &str, stream: bool) -> serde_json::Value {
    json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "Hi"}]})
}

#[test]
fn requests_one_after_the_other_share_a_connection() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        for round in 0..4 {
            for (model, stream, status) in [
                ("mock", false, 200),
                ("mock-50c", true, 200),
                ("fail-503", false, 503),
                ("error-in-stream", true, 500),
            ] {
                let answer = client.ask(&body(model, stream)).await;
                assert_eq!(answer.status, status, "{model} in round {round}");
                assert_eq!(mock.connection_count(), 1, "{model} in round {round}");
            }
        }
        assert_eq!(mock.request_count(), 16);
    });
}

#[test]
fn requests_at_the_same_time_have_a_connection_each_and_leave_them_to_others() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        for _ in 0..3 {
            let slow = body("mock-60ms", false);
            let (a, b, c) = tokio::join!(client.ask(&slow), client.ask(&slow), client.ask(&slow));
            assert_eq!([a.status, b.status, c.status], [200; 3]);
        }
        assert_eq!(mock.connection_count(), 3);
    });
}

#[test]
fn a_connection_that_died_while_it_rested_costs_no_request() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        assert_eq!(client.ask(&body("mock", false)).await.status, 200);
        let port = mock.addr().port();
        drop(mock);
        let options = MockOptions {
            port,
            ..MockOptions::default()
        };
        let mock = MockUpstream::with(options).unwrap();
        // Time for the runtime to hear that the peer is gone.
        tokio::time::sleep(Duration::from_millis(30)).await;
        let answer = client.ask(&body("mock", false)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-litellm-attempted-retries"), "0");
        assert_eq!(mock.connection_count(), 1);
    });
}

#[test]
fn a_connection_with_half_an_answer_is_not_used_again() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        drop(client.send(&body("mock-500c-d10ms", true)).await);
        assert_eq!(client.ask(&body("mock", false)).await.status, 200);
        assert_eq!(mock.connection_count(), 2);
    });
}
