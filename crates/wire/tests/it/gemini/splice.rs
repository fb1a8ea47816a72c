//! Requests that stay in this dialect.

use super::*;

fn spliced(body: &str, target: &Target<'_>, defaults: &Params) -> String {
    let mut body = object(body.to_owned());
    let spliced = Gemini.splice_request(&mut body, target, defaults).unwrap();
    assert!(!spliced.usage_injected);
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}

#[test]
fn splicing_changes_nothing_by_itself() {
    for (name, body) in fixtures("requests") {
        let mut object = object(body.clone());
        Gemini
            .splice_request(&mut object, &target(MODEL), &Params::default())
            .unwrap();
        assert_eq!(object.to_bytes(), body, "{name}");
    }
}

#[test]
fn defaults_fill_what_the_client_left_open() {
    let defaults = Params {
        temperature: Some(0.1),
        max_tokens: Some(9),
        response_format: Some(ResponseFormat::JsonObject),
        extra: vec![("safetySettings".into(), raw(&json!([])))],
        ..Params::default()
    };
    assert_eq!(
        spliced(
            r#"{ "contents": [ ], "generation_config": { "max_output_tokens": 5 } }"#,
            &target(MODEL),
            &defaults,
        ),
        r#"{ "contents": [ ], "generation_config": { "max_output_tokens": 5,"temperature":0.1,"responseMimeType":"application/json" },"safetySettings":[] }"#
    );
    assert_eq!(
        spliced(
            r#"{"contents":[],"safety_settings":[1],"generationConfig":{"temperature":2,"responseSchema":{}}}"#,
            &target(MODEL),
            &defaults,
        ),
        r#"{"contents":[],"safety_settings":[1],"generationConfig":{"temperature":2,"responseSchema":{},"maxOutputTokens":9}}"#
    );
    assert_eq!(
        spliced(
            r#"{"contents":[]}"#,
            &target(MODEL),
            &Params {
                top_k: Some(3),
                ..Params::default()
            }
        ),
        r#"{"contents":[],"generationConfig":{"topK":3}}"#
    );
}

#[test]
fn the_model_is_set_where_the_body_has_it() {
    let none = Params::default();
    let for_operation = |operation| Target {
        operation,
        ..target("gemini-x")
    };
    for (operation, before, after) in [
        (
            Operation::Chat,
            r#"{ "model": "models/chat", "contents": [] }"#,
            r#"{ "model": "models/gemini-x", "contents": [] }"#,
        ),
        (
            Operation::CountTokens,
            r#"{"generateContentRequest": {"model": "models/chat", "contents": []} }"#,
            r#"{"generateContentRequest": {"model": "models/gemini-x", "contents": []} }"#,
        ),
        (
            Operation::Embeddings,
            r#"{"requests": [ {"model": "models/a", "content": {}}, {"content": {}} ]}"#,
            r#"{"requests": [ {"model": "models/gemini-x", "content": {}}, {"content": {}} ]}"#,
        ),
        (
            Operation::EmbeddingsSingle,
            r#"{"model":"a","content":{}}"#,
            r#"{"model":"gemini-x","content":{}}"#,
        ),
    ] {
        assert_eq!(spliced(before, &for_operation(operation), &none), after);
    }
}
