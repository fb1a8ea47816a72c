//! Requests, as they are read, written and spliced.

use lockgate_wire::canonical::{
    BlockKind, ChatRequest, Effort, LossKind, Message, Params, RawJson, Reasoning, ResponseFormat,
    Role, ToolChoice,
};
use lockgate_wire::dialect::{Spliced, Target, TranslateError};
use lockgate_wire::operation::Operation;
use serde_json::{Value, json};

use super::samples::everything;
use super::{
    decode, decode_json, encode, fixture, fixtures, head, losses, object, ollama, parse, snapshot,
    target,
};

#[test]
fn calls_without_ids_are_matched_with_their_results() {
    let request = decode(&fixture("requests/legacy_tools.json"));
    assert!(request.stream, "Ollama streams unless it is told not to");
    let mut calls = Vec::new();
    let mut results = Vec::new();
    for block in request.messages.iter().flat_map(|m| &m.content) {
        match &block.kind {
            BlockKind::ToolUse { id, arguments, .. } => {
                calls.push((id.as_str(), arguments.as_str()));
            }
            BlockKind::ToolResult {
                id, name, content, ..
            } => {
                results.push((id.as_str(), name.as_deref(), content[0].as_text()));
            }
            _ => {}
        }
    }
    let calls: Vec<_> = calls
        .iter()
        .map(|(id, arguments)| (*id, parse(arguments.as_bytes())))
        .collect();
    assert_eq!(
        calls,
        [
            ("call_1_0", json!({"city": "Paris"})),
            ("call_1_1", json!({"city": "Oslo"})),
            ("call_1_2", json!({"city": "Oslo"})),
        ]
    );
    assert_eq!(
        results,
        [
            ("call_1_1", Some("get_time"), Some("18:05")),
            ("call_1_0", Some("get_weather"), Some("21 degrees")),
            ("call_1_2", Some("get_weather"), Some("4 degrees")),
        ]
    );
    assert_eq!(
        request.messages.len(),
        3,
        "results of one turn are one message"
    );
}

#[test]
fn options_without_canonical_form_are_reported() {
    let request = decode(&fixture("requests/runner_options.json"));
    let params = &request.params;
    assert_eq!(
        (params.max_tokens, params.top_k, params.seed),
        (None, None, None)
    );
    assert_eq!(params.temperature, None);
    assert_eq!(params.stop.as_deref(), Some(&["END".to_owned()][..]));
    let encoded = encode(&request);
    let named = [
        "truncate",
        "options.num_ctx",
        "options.num_gpu",
        "options.mirostat",
    ];
    assert_eq!(losses(&encoded), named.map(|what| (LossKind::Hint, what)));
}

#[test]
fn images_carry_the_type_their_bytes_tell() {
    let request = decode(&fixture("requests/images.json"));
    let types: Vec<_> = request.messages[0]
        .content
        .iter()
        .filter_map(|block| match &block.kind {
            BlockKind::Image(media) => media.mime.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(
        types,
        ["image/png", "image/jpeg", "image/webp", "image/gif"]
    );
}

#[test]
fn a_prompt_is_a_conversation() {
    let body = object(fixture("generate/request-full.json"));
    let request = ollama()
        .decode_request(&head(Operation::Generate), &body)
        .unwrap();
    assert_eq!(request.messages.len(), 2);
    assert_eq!(
        request.messages[0],
        Message::text(Role::System, "You write Python.")
    );
    assert!(matches!(
        request.messages[1].content[0].kind,
        BlockKind::Image(_)
    ));
    assert_eq!(
        request.messages[1].content[1].as_text(),
        Some("def gcd(a, b):")
    );
    assert_eq!(request.unmapped, ["suffix", "template", "context", "raw"]);
    assert_eq!(
        request.params.response_format,
        Some(ResponseFormat::JsonObject)
    );
    assert_eq!(
        request.params.keep_alive.as_ref().map(RawJson::get),
        Some("300")
    );
    assert_eq!(
        request.params.reasoning.and_then(|r| r.wanted()),
        Some(true)
    );
    assert!(!request.stream);
}

#[test]
fn empty_members_of_the_go_client_say_nothing() {
    let body = object(fixture("generate/request-go-client.json"));
    let request = ollama()
        .decode_request(&head(Operation::Generate), &body)
        .unwrap();
    assert_eq!(request.messages, [Message::text(Role::User, "Hi")]);
    assert_eq!(request.unmapped, [] as [&str; 0]);
    assert_eq!(request.params, Params::default());
}

#[test]
fn wrong_types_are_named() {
    let user = json!([{"role": "user", "content": "Hi"}]);
    let cases = [
        (json!({"messages": user}), "model"),
        (json!({"model": "m"}), "messages"),
        (json!({"model": "m", "messages": []}), "messages"),
        (json!({"model": "m", "messages": "Hi"}), "messages"),
        (
            json!({"model": "m", "messages": [{"role": "user", "content": 1}]}),
            "messages[0]",
        ),
        (
            json!({"model": "m", "messages": [{"role": "robot"}]}),
            "messages[0].role",
        ),
        (
            json!({"model": "m", "messages": user, "options": {"temperature": "hot"}}),
            "options.temperature",
        ),
        (
            json!({"model": "m", "messages": user, "options": {"stop": [1]}}),
            "options.stop",
        ),
        (
            json!({"model": "m", "messages": user, "options": 3}),
            "options",
        ),
        (
            json!({"model": "m", "messages": user, "format": "xml"}),
            "format",
        ),
        (
            json!({"model": "m", "messages": user, "think": "hard"}),
            "think",
        ),
        (
            json!({"model": "m", "messages": user, "stream": "yes"}),
            "stream",
        ),
        (
            json!({"model": "m", "messages": user, "tools": [{"type": "function"}]}),
            "tools[0]",
        ),
    ];
    for (body, expected) in cases {
        match decode_json(&body) {
            Err(TranslateError::Invalid { param, message }) => {
                assert_eq!(param.as_deref(), Some(expected), "{body}");
                assert!(!message.is_empty());
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn a_request_with_everything() {
    let encoded = encode(&everything());
    snapshot("request_everything", &encoded.body);
    let named: Vec<String> = encoded
        .losses
        .iter()
        .map(|loss| format!("{:?} {}", loss.kind, loss.what))
        .collect();
    snapshot(
        "request_everything_losses",
        json!(named).to_string().as_bytes(),
    );
}

#[test]
fn a_tool_choice_is_kept_by_withholding_tools() {
    let offered = |choice: Option<ToolChoice>| {
        let mut request = everything();
        request.params.tool_choice = choice;
        let encoded = encode(&request);
        let body = parse(&encoded.body);
        let tools = body["tools"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> = tools
            .iter()
            .map(|tool| tool["function"]["name"].as_str().unwrap().to_owned())
            .collect();
        let lost = losses(&encoded).contains(&(LossKind::Param, "tool_choice"));
        (names.join(" "), lost)
    };
    let allowed = |required| ToolChoice::Allowed {
        names: vec!["other".to_owned()],
        required,
    };
    let cases = [
        (None, "lookup other", false),
        (Some(ToolChoice::Auto), "lookup other", false),
        (Some(ToolChoice::None), "", false),
        (Some(ToolChoice::Required), "lookup other", true),
        (Some(ToolChoice::Tool("other".to_owned())), "other", true),
        (Some(allowed(false)), "other", false),
        (Some(allowed(true)), "other", true),
    ];
    for (choice, names, lost) in cases {
        assert_eq!(
            offered(choice.clone()),
            (names.to_owned(), lost),
            "{choice:?}"
        );
    }
}

#[test]
fn levels_of_thinking_are_for_models_that_have_them() {
    let think = |model: &str, reasoning: Reasoning| {
        let request = ChatRequest {
            messages: vec![Message::text(Role::User, "Hi")],
            params: Params {
                reasoning: Some(reasoning),
                ..Params::default()
            },
            ..ChatRequest::default()
        };
        let encoded = ollama()
            .encode_request(&request, &target(model, true))
            .unwrap();
        parse(&encoded.body)["think"].clone()
    };
    let effort = |effort| Reasoning {
        effort: Some(effort),
        ..Reasoning::default()
    };
    let budget = |tokens| Reasoning {
        budget_tokens: Some(tokens),
        ..Reasoning::default()
    };
    let switch = |on| Reasoning {
        enabled: Some(on),
        ..Reasoning::default()
    };
    assert_eq!(think("qwen3", effort(Effort::High)), json!(true));
    assert_eq!(think("qwen3", effort(Effort::None)), json!(false));
    assert_eq!(think("qwen3", budget(0)), json!(false));
    assert_eq!(think("gpt-oss:120b", effort(Effort::Minimal)), json!("low"));
    assert_eq!(think("gpt-oss:120b", effort(Effort::XHigh)), json!("high"));
    assert_eq!(think("gpt-oss:120b", budget(2000)), json!("medium"));
    assert_eq!(think("gpt-oss:120b", switch(true)), json!(true));
    assert_eq!(think("gpt-oss:120b", switch(false)), json!(false));
    assert_eq!(think("qwen3", Reasoning::default()), Value::Null);
}

#[test]
fn splicing_keeps_every_other_byte() {
    for (name, body) in fixtures("requests") {
        let text = String::from_utf8(body).unwrap();
        let model = parse(text.as_bytes())["model"].as_str().unwrap().to_owned();
        let mut object = object(text.clone());
        let spliced =
            ollama().splice_request(&mut object, &target("upstream", true), &Params::default());
        assert_eq!(spliced, Ok(Spliced::default()));
        let expected = text.replacen(&format!("\"{model}\""), "\"upstream\"", 1);
        assert_eq!(object.to_bytes(), expected, "{name}");
    }
}

#[test]
fn splicing_adds_only_what_the_client_left_open() {
    let splice = |body: &str, operation| {
        let mut body = object(body.to_owned());
        let defaults = Params {
            temperature: Some(0.1),
            max_tokens: Some(9),
            keep_alive: Some(RawJson::parse("-1").unwrap()),
            reasoning: Some(Reasoning {
                enabled: Some(false),
                ..Reasoning::default()
            }),
            extra: vec![
                ("num_ctx".to_owned(), RawJson::parse("4096").unwrap()),
                ("stream".to_owned(), RawJson::parse("false").unwrap()),
            ],
            ..Params::default()
        };
        let target = Target {
            operation,
            ..target("m", true)
        };
        ollama()
            .splice_request(&mut body, &target, &defaults)
            .unwrap();
        String::from_utf8(body.to_bytes().to_vec()).unwrap()
    };
    assert_eq!(
        splice(
            r#"{ "model" : "x", "messages": [ ], "options": { "temperature" : 0.70, "x":1 } , "think":true}"#,
            Operation::Chat,
        ),
        r#"{ "model" : "m", "messages": [ ], "options": { "temperature" : 0.70, "x":1,"num_predict":9,"num_ctx":4096 } , "think":true,"keep_alive":-1}"#
    );
    assert_eq!(
        splice(r#"{"model":"m","prompt":"Hi"}"#, Operation::Generate),
        r#"{"model":"m","prompt":"Hi","think":false,"keep_alive":-1,"options":{"temperature":0.1,"num_predict":9,"num_ctx":4096}}"#
    );
    assert_eq!(
        splice(r#"{"model":"m","input":"Hi"}"#, Operation::Embeddings),
        r#"{"model":"m","input":"Hi","keep_alive":-1,"options":{"num_ctx":4096}}"#
    );
}
