//! `additional_drop_params`: paths into the request body.

use lockgate_testkit::MockUpstream;
use serde_json::{Value, json};

use crate::support::{Client, on_core};

fn client(mock: &MockUpstream, own: &str) -> Client {
    Client::new(&format!(
        "model_list:\n- {{model_name: public, litellm_params: \
         {{model: openai/mock, api_base: '{}', api_key: sk-up, {own}}}}}\n",
        mock.url("/v1")
    ))
}

/// A body with something to drop.
fn body(paths: &[&str]) -> Value {
    json!({
        "model": "public",
        "messages": [{"role": "user", "content": "Hi"}],
        "seed": 7,
        "stop": ["a", "b", "c"],
        "logit_bias": {"1": 2, "3": 4},
        "tools": [
            {"type": "function", "function": {"name": "f", "strict": true}, "input_examples": [1]},
            {"type": "function", "function": {"name": "g", "strict": true}, "input_examples": [2]},
            {"type": "function", "function": {"name": "h"}},
        ],
        "additional_drop_params": paths,
    })
}

/// What the upstream gets of that body.
async fn received(mock: &MockUpstream, own: &str, paths: &[&str]) -> Value {
    let answer = client(mock, own).ask(&body(paths)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    mock.last_request().unwrap().json()
}

/// The same body with `change` made by hand.
fn expected(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = body(&[]);
    body["model"] = "mock".into();
    body.as_object_mut()
        .unwrap()
        .shift_remove("additional_drop_params");
    change(&mut body);
    body
}

fn forget(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().shift_remove(name);
}

#[test]
fn a_path_takes_away_what_it_names_and_nothing_else() {
    type Change = fn(&mut Value);
    let table: [(&[&str], Change); 11] = [
        (&[], |_| {}),
        (&["seed"], |b| forget(b, "seed")),
        (&["$.seed"], |b| forget(b, "seed")),
        (&["logit_bias.3"], |b| forget(&mut b["logit_bias"], "3")),
        (&["tools[*].input_examples"], |b| {
            forget(&mut b["tools"][0], "input_examples");
            forget(&mut b["tools"][1], "input_examples");
        }),
        (&["tools[1].function.strict"], |b| {
            forget(&mut b["tools"][1]["function"], "strict");
        }),
        (&["tools[*].function.strict", "seed"], |b| {
            forget(&mut b["tools"][0]["function"], "strict");
            forget(&mut b["tools"][1]["function"], "strict");
            forget(b, "seed");
        }),
        (&["stop[1]"], |b| b["stop"] = json!(["a", "c"])),
        (&["stop[*]"], |b| b["stop"] = json!([])),
        (&["tools[1]"], |b| {
            b["tools"].as_array_mut().unwrap().remove(1);
        }),
        // What is not there is not missed.
        (
            &["absent", "absent.x[0]", "seed.x", "stop[9]", "tools[*].no"],
            |_| {},
        ),
    ];
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        for (paths, change) in table {
            let received = received(&mock, "", paths).await;
            assert_eq!(received, expected(change), "{paths:?}");
        }
    });
}

#[test]
fn the_deployment_s_paths_and_the_client_s_both_hold() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let own = "additional_drop_params: [seed]";
        let received = received(&mock, own, &["stop"]).await;
        let expected = expected(|b| {
            forget(b, "seed");
            forget(b, "stop");
        });
        assert_eq!(received, expected);
    });
}

#[test]
fn a_dropped_parameter_is_no_longer_one_that_cannot_be_said() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = Client::new(&format!(
            "model_list:\n- {{model_name: public, litellm_params: \
             {{model: anthropic/mock, api_base: '{}', api_key: sk-up}}}}\n",
            mock.url("")
        ));
        let mut request = body(&[]);
        let refused = client.ask(&request).await;
        assert_eq!(refused.status, 400);
        assert_eq!(mock.request_count(), 0);
        request["additional_drop_params"] = json!(["seed", "logit_bias"]);
        let answer = client.ask(&request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    });
}

#[test]
fn a_path_that_is_none_is_refused() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        for path in [
            "",
            ".seed",
            "seed.",
            "tools[",
            "tools[x]",
            "tools[*]x",
            "[0]",
            "$.",
        ] {
            let answer = client(&mock, "").ask(&body(&[path])).await;
            assert_eq!(answer.status, 400, "{path:?}");
            let error = &answer.json()["error"];
            assert_eq!(error["param"], "additional_drop_params", "{path:?}");
        }
        assert_eq!(mock.request_count(), 0);
    });
}
