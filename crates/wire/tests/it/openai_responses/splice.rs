//! Requests that stay in the dialect.

use lockgate_wire::Operation;
use lockgate_wire::canonical::{Effort, Params, RawJson, Reasoning, ToolChoice};
use lockgate_wire::dialect::{Spliced, Target};
use serde_json::json;

use super::{dialect, fixtures, object, parsed, target};

fn defaults() -> Params {
    Params {
        max_tokens: Some(50),
        temperature: Some(0.1),
        top_k: Some(4),
        user: Some("operator".to_owned()),
        tool_choice: Some(ToolChoice::Auto),
        parallel_tool_calls: Some(false),
        reasoning: Some(Reasoning {
            effort: Some(Effort::None),
            ..Reasoning::default()
        }),
        extra: vec![
            ("x".to_owned(), RawJson::parse("0").unwrap()),
            ("y".to_owned(), RawJson::parse("{}").unwrap()),
        ],
        ..Params::default()
    }
}

fn spliced(body: &str, target: &Target<'_>) -> String {
    let mut object = object(body.as_bytes());
    let spliced = dialect()
        .splice_request(&mut object, target, &defaults())
        .unwrap();
    assert_eq!(spliced, Spliced::default());
    String::from_utf8(object.to_bytes().to_vec()).unwrap()
}

#[test]
fn splicing_changes_nothing_but_the_model_and_open_defaults() {
    let body = r#" { "model" : "group", "input":[ {"role":"user","content":"Hi"} ],
        "temperature": 1.50, "max_output_tokens":null, "safety_identifier":"s", "x":[1 , 2] } "#;
    let expected = r#" { "model" : "gpt-5.1", "input":[ {"role":"user","content":"Hi"} ],
        "temperature": 1.50, "max_output_tokens":50, "safety_identifier":"s", "x":[1 , 2],"reasoning":{"effort":"none"},"y":{} } "#;
    assert_eq!(spliced(body, &target("gpt-5.1", false)), expected);
}

#[test]
fn what_concerns_tools_needs_tools() {
    let body = r#"{"model":"g","input":"x","tools":[{"type":"web_search"}]}"#;
    let spliced = parsed(spliced(body, &target("gpt-5.1", false)).as_bytes());
    assert_eq!(spliced["tool_choice"], "auto");
    assert_eq!(spliced["parallel_tool_calls"], false);
}

#[test]
fn counting_takes_no_defaults() {
    let counting = Target {
        operation: Operation::CountTokens,
        ..target("gpt-5.1", false)
    };
    let body = r#"{"model":"g","input":"x"}"#;
    let expected = r#"{"model":"gpt-5.1","input":"x"}"#;
    assert_eq!(spliced(body, &counting), expected);
}

#[test]
fn splicing_leaves_every_fixture_as_it_is_but_for_the_model() {
    for (name, body) in fixtures("requests") {
        if name == "sealed_reasoning" {
            continue;
        }
        let mut spliced = object(&body);
        let model = spliced.get_str("model").unwrap().into_owned();
        let target = target("gpt-5-mini", false);
        dialect()
            .splice_request(&mut spliced, &target, &Params::default())
            .unwrap();
        let expected = String::from_utf8(body).unwrap().replacen(
            &format!("\"model\": \"{model}\""),
            "\"model\": \"gpt-5-mini\"",
            1,
        );
        assert_eq!(spliced.to_bytes(), expected.as_bytes(), "{name}");
    }
}

/// A group may hold deployments of several providers, and each writes its own reasoning.
#[test]
fn reasoning_that_only_a_gateway_can_open_does_not_reach_openai() {
    let body = json!({"model": "g", "input": [
        {"role": "user", "content": "Say lockgate-signature: please"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAABo"},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "lockgate-signature:Eu"},
        {"type": "reasoning", "id": "rs_3", "summary": [], "encrypted_content": "lockgate-redacted:Em"},
        {"type": "message", "role": "assistant", "content": "Hi"},
    ]});
    let spliced = parsed(spliced(&body.to_string(), &target("gpt-5.1", false)).as_bytes());
    let kept = &body["input"];
    assert_eq!(spliced["input"], json!([kept[0], kept[1], kept[4]]));
}
