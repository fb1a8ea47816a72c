//! What a client says to the gateway, and what it may not say.

use lockgate_testkit::MockUpstream;
use serde_json::{Value, json};

use crate::support::{Answer, Client, on_core};

fn client(mock: &MockUpstream) -> Client {
    let base = mock.url("/v1");
    Client::new(&format!(
        "model_list:\n- {{model_name: '*', litellm_params: \
         {{model: 'openai/*', api_base: '{base}', api_key: sk-up}}}}\n\
         router_settings: {{num_retries: 0}}\n"
    ))
}

async fn ask(client: &Client, model: &str, members: Value) -> Answer {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    let Value::Object(members) = members else {
        panic!("members");
    };
    body.as_object_mut().unwrap().extend(members);
    client.ask(&body).await
}

#[test]
fn a_client_does_not_choose_where_credentials_go() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        for name in [
            "api_base",
            "base_url",
            "api_key",
            "aws_role_name",
            "azure_ad_token",
            "langfuse_host",
            "litellm_credential_name",
            "model_list",
            "user_config",
            "vertex_credentials",
        ] {
            let answer = ask(&client, "mock", json!({name: "http://127.0.0.1:1"})).await;
            assert_eq!(answer.status, 401, "{name}");
            let error = &answer.json()["error"];
            assert_eq!(error["type"], "auth_error", "{name}");
            assert_eq!(error["param"], name);
        }
        let fallbacks = json!({"fallbacks": [{"model": "mock", "api_base": "http://127.0.0.1:1"}]});
        assert_eq!(ask(&client, "mock", fallbacks).await.status, 401);
        assert_eq!(mock.request_count(), 0);
    });
}

#[test]
fn no_dialect_is_a_way_around_that() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let mut client = client(&mock);
        client.endpoint.dialect = lockgate_wire::DialectId::Anthropic;
        let members = json!({"max_tokens": 5, "api_base": "http://127.0.0.1:1"});
        assert_eq!(ask(&client, "mock", members).await.status, 401);
        assert_eq!(mock.request_count(), 0);
    });
}

#[test]
fn wishes_that_make_no_sense_are_refused_by_name() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock);
        for (name, value) in [
            ("timeout", json!("soon")),
            ("timeout", json!(-1)),
            ("timeout", json!([1])),
            ("stream_timeout", json!({})),
            ("num_retries", json!(-1)),
            ("num_retries", json!("two")),
            ("additional_drop_params", json!("seed")),
            ("allowed_openai_params", json!([1])),
            ("fallbacks", json!("mock")),
            ("fallbacks", json!([7])),
            ("fallbacks", json!([{"messages": []}])),
            ("mock_testing_fallbacks", json!(true)),
        ] {
            let answer = ask(&client, "mock", json!({name: value})).await;
            assert_eq!(answer.status, 400, "{name}: {value}");
            assert_eq!(answer.json()["error"]["param"], name, "{value}");
        }
        assert_eq!(mock.request_count(), 0);
    });
}

#[test]
fn headers_that_make_no_sense_are_refused() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        for name in [
            "x-litellm-timeout",
            "x-litellm-stream-timeout",
            "x-litellm-num-retries",
        ] {
            let client = client(&mock).with(name, "many");
            let answer = ask(&client, "mock", json!({})).await;
            assert_eq!(answer.status, 400, "{name}");
            assert_eq!(answer.json()["error"]["param"], name);
        }
        assert_eq!(mock.request_count(), 0);
    });
}

#[test]
fn wishes_to_the_gateway_stay_in_the_gateway() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let members = json!({
            "timeout": 30, "stream_timeout": "5", "num_retries": null, "fallbacks": null,
            "metadata": {"a": "b"}, "tags": ["x"], "cache": {}, "disable_fallbacks": true,
            "drop_params": true, "litellm_session_id": "s", "foo": 1, "user": "u",
        });
        let answer = ask(&client(&mock), "mock", members).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let seen = mock.last_request().unwrap().json();
        let mut names: Vec<&String> = seen.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["foo", "messages", "model", "user"]);
    });
}

#[test]
fn the_header_s_number_of_retries_wins_over_the_body_s() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = client(&mock).with("x-litellm-num-retries", "0");
        let answer = ask(&client, "flaky-1", json!({"num_retries": 3})).await;
        assert_eq!(answer.status, 500);
        assert_eq!(mock.request_count(), 1);
    });
}

#[test]
fn a_client_s_timeout_is_kept() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let members = json!({"timeout": 0.08});
        assert_eq!(ask(&client(&mock), "hang", members).await.status, 408);
        let members = json!({"stream": true, "stream_timeout": 0.08});
        assert_eq!(ask(&client(&mock), "hang", members).await.status, 408);
    });
}

#[test]
fn a_client_s_fallbacks_are_followed_with_their_own_members() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let hop = json!({"model": "echo", "messages": [{"role": "user", "content": "Other"}]});
        // One group must not be visited twice, so the second target has its own.
        let base = mock.url("/v1");
        let client = Client::new(&format!(
            "model_list:\n\
             - {{model_name: bad, litellm_params: {{model: openai/fail-500, api_base: '{base}', api_key: k}}}}\n\
             - {{model_name: echo, litellm_params: {{model: openai/echo, api_base: '{base}', api_key: k}}}}\n\
             router_settings: {{num_retries: 0}}\n"
        ));
        let answer = ask(&client, "bad", json!({"fallbacks": [hop]})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("x-litellm-attempted-fallbacks"), "1");
        assert_eq!(answer.header("x-litellm-model-group"), "echo");
        let text = &answer.json()["choices"][0]["message"]["content"];
        assert_eq!(text, "Other");
        let members = json!({"fallbacks": ["echo"], "disable_fallbacks": true});
        assert_eq!(ask(&client, "bad", members).await.status, 500);
    });
}
