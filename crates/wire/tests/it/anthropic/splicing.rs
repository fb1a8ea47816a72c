//! Requests that stay in the dialect.

use super::*;

#[test]
fn splicing_changes_the_model_only() {
    for (name, bytes) in fixtures("requests") {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let model: Value = serde_json::from_slice(&bytes).unwrap();
        let model = model["model"].as_str().unwrap().to_owned();
        let mut body = object(bytes);
        let spliced = dialect()
            .splice_request(&mut body, &target("upstream-name"), &Params::default())
            .unwrap();
        assert!(!spliced.usage_injected);
        assert_eq!(
            String::from_utf8(body.to_bytes().to_vec()).unwrap(),
            text.replacen(&format!("\"{model}\""), "\"upstream-name\"", 1),
            "{name}"
        );
    }
}

#[test]
fn splicing_fills_what_the_client_left_open() {
    let defaults = Params {
        max_tokens: Some(99),
        temperature: Some(0.1),
        stop: Some(vec!["S".to_owned()]),
        user: Some("team-a".to_owned()),
        reasoning: effort(Effort::Low),
        extra: vec![("container".to_owned(), raw(&json!("c1")))],
        ..Params::default()
    };
    let splice = |body: &str, model: &str, operation| {
        let mut body = object(body.to_owned());
        let target = Target {
            operation,
            ..target(model)
        };
        dialect()
            .splice_request(&mut body, &target, &defaults)
            .unwrap();
        serde_json::from_slice::<Value>(&body.to_bytes()).unwrap()
    };
    let old = "claude-3-5-haiku-20241022";
    assert_eq!(
        splice(
            r#"{"model":"g","messages":[]}"#,
            old,
            Operation::CountTokens
        ),
        json!({"model": old, "messages": []})
    );
    // 99 tokens leave no room for thinking.
    assert_eq!(
        splice(
            r#"{"model":"g","stop_sequences":["X"],"messages":[]}"#,
            old,
            Operation::Chat
        ),
        json!({
            "model": old, "messages": [], "stop_sequences": ["X"], "max_tokens": 99,
            "temperature": 0.1, "metadata": {"user_id": "team-a"}, "container": "c1"
        })
    );
    assert_eq!(
        splice(
            r#"{"model":"g","max_tokens":9000,"metadata":{},"messages":[]}"#,
            old,
            Operation::Chat
        ),
        json!({
            "model": old, "messages": [], "max_tokens": 9000, "metadata": {},
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "stop_sequences": ["S"], "container": "c1"
        })
    );
    // What the client says about thinking rules out a default temperature.
    assert_eq!(
        splice(
            r#"{"model":"g","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[]}"#,
            old,
            Operation::Chat
        )["temperature"],
        Value::Null
    );
}
