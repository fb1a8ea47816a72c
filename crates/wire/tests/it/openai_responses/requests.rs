//! Requests: from clients, for upstreams.

use lockgate_wire::DialectId;
use lockgate_wire::canonical::{
    BlockKind, ChatRequest, Effort, FunctionTool, HostedTool, Loss, LossKind, Message, Params,
    RawJson, Reasoning, ResponseFormat, Role, Tool, ToolChoice,
};
use lockgate_wire::dialect::TranslateError;
use serde_json::{Value, json};

use super::{call, decode, decode_value, encode, fixture, fixtures, parsed, thinking};

const OPENAI: &str = "gAAAAABo7Qx3mVtY0c2Zk1RrYl9wZ2hFZ0d3VnB4";
const ANTHROPIC: &str = "EuYBCkQYAiJAgCs1le6/Pol5Z4/JMomVOouG";

/// What is written even where a client may leave it out.
fn spoken_out(mut request: ChatRequest) -> ChatRequest {
    let no_parameters = RawJson::parse(r#"{"type":"object","properties":{}}"#).unwrap();
    for tool in &mut request.tools {
        if let Tool::Function(function) = tool {
            function.strict.get_or_insert(false);
            function
                .parameters
                .get_or_insert_with(|| no_parameters.clone());
        }
    }
    request.unmapped.clear();
    request
}

#[test]
fn a_request_comes_back_as_it_went() {
    for (name, body) in fixtures("requests") {
        let request = decode(&body);
        let model = if name == "audio" {
            "qwen3-omni"
        } else {
            "gpt-5.1"
        };
        let written = encode(&request, model);
        let mut expected = spoken_out(request.clone());
        expected.model = model.to_owned();
        if name == "sealed_reasoning" {
            // Another provider's reasoning is not for OpenAI.
            let lost = Loss::hint("messages[].thinking_blocks");
            assert_eq!(written.losses, [lost]);
            expected.messages[1].content.drain(..2);
        }
        assert_eq!(decode(&written.body), expected, "{name}");
    }
}

#[test]
fn nothing_is_kept_at_the_upstream_and_reasoning_comes_back() {
    let request = decode(br#"{"model":"m","input":"Hi"}"#);
    let body = |model| parsed(&encode(&request, model).body);
    for reasoner in ["gpt-5-mini", "o4-mini"] {
        assert_eq!(body(reasoner)["store"], false);
        assert_eq!(
            body(reasoner)["include"],
            json!(["reasoning.encrypted_content"])
        );
    }
    // A model that does not reason refuses to be asked for it.
    assert_eq!(body("gpt-4o")["include"], Value::Null);
    assert_eq!(body("qwen3")["include"], Value::Null);

    let mut told = request.clone();
    let yes = RawJson::parse("true").unwrap();
    told.params.extra.push(("store".to_owned(), yes));
    assert_eq!(parsed(&encode(&told, "gpt-5.1").body)["store"], true);
}

#[test]
fn one_turn_of_items_is_one_message() {
    let request = decode_value(&json!({"model": "m", "input": [
        {"role": "user", "content": "Go"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": OPENAI},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "First"}]},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "message", "role": "assistant", "content": "Still at it"},
        {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {"type": "function_call_output", "call_id": "b", "output": "2"},
        {"role": "assistant", "content": "One."},
        {"role": "assistant", "content": "Two."},
    ]}))
    .unwrap();
    let shape: Vec<(Role, usize)> = request
        .messages
        .iter()
        .map(|message| (message.role, message.content.len()))
        .collect();
    assert_eq!(
        shape,
        [
            (Role::User, 1),
            (Role::Assistant, 5),
            (Role::User, 2),
            (Role::Assistant, 1),
            (Role::Assistant, 1),
        ]
    );
}

#[test]
fn sealed_reasoning_is_what_it_was() {
    let request = decode(&fixture("requests", "sealed_reasoning.json"));
    let redacted = "EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5L8rLVyIw";
    let content = &request.messages[1].content;
    assert_eq!(content[0], thinking("51 is 3 times 17.", Some(ANTHROPIC)));
    assert_eq!(
        content[1].kind,
        BlockKind::RedactedThinking {
            data: redacted.to_owned()
        }
    );
}

#[test]
fn a_summary_in_parts_is_one_text() {
    let request = decode_value(&json!({"model": "m", "input": [
        {"type": "reasoning", "id": "rs_1", "summary": [
            {"type": "summary_text", "text": "One"},
            {"type": "summary_text", "text": "Two"},
        ]},
        {"type": "reasoning", "id": "rs_2", "summary": [], "content": [
            {"type": "reasoning_text", "text": "Raw"},
        ]},
        {"type": "reasoning", "id": "rs_3", "summary": []},
    ]}))
    .unwrap();
    assert_eq!(
        request.messages[0].content,
        [thinking("One\n\nTwo", None), thinking("Raw", None)]
    );
}

#[test]
fn reasoning_goes_where_it_is_understood() {
    let written = |model, block| {
        let request = ChatRequest {
            messages: vec![
                Message::text(Role::User, "Hi"),
                Message {
                    role: Role::Assistant,
                    name: None,
                    content: vec![block],
                },
            ],
            ..ChatRequest::default()
        };
        let encoded = encode(&request, model);
        let item = parsed(&encoded.body)["input"][1].clone();
        assert_eq!(item.is_null(), !encoded.losses.is_empty());
        item
    };
    let own = json!({
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "Hm"}],
        "encrypted_content": OPENAI,
    });
    assert_eq!(written("gpt-5.1", thinking("Hm", Some(OPENAI))), own);
    assert_eq!(written("qwen3", thinking("Hm", Some(OPENAI))), own);
    // A model that does not reason refuses reasoning items.
    assert_eq!(written("gpt-4o", thinking("Hm", Some(OPENAI))), Value::Null);
    assert_eq!(written("gpt-5.1", thinking("Hm", None)), Value::Null);
    assert_eq!(written("gpt-5.1", thinking("Hm", Some("?"))), Value::Null);
    assert_eq!(written("qwen3", thinking("", Some(ANTHROPIC))), Value::Null);
    let open = json!({
        "type": "reasoning",
        "id": "rs_1",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "Hm"}],
    });
    assert_eq!(written("qwen3", thinking("Hm", None)), open);
    assert_eq!(written("qwen3", thinking("Hm", Some(ANTHROPIC))), open);
}

#[test]
fn a_summary_is_asked_for_by_those_who_want_to_read_it() {
    let reasoning = |include, effort| {
        let request = ChatRequest {
            messages: vec![Message::text(Role::User, "Hi")],
            params: Params {
                reasoning: Some(Reasoning {
                    include,
                    effort,
                    ..Reasoning::default()
                }),
                ..Params::default()
            },
            ..ChatRequest::default()
        };
        parsed(&encode(&request, "gpt-5.1").body)["reasoning"].clone()
    };
    assert_eq!(
        reasoning(None, Some(Effort::High)),
        json!({"effort": "high"})
    );
    assert_eq!(reasoning(Some(true), None), json!({"summary": "auto"}));
    assert_eq!(
        reasoning(Some(true), Some(Effort::None)),
        json!({"effort": "none"})
    );
}

#[test]
fn custom_tools_are_kept_as_the_chat_api_has_them() {
    let request = decode(&fixture("requests", "custom_tool.json"));
    let Tool::Hosted(HostedTool { origin, what, raw }) = &request.tools[0] else {
        panic!("not a hosted tool: {:?}", request.tools[0]);
    };
    assert_eq!((*origin, &**what), (DialectId::OpenAiChat, "custom"));
    assert_eq!(
        parsed(raw.get().as_bytes()),
        json!({"type": "custom", "custom": {
            "name": "apply_patch",
            "description": "Edits files",
            "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: \"x\""}},
        }})
    );
    let body = parsed(&encode(&request, "gpt-5.1").body);
    let original = parsed(&fixture("requests", "custom_tool.json"));
    assert_eq!(body["tools"], original["tools"]);
    assert_eq!(body["tool_choice"], original["tool_choice"]);
    assert_eq!(body["input"][1]["type"], "custom_tool_call");
    assert_eq!(body["input"][1]["input"], original["input"][1]["input"]);
    assert_eq!(body["input"][2]["type"], "custom_tool_call_output");
}

#[test]
fn every_form_of_tool_choice_is_understood() {
    let choice = |value: Value| {
        let body = json!({"model": "m", "input": "Hi", "tool_choice": value});
        let request = decode_value(&body).unwrap();
        (request.params.tool_choice, request.unmapped)
    };
    let tool = |name: &str| Some(ToolChoice::Tool(name.to_owned()));
    assert_eq!(choice(json!("auto")).0, Some(ToolChoice::Auto));
    assert_eq!(choice(json!("none")).0, Some(ToolChoice::None));
    assert_eq!(choice(json!("required")).0, Some(ToolChoice::Required));
    assert_eq!(choice(json!(null)).0, None);
    assert_eq!(
        choice(json!({"type": "function", "name": "f"})).0,
        tool("f")
    );
    assert_eq!(choice(json!({"type": "custom", "name": "c"})).0, tool("c"));
    let (allowed, unmapped) = choice(json!({"type": "allowed_tools", "mode": "auto", "tools": [
        {"type": "function", "name": "f"}, {"type": "image_generation"},
    ]}));
    assert_eq!(
        allowed,
        Some(ToolChoice::Allowed {
            names: vec!["f".to_owned()],
            required: false,
        })
    );
    assert_eq!(unmapped, ["tool_choice.allowed_tools"]);
    for hosted in ["web_search_preview", "file_search", "mcp"] {
        let (none, unmapped) = choice(json!({"type": hosted, "name": "x"}));
        assert_eq!(none, None);
        assert_eq!(unmapped, [format!("tool_choice.{hosted}")]);
    }
}

#[test]
fn what_is_kept_is_not_part_of_the_request() {
    let request = decode(&fixture("requests", "stateful.json"));
    assert_eq!(request.params, Params::default());
    assert_eq!(request.unmapped, Vec::<String>::new());
    assert_eq!(request.messages, [Message::text(Role::User, "And then?")]);
    // The conversation may be kept as a whole.
    let body = json!({"model": "m", "previous_response_id": "resp_1"});
    assert_eq!(decode_value(&body).unwrap().messages, []);
}

#[test]
fn a_stored_prompt_is_a_loss_of_content_elsewhere() {
    let request = decode(&fixture("requests", "stored_prompt.json"));
    let target = super::target("m", false);
    for upstream in DialectId::ALL {
        let encoded = upstream
            .dialect()
            .encode_request(&request, &target)
            .unwrap();
        let mut losses = encoded.losses.iter();
        let lost = losses.any(|loss| loss.kind == LossKind::Content);
        assert_eq!(lost, upstream != DialectId::OpenAiResponses, "{upstream:?}");
    }
}

#[test]
fn members_that_mean_nothing_here_are_named() {
    let body = json!({"model": "m", "input": "Hi", "max_tool_calls": 3, "truncation": "auto",
        "frobnicate": true, "nothing": null, "metadata": {"a": "b"},
        "include": ["file_search_call.results"],
        "reasoning": {"effort": "colossal", "context": "all_turns"}});
    let request = decode_value(&body).unwrap();
    assert_eq!(
        request.unmapped,
        [
            "reasoning.effort",
            "reasoning.context",
            "max_tool_calls",
            "truncation",
            "frobnicate"
        ]
    );
    let body = json!({"model": "m", "input": "Hi", "truncation": "disabled"});
    assert_eq!(decode_value(&body).unwrap().unmapped, Vec::<String>::new());
}

#[test]
fn what_is_wrong_is_named_as_the_api_names_it() {
    let cases = [
        (json!({"model": "m"}), "input"),
        (json!({"model": 1, "input": "x"}), "model"),
        (json!({"input": 7}), "input"),
        (json!({"input": [7]}), "input[0]"),
        (
            json!({"input": [{"role": "user", "content": 7}]}),
            "input[0].content",
        ),
        (
            json!({"input": [{"role": "critic", "content": "x"}]}),
            "input[0].role",
        ),
        (json!({"input": [{"content": "x"}]}), "input[0].role"),
        (
            json!({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}),
            "input[0].content[0].image_url",
        ),
        (
            json!({"input": [{"type": "function_call", "name": "f", "arguments": ""}]}),
            "input[0].call_id",
        ),
        (
            json!({"input": [{"type": "function_call_output", "output": ""}]}),
            "input[0].call_id",
        ),
        (json!({"input": "x", "temperature": "hot"}), "temperature"),
        (
            json!({"input": "x", "tools": [{"type": "function"}]}),
            "tools[0]",
        ),
        (
            json!({"input": "x", "tools": [{"name": "f"}]}),
            "tools[0].type",
        ),
        (
            json!({"input": "x", "text": {"format": {"type": "xml"}}}),
            "text.format.type",
        ),
        (json!({"input": "x", "instructions": []}), "instructions"),
        (json!({"input": "x", "reasoning": "high"}), "reasoning"),
    ];
    for (body, place) in cases {
        match decode_value(&body) {
            Err(TranslateError::Invalid {
                param: Some(param), ..
            }) => assert_eq!(param, place, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn what_the_api_does_not_have_is_named() {
    let request = ChatRequest {
        messages: vec![Message::text(Role::User, "Hi")],
        params: Params {
            max_tokens: Some(1),
            stop: Some(vec!["x".to_owned()]),
            seed: Some(1),
            presence_penalty: Some(0.0),
            frequency_penalty: Some(0.5),
            n: Some(2),
            top_k: Some(4),
            response_format: Some(ResponseFormat::JsonObject),
            tool_choice: Some(ToolChoice::Auto),
            temperature: Some(0.5),
            reasoning: Some(Reasoning {
                effort: Some(Effort::Max),
                ..Reasoning::default()
            }),
            ..Params::default()
        },
        ..ChatRequest::default()
    };
    let encoded = encode(&request, "gpt-5.1");
    assert_eq!(
        encoded.losses,
        [
            Loss::param("stop"),
            Loss::param("seed"),
            Loss::param("frequency_penalty"),
            Loss::param("n"),
            Loss::hint("top_k"),
            Loss::hint("max_tokens"),
            Loss::param("temperature"),
        ]
    );
    assert_eq!(
        parsed(&encoded.body),
        json!({
            "model": "gpt-5.1",
            "input": [{"type": "message", "role": "user", "content": "Hi"}],
            "include": ["reasoning.encrypted_content"],
            "store": false,
            "max_output_tokens": 16,
            "reasoning": {"effort": "high"},
            "text": {"format": {"type": "json_object"}},
        })
    );
}

#[test]
fn ids_of_calls_are_brought_to_what_openai_takes() {
    let long = "x".repeat(80);
    let signed = format!("call_1__thought__{ANTHROPIC}");
    let request = ChatRequest {
        messages: vec![Message {
            role: Role::Assistant,
            name: None,
            content: vec![call(&long, "f", ""), call(&signed, "f", "{}")],
        }],
        tools: vec![Tool::Function(FunctionTool {
            name: "f".to_owned(),
            ..FunctionTool::default()
        })],
        ..ChatRequest::default()
    };
    let id = |model, at: usize| {
        let body = parsed(&encode(&request, model).body);
        body["input"][at]["call_id"].as_str().unwrap().to_owned()
    };
    assert!(id("gpt-5.1", 0).len() <= 64);
    assert_eq!(id("qwen3", 0), long);
    assert_eq!(id("gpt-5.1", 1), "call_1");
}
