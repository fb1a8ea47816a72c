//! Requests that stay in the dialect.

use lockgate_wire::Operation;
use lockgate_wire::canonical::{Params, RawJson, Reasoning, ResponseFormat, ToolChoice};
use lockgate_wire::dialect::{Spliced, Target};

use super::{dialect, fixtures, object, target};

fn defaults() -> Params {
    Params {
        max_tokens: Some(50),
        temperature: Some(0.1),
        top_p: Some(1.0),
        stop: Some(vec!["END".to_owned()]),
        tool_choice: Some(ToolChoice::Required),
        response_format: Some(ResponseFormat::JsonObject),
        reasoning: Some(Reasoning {
            enabled: Some(true),
            ..Reasoning::default()
        }),
        extra: vec![
            ("safety_mode".to_owned(), RawJson::parse("\"OFF\"").unwrap()),
            ("priority".to_owned(), RawJson::parse("9").unwrap()),
        ],
        ..Params::default()
    }
}

fn spliced(body: &[u8], target: &Target<'_>, defaults: &Params) -> String {
    let mut object = object(body);
    let spliced = dialect().splice_request(&mut object, target, defaults);
    assert_eq!(spliced.unwrap(), Spliced::default());
    String::from_utf8(object.to_bytes().to_vec()).unwrap()
}

#[test]
fn splicing_changes_nothing_but_the_model_and_open_defaults() {
    let body = br#" { "model" : "group", "messages":[ {"role":"user","content":"Hi"} ],
        "temperature": 0.50, "priority":1, "tools":[ {} ] } "#;
    let model = target("command-a-reasoning-08-2025", false);
    let expected = r#" { "model" : "command-a-reasoning-08-2025", "messages":[ {"role":"user","content":"Hi"} ],
        "temperature": 0.50, "priority":1, "tools":[ {} ],"tool_choice":"REQUIRED","thinking":{"type":"enabled"},"max_tokens":50,"stop_sequences":["END"],"p":0.99,"safety_mode":"OFF" } "#;
    assert_eq!(spliced(body, &model, &defaults()), expected);
}

#[test]
fn a_form_is_not_set_where_it_would_be_refused() {
    let model = target("m", false);
    for (body, allowed) in [
        (r#"{"model":"m"}"#, true),
        (r#"{"model":"m","documents":["a"]}"#, false),
        (r#"{"model":"m","tools":[{}]}"#, false),
    ] {
        let out = spliced(body.as_bytes(), &model, &defaults());
        assert_eq!(out.contains("response_format"), allowed, "{out}");
    }
}

#[test]
fn vectors_have_no_sampling() {
    let target = Target {
        operation: Operation::Embeddings,
        ..target("embed-v4.0", false)
    };
    let body = br#"{"model":"group","texts":["a"],"input_type":"search_query"}"#;
    let expected = r#"{"model":"embed-v4.0","texts":["a"],"input_type":"search_query","safety_mode":"OFF","priority":9}"#;
    assert_eq!(spliced(body, &target, &defaults()), expected);
}

#[test]
fn splicing_leaves_every_fixture_as_it_is_but_for_the_model() {
    for (name, body) in fixtures("requests") {
        let text = String::from_utf8(body).unwrap();
        let (_, rest) = text.split_once("\"model\": \"").unwrap();
        let (model, _) = rest.split_once('"').unwrap();
        let out = spliced(text.as_bytes(), &target("m", false), &Params::default());
        let expected = text.replacen(&format!("\"{model}\""), "\"m\"", 1);
        assert_eq!(out, expected, "{name}");
    }
}
