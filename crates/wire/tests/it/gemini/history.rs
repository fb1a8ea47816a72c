//! Calls, results, thoughts and media in the conversation.

use super::*;

#[test]
fn results_without_ids_find_their_calls() {
    let request = decode(fixture("requests/tools_without_ids.json"));
    let id_of = |block: &Block| match &block.kind {
        BlockKind::ToolUse { id, .. } | BlockKind::ToolResult { id, .. } => id.clone(),
        other => panic!("{other:?}"),
    };
    let calls: Vec<_> = request.messages[1].content.iter().map(id_of).collect();
    let results: Vec<_> = request.messages[2].content.iter().map(id_of).collect();
    assert_eq!(
        calls,
        [
            "call_get_weather_0",
            "call_get_time_1",
            "call_get_weather_2"
        ]
    );
    assert_eq!(
        results,
        [
            "call_get_weather_0",
            "call_get_weather_2",
            "call_get_time_1"
        ]
    );
}

#[test]
fn signatures_ride_in_ids_and_come_back_whole() {
    // Standard base64 with both special characters and padding; URL-safe base64; no base64.
    for signature in [
        "+/+/AA==",
        "-_-_AA",
        "skip_thought_signature_validator",
        "?",
    ] {
        let request = decode_json(&json!({"contents": [
            {"role": "model", "parts": [
                {"functionCall": {"id": "a", "name": "f", "args": {}},
                 "thoughtSignature": signature}]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "a", "name": "f", "response": {"result": "x"}}}]},
        ]}));
        let BlockKind::ToolUse { id, .. } = &request.messages[0].content[0].kind else {
            panic!("no call");
        };
        assert!(!id.contains(['+', '/', '=']), "{id}");
        let BlockKind::ToolResult { id: answered, .. } = &request.messages[1].content[0].kind
        else {
            panic!("no result");
        };
        assert_eq!(id, answered);
        let (body, _) = encode(&request, MODEL);
        let part = &body["contents"][0]["parts"][0];
        assert_eq!(part["functionCall"]["id"], "a");
        assert_eq!(part["thoughtSignature"], signature);
        assert_eq!(
            body["contents"][1]["parts"][0]["functionResponse"]["id"],
            "a"
        );
    }
}

#[test]
fn ids_of_litellm_still_carry_their_signature() {
    let request = ChatRequest {
        messages: vec![message(
            Role::Assistant,
            vec![tool_use("call_1__thought__+/+/AA==", "f", "{}")],
        )],
        ..ChatRequest::default()
    };
    let (body, _) = encode(&request, MODEL);
    assert_eq!(
        body["contents"][0]["parts"][0]["thoughtSignature"],
        "+/+/AA=="
    );
}

#[test]
fn only_gemini_3_needs_a_word_for_unsigned_calls() {
    let request = ChatRequest {
        messages: vec![
            message(
                Role::Assistant,
                vec![tool_use("a", "f", "{}"), tool_use("b", "f", "{}")],
            ),
            user(vec![tool_result("a", vec![text("1")], false)]),
        ],
        ..ChatRequest::default()
    };
    let (body, _) = encode(&request, "gemini-3.1-pro");
    let parts = &body["contents"][0]["parts"];
    assert_eq!(
        parts[0]["thoughtSignature"],
        "skip_thought_signature_validator"
    );
    assert_eq!(parts[1]["thoughtSignature"], Value::Null);
    let (body, _) = encode(&request, "gemini-2.5-pro");
    let parts = &body["contents"][0]["parts"];
    assert_eq!(parts[0]["thoughtSignature"], Value::Null);
}

#[test]
fn thoughts_of_others_are_left_out_and_signatures_find_their_part() {
    let thinking = |text: &str, signature: Option<&str>| BlockKind::Thinking {
        text: text.to_owned(),
        signature: signature.map(str::to_owned),
    };
    let request = ChatRequest {
        messages: vec![message(
            Role::Assistant,
            vec![
                thinking("Hm.", Some("foreign")),
                thinking("", Some("AAAA")),
                text("Yes."),
                thinking("", Some("BBBB")),
            ],
        )],
        ..ChatRequest::default()
    };
    let (body, losses) = encode(&request, MODEL);
    assert_eq!(
        body["contents"],
        json!([{"role": "model", "parts": [
            {"text": "Yes.", "thoughtSignature": "AAAA"},
            {"text": "", "thoughtSignature": "BBBB"},
        ]}])
    );
    assert_eq!(losses, [Loss::hint("messages[].thinking_blocks")]);
}

#[test]
fn roles_alternate_and_a_system_instruction_is_never_alone() {
    let request = ChatRequest {
        messages: vec![
            Message::text(Role::Developer, "Be terse."),
            user(vec![text("One.")]),
            Message::text(Role::System, "Be kind."),
            user(vec![text("Two.")]),
        ],
        ..ChatRequest::default()
    };
    let (body, losses) = encode(&request, MODEL);
    assert_eq!(
        body,
        json!({
            "contents": [{"role": "user", "parts": [{"text": "One."}, {"text": "Two."}]}],
            "systemInstruction": {"parts": [{"text": "Be terse."}, {"text": "Be kind."}]},
        })
    );
    assert_eq!(losses, []);
    let request = ChatRequest {
        messages: vec![Message::text(Role::System, "Say hello.")],
        ..ChatRequest::default()
    };
    let (body, _) = encode(&request, MODEL);
    assert_eq!(
        body["contents"],
        json!([{"role": "user", "parts": [{"text": "."}]}])
    );
}

#[test]
fn broken_arguments_and_plain_results_become_objects() {
    let request = ChatRequest {
        messages: vec![
            message(
                Role::Assistant,
                vec![
                    tool_use("a", "f", ""),
                    tool_use("b", "f", "{\"x\":"),
                    tool_use("c", "f", "[1]"),
                ],
            ),
            user(vec![
                tool_result("a", vec![text("42")], false),
                tool_result("b", vec![text("{\"x\": 1}")], false),
                tool_result("c", vec![text("{\"x\": 1}")], true),
                tool_result("d", vec![text("one"), text("two")], false),
            ]),
        ],
        ..ChatRequest::default()
    };
    let (body, _) = encode(&request, "gemini-2.0-flash");
    let parts = |turn: usize, member: &str, inner: &str| -> Vec<Value> {
        let parts = body["contents"][turn]["parts"].as_array().unwrap();
        parts.iter().map(|p| p[member][inner].clone()).collect()
    };
    assert_eq!(
        parts(0, "functionCall", "args"),
        [
            json!({}),
            json!({"arguments": "{\"x\":"}),
            json!({"arguments": "[1]"})
        ]
    );
    assert_eq!(
        parts(1, "functionResponse", "response"),
        [
            json!({"result": "42"}),
            json!({"x": 1}),
            json!({"error": {"x": 1}}),
            json!({"result": "one\ntwo"})
        ]
    );
    assert_eq!(
        parts(1, "functionResponse", "name"),
        ["f", "f", "f", "d"].map(Value::from)
    );
}

#[test]
fn media_of_results_stand_where_the_model_takes_them() {
    let image = BlockKind::Image(Media {
        source: MediaSource::Base64("/9j/4AAQ".to_owned()),
        ..Media::default()
    });
    let request = ChatRequest {
        messages: vec![user(vec![
            tool_result("a", vec![text("ok"), image], false),
            text("And now?"),
        ])],
        ..ChatRequest::default()
    };
    let data = json!({"inlineData": {"mimeType": "image/jpeg", "data": "/9j/4AAQ"}});
    let (body, _) = encode(&request, "gemini-3-pro-preview");
    let parts = &body["contents"][0]["parts"];
    assert_eq!(parts[0]["functionResponse"]["parts"], json!([data]));
    let (body, _) = encode(&request, "gemini-2.5-pro");
    let parts = &body["contents"][0]["parts"];
    assert_eq!(parts[0]["functionResponse"]["parts"], Value::Null);
    assert_eq!(parts[2], data);
}

#[test]
fn made_ids_fit_every_api() {
    let name = "a.tool:with-a-name.of-sixty-four-characters.which-is-the-most.ok";
    let request = decode_json(&json!({"contents": [
        {"role": "model", "parts": [{"functionCall": {"name": name}}]},
    ]}));
    let BlockKind::ToolUse { id, arguments, .. } = &request.messages[0].content[0].kind else {
        panic!("no call");
    };
    assert_eq!(id, "call_a_tool_with-a-name_of-si_0");
    assert_eq!(arguments, "{}");
}
