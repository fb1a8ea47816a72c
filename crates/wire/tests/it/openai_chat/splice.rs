//! Requests that stay in the dialect.

use lockgate_wire::canonical::{Effort, Params, RawJson, Reasoning, ToolChoice};
use lockgate_wire::dialect::Spliced;

use super::{dialect, fixtures, object, target};

#[test]
fn splicing_changes_nothing_but_the_model_and_open_defaults() {
    let body = br#" { "model" : "group", "messages":[ {"role":"user","content":"Hi"} ],
        "temperature": 1.50, "max_completion_tokens":null, "thinking":{"type":"disabled"}, "x":[1 , 2] } "#;
    let defaults = Params {
        max_tokens: Some(50),
        temperature: Some(0.1),
        top_k: Some(4),
        tool_choice: Some(ToolChoice::Auto),
        reasoning: Some(Reasoning {
            effort: Some(Effort::High),
            ..Reasoning::default()
        }),
        extra: vec![
            ("x".to_owned(), RawJson::parse("0").unwrap()),
            ("y".to_owned(), RawJson::parse("{}").unwrap()),
        ],
        ..Params::default()
    };
    let mut object = object(body);
    let spliced = dialect()
        .splice_request(&mut object, &target("gpt-4o", false), &defaults)
        .unwrap();
    assert_eq!(spliced, Spliced::default());
    let expected = br#" { "model" : "gpt-4o", "messages":[ {"role":"user","content":"Hi"} ],
        "temperature": 1.50, "max_completion_tokens":null, "thinking":{"type":"disabled"}, "x":[1 , 2],"max_tokens":50,"top_k":4,"y":{} } "#;
    assert_eq!(object.to_bytes(), &expected[..]);
}

#[test]
fn splicing_asks_for_usage_only_where_the_client_did_not() {
    let cases = [
        (
            r#"{"model":"g","stream":true}"#,
            r#","stream_options":{"include_usage":true}}"#,
            true,
        ),
        (
            r#"{"model":"g","stream_options": {"include_obfuscation": false}}"#,
            r#""stream_options": {"include_obfuscation": false,"include_usage":true}}"#,
            true,
        ),
        (
            r#"{"model":"g","stream_options":{"include_usage":false}}"#,
            r#""stream_options":{"include_usage":true}}"#,
            true,
        ),
        (
            r#"{"model":"g","stream_options":{"include_usage":true}}"#,
            r#""stream_options":{"include_usage":true}}"#,
            false,
        ),
    ];
    for (body, end, injected) in cases {
        let mut object = object(body.as_bytes());
        let spliced = dialect()
            .splice_request(&mut object, &target("gpt-4o", true), &Params::default())
            .unwrap();
        assert_eq!(spliced.usage_injected, injected, "{body}");
        let text = String::from_utf8(object.to_bytes().to_vec()).unwrap();
        assert!(text.ends_with(end), "{text}");
    }
}

#[test]
fn splicing_leaves_every_fixture_as_it_is_but_for_the_model() {
    for (name, body) in fixtures("requests") {
        let mut spliced = object(&body);
        let model = spliced.get_str("model").unwrap().into_owned();
        dialect()
            .splice_request(
                &mut spliced,
                &target("gpt-4o-mini", false),
                &Params::default(),
            )
            .unwrap();
        let expected = String::from_utf8(body).unwrap().replacen(
            &format!("\"model\": \"{model}\""),
            "\"model\": \"gpt-4o-mini\"",
            1,
        );
        assert_eq!(spliced.to_bytes(), expected.as_bytes(), "{name}");
    }
}
