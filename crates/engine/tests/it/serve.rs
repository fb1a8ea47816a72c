//! Whole requests: what comes back, and from whom.

use std::sync::Arc;

use lockgate_testkit::MockUpstream;
use lockgate_wire::{DialectId, Operation};
use serde_json::{Value, json};

use crate::support::{Answer, Client, on_core, snapshot};

/// A group per name; the upstream's model names its behaviour.
fn config(mock: &MockUpstream, entries: &[(&str, &str)], settings: &str) -> String {
    let base = mock.url("/v1");
    let entries: String = entries
        .iter()
        .map(|(group, model)| {
            format!(
                "- {{model_name: {group}, litellm_params: \
                 {{model: openai/{model}, api_base: '{base}', api_key: sk-upstream-secret}}}}\n"
            )
        })
        .collect();
    format!("model_list:\n{entries}router_settings: {{{settings}}}\n")
}

fn chat(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]})
}

#[test]
fn an_answer_bears_the_public_name_and_tells_its_story() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = Client::new(&config(&mock, &[("public", "mock")], ""))
            .with("x-litellm-call-id", "call-7");
        let answer = client.ask(&chat("public")).await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!(body["model"], "public");
        assert_eq!(
            body["choices"][0]["message"]["content"],
            "Hello from the mock."
        );
        for (name, value) in [
            ("content-type", "application/json"),
            ("x-litellm-call-id", "call-7"),
            ("x-litellm-model-group", "public"),
            ("x-litellm-model-name", "openai/mock"),
            ("x-litellm-attempted-retries", "0"),
            ("x-litellm-attempted-fallbacks", "0"),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
        let seen = mock.last_request().unwrap();
        assert_eq!(seen.headers["authorization"], "Bearer sk-upstream-secret");
        assert_eq!(seen.json()["model"], "mock");
    });
}

#[test]
fn the_master_key_never_travels_on() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let mut client = Client::new(&config(&mock, &[("public", "mock")], ""));
        for name in ["x-api-key", "x-litellm-api-key", "api-key"] {
            client.headers = vec![(name, crate::support::KEY)];
            assert_eq!(client.ask(&chat("public")).await.status, 200, "{name}");
            let seen = mock.last_request().unwrap();
            let leaked = (seen.headers.values())
                .any(|value| value.as_bytes() == crate::support::KEY.as_bytes());
            assert!(!leaked, "{name}");
        }
    });
}

#[test]
fn what_is_not_a_request_is_refused_before_any_upstream_hears_of_it() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = Client::new(&config(&mock, &[("public", "mock")], ""));
        let table: [(&str, u16, &str); 6] = [
            ("", 400, "request_body"),
            ("[]", 400, "request_body"),
            (r#"{"model": "public""#, 400, "request_body"),
            (r#"{"model": "public", "model": "x"}"#, 400, "request_body"),
            (r#"{"messages": []}"#, 400, "model"),
            (r#"{"model": "unknown", "messages": []}"#, 400, "model"),
        ];
        for (body, status, param) in table {
            let answer = Answer::read(client.send_bytes(body.into()).await).await;
            assert_eq!(answer.status, status, "{body}");
            assert_eq!(answer.json()["error"]["param"], param, "{body}");
        }
        assert_eq!(mock.request_count(), 0);
    });
}

#[test]
fn an_unknown_model_is_not_found_in_the_dialects_that_say_so() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let mut client = Client::new(&config(&mock, &[("public", "mock")], ""));
        for dialect in [DialectId::Anthropic, DialectId::Gemini, DialectId::Ollama] {
            client.endpoint.dialect = dialect;
            let mut body = chat("unknown");
            body["max_tokens"] = 5.into();
            client.endpoint.model = Some("unknown".to_owned());
            assert_eq!(client.ask(&body).await.status, 404, "{dialect:?}");
        }
    });
}

#[test]
fn gemini_clients_bring_model_and_key_in_the_url() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let mut client = Client::new(&config(&mock, &[("public", "mock")], ""));
        client.headers.clear();
        client.endpoint.dialect = DialectId::Gemini;
        client.endpoint.operation = Operation::Chat;
        client.endpoint.model = Some("public".to_owned());
        client.endpoint.stream = Some(false);
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]});
        assert_eq!(client.ask(&body).await.status, 401);
        client.endpoint.key = Some(crate::support::KEY.to_owned());
        let answer = client.ask(&body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = &answer.json()["candidates"][0]["content"]["parts"][0]["text"];
        assert_eq!(text, "Hello from the mock.");
    });
}

#[test]
fn a_failure_is_repeated_at_the_other_deployment() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let entries = [("public", "flaky-1"), ("public", "flaky-1")];
        let client = Client::new(&config(&mock, &entries, "num_retries: 1"));
        let answer = client.ask(&chat("public")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("x-litellm-attempted-retries"), "1");
        assert_eq!(mock.request_count(), 2);
    });
}

#[test]
fn a_refusal_of_the_request_is_not_repeated() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let entries = [("public", "fail-400"), ("public", "fail-400")];
        let client = Client::new(&config(&mock, &entries, "num_retries: 5"));
        assert_eq!(client.ask(&chat("public")).await.status, 400);
        assert_eq!(mock.request_count(), 1);
    });
}

#[test]
fn a_higher_order_is_tried_when_no_repetition_is_left() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let base = mock.url("/v1");
        let client = Client::new(&format!(
            "model_list:\n\
             - {{model_name: g, litellm_params: {{model: openai/fail-500, order: 1, api_base: '{base}', api_key: k}}}}\n\
             - {{model_name: g, litellm_params: {{model: openai/mock, order: 2, api_base: '{base}', api_key: k}}}}\n\
             router_settings: {{num_retries: 0}}\n"
        ));
        for _ in 0..3 {
            let answer = client.ask(&chat("g")).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("x-litellm-model-name"), "openai/mock");
        }
    });
}

#[test]
fn a_group_that_fails_hands_over_and_the_first_error_is_told_when_all_fail() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let entries = [("a", "fail-503"), ("b", "fail-500"), ("c", "mock")];
        let both = "num_retries: 0, fallbacks: [{a: [b, c]}]";
        let answer = Client::new(&config(&mock, &entries, both))
            .ask(&chat("a"))
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-litellm-attempted-fallbacks"), "2");
        assert_eq!(answer.header("x-litellm-model-group"), "c");
        assert_eq!(answer.json()["model"], "a");
        let in_vain = "num_retries: 0, fallbacks: [{a: [b]}, {b: [a]}]";
        mock.reset();
        let answer = Client::new(&config(&mock, &entries, in_vain))
            .ask(&chat("a"))
            .await;
        assert_eq!(answer.status, 503);
        assert_eq!(mock.request_count(), 2);
    });
}

#[test]
fn no_more_hops_than_allowed() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let entries = [("a", "fail-503"), ("b", "fail-500"), ("c", "mock")];
        let settings = "num_retries: 0, max_fallbacks: 1, fallbacks: [{a: [b, c]}]";
        let answer = Client::new(&config(&mock, &entries, settings))
            .ask(&chat("a"))
            .await;
        assert_eq!(answer.status, 503);
        assert_eq!(mock.request_count(), 2);
    });
}

#[test]
fn a_prompt_that_does_not_fit_goes_to_the_list_made_for_it() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let entries = [("a", "context-window"), ("b", "fail-500"), ("c", "mock")];
        let settings = "fallbacks: [{a: [b]}], context_window_fallbacks: [{a: [c]}]";
        let answer = Client::new(&config(&mock, &entries, settings))
            .ask(&chat("a"))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("x-litellm-model-group"), "c");
        assert_eq!(answer.header("x-litellm-attempted-retries"), "0");
        assert_eq!(mock.request_count(), 2);
    });
}

#[test]
fn when_all_are_left_alone_the_client_hears_for_how_long() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let entries = [("a", "fail-401"), ("a", "fail-401")];
        let settings = "num_retries: 3, cooldown_time: 3600";
        let client = Client::new(&config(&mock, &entries, settings));
        assert_eq!(client.ask(&chat("a")).await.status, 401);
        assert_eq!(mock.request_count(), 2);
        let answer = client.ask(&chat("a")).await;
        assert_eq!(answer.status, 429);
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!(wait > 3000 && wait <= 3600, "{wait}");
        assert_eq!(mock.request_count(), 2);
    });
}

#[test]
fn a_stream_that_starts_with_an_error_is_repeated_unseen() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let entries = [("a", "error-in-stream"), ("b", "mock")];
        let settings = "num_retries: 0, fallbacks: [{a: [b]}]";
        let client = Client::new(&config(&mock, &entries, settings));
        let mut body = chat("a");
        body["stream"] = true.into();
        let answer = client.ask(&body).await;
        assert_eq!(answer.status, 200);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(text.ends_with("data: [DONE]\n\n") && !text.contains("\"error\""));
        assert_eq!(answer.header("x-litellm-attempted-fallbacks"), "1");
    });
}

#[test]
fn a_stream_that_breaks_off_says_so_last() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = Client::new(&config(&mock, &[("a", "cut-stream")], "num_retries: 0"));
        let mut body = chat("a");
        body["stream"] = true.into();
        let answer = client.ask(&body).await;
        assert_eq!(answer.status, 200);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let events: Vec<&str> = text
            .trim_end_matches("data: [DONE]\n\n")
            .split_terminator("\n\n")
            .collect();
        let (last, before) = events.split_last().unwrap();
        assert!(last.starts_with("data: {\"error\""), "{text}");
        assert!(before.iter().any(|event| event.contains("Hello")), "{text}");
        assert!(!text.contains("\"stop\""), "{text}");
    });
}

#[test]
fn a_new_snapshot_serves_the_next_request() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = Client::new(&config(&mock, &[("a", "mock")], ""));
        assert_eq!(client.ask(&chat("b")).await.status, 400);
        let next = snapshot(&config(&mock, &[("b", "mock")], ""));
        client.engine.shared().snapshot.store(Arc::new(next));
        assert_eq!(client.ask(&chat("b")).await.status, 200);
        assert_eq!(client.ask(&chat("a")).await.status, 400);
    });
}

#[test]
fn probes_tell_who_answers() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = Client::new(&config(&mock, &[("a", "mock"), ("b", "fail-503")], ""));
        let snapshot = client.engine.shared().snapshot.load_full();
        let probes = Box::pin(client.engine.probe(&snapshot, None)).await;
        let told: Vec<(&str, bool)> = probes
            .iter()
            .map(|p| (p.deployment.entry.model_name.as_str(), p.error.is_none()))
            .collect();
        assert_eq!(told, [("a", true), ("b", false)]);
        let one = Box::pin(client.engine.probe(&snapshot, Some("a"))).await;
        assert_eq!(one.len(), 1);
    });
}
