//! Requests that stay in the dialect.

use super::*;

#[test]
fn splicing_changes_nothing() {
    for folder in ["requests", "embeddings"] {
        for (name, bytes) in fixtures(folder) {
            let mut body = object(bytes.clone());
            let spliced = dialect()
                .splice_request(&mut body, &target(CLAUDE), &Params::default())
                .unwrap();
            assert_eq!(spliced, Spliced::default());
            assert_eq!(body.to_bytes(), bytes, "{name}");
        }
    }
}

fn splice(body: &Value, model: &str, operation: Operation, defaults: &Params) -> Value {
    let mut body = object(body.to_string());
    let target = Target {
        operation,
        ..target(model)
    };
    dialect()
        .splice_request(&mut body, &target, defaults)
        .unwrap();
    serde_json::from_slice(&body.to_bytes()).unwrap()
}

#[test]
fn splicing_fills_what_the_client_left_open() {
    let defaults = Params {
        max_tokens: Some(9000),
        temperature: Some(0.1),
        top_k: Some(7),
        stop: Some(vec!["S".to_owned()]),
        service_tier: Some("flex".to_owned()),
        extra: vec![
            (
                "guardrailConfig".to_owned(),
                raw(&json!({"guardrailIdentifier": "g1"})),
            ),
            ("anthropic_beta".to_owned(), raw(&json!(["b"]))),
        ],
        ..Params::default()
    };
    let bare = json!({"messages": []});
    let splice = |body: &Value, operation| splice(body, CLAUDE, operation, &defaults);
    assert_eq!(splice(&bare, Operation::CountTokens), bare);
    assert_eq!(splice(&bare, Operation::Embeddings), bare);
    assert_eq!(
        splice(&bare, Operation::Chat),
        json!({
            "messages": [],
            "inferenceConfig": {"maxTokens": 9000, "temperature": 0.1, "stopSequences": ["S"]},
            "serviceTier": {"type": "flex"},
            "additionalModelRequestFields": {"top_k": 7, "anthropic_beta": ["b"]},
            "additionalModelResponseFieldPaths": ["/stop_sequence"],
            "guardrailConfig": {"guardrailIdentifier": "g1"}
        })
    );
    assert_eq!(
        splice(
            &json!({
                "inferenceConfig": {"temperature": 0.9, "stopSequences": []},
                "additionalModelRequestFields": {"top_k": 1},
                "serviceTier": {"type": "default"},
                "guardrailConfig": {"guardrailIdentifier": "mine"},
                "messages": []
            }),
            Operation::Chat
        ),
        json!({
            "inferenceConfig": {"temperature": 0.9, "stopSequences": [], "maxTokens": 9000},
            "additionalModelRequestFields": {"top_k": 1, "anthropic_beta": ["b"]},
            "serviceTier": {"type": "default"},
            "guardrailConfig": {"guardrailIdentifier": "mine"},
            "messages": [],
            "additionalModelResponseFieldPaths": ["/stop_sequence"]
        })
    );
}

#[test]
fn default_thinking_yields_to_what_the_client_set() {
    let defaults = Params {
        reasoning: effort(Effort::Low),
        temperature: Some(0.2),
        ..Params::default()
    };
    let thinking = json!({"type": "enabled", "budget_tokens": 1024});
    let spliced = splice(
        &json!({"inferenceConfig": {"maxTokens": 4000}}),
        CLAUDE,
        Operation::Chat,
        &defaults,
    );
    assert_eq!(
        spliced,
        json!({
            "inferenceConfig": {"maxTokens": 4000},
            "additionalModelRequestFields": {"thinking": thinking}
        })
    );
    let tuned = json!({"inferenceConfig": {"temperature": 0.7}});
    assert_eq!(splice(&tuned, CLAUDE, Operation::Chat, &defaults), tuned);
    let thinks = json!({"additionalModelRequestFields": {"thinking": {"type": "disabled"}}});
    let spliced = splice(&thinks, CLAUDE, Operation::Chat, &defaults);
    assert_eq!(
        spliced["additionalModelRequestFields"],
        thinks["additionalModelRequestFields"]
    );
    assert_eq!(spliced["inferenceConfig"]["temperature"], Value::Null);
}
