//! Chat requests: from clients, for upstreams.

use lockgate_wire::DialectId;
use lockgate_wire::canonical::{
    BlockKind, ChatRequest, Loss, LossKind, MediaSource, Message, Params, RawJson, Reasoning,
    ResponseFormat, Role, Tool, ToolChoice,
};
use lockgate_wire::dialect::TranslateError;
use serde_json::json;

use super::samples::everything;
use super::{decode, decode_value, encode, fixture, parsed, pretty};

/// Requests that come back exactly as they went.
const FAITHFUL: [&str; 14] = [
    "basic",
    "full",
    "tools",
    "parallel_tools",
    "images",
    "documents",
    "audio",
    "reasoning",
    "structured_output",
    "json_object",
    "refusal_history",
    "custom_tool",
    "web_search",
    "open_model",
];

#[test]
fn a_request_comes_back_as_it_went() {
    for name in FAITHFUL {
        let body = fixture("requests", &format!("{name}.json"));
        let request = decode(&body);
        let written = encode(&request, &request.model);
        assert_eq!(parsed(&written.body), parsed(&body), "{name}");
        assert_eq!(written.losses, [], "{name}");
        assert_eq!(decode(&written.body), request, "{name}");
    }
}

#[test]
fn deprecated_functions_become_tools_with_ids_that_match() {
    let request = decode(&fixture("requests", "legacy_functions.json"));
    let written = encode(&request, "gpt-4o");
    assert_eq!(written.losses, []);
    insta::assert_snapshot!(pretty(&written.body));
}

#[test]
fn what_litellm_clients_add_reaches_a_gateway_to_claude() {
    let request = decode(&fixture("requests", "litellm.json"));
    let written = encode(&request, "anthropic/claude-sonnet-4-5");
    assert_eq!(written.losses, [Loss::content("messages[].file")]);
    insta::assert_snapshot!(pretty(&written.body));
}

#[test]
fn what_litellm_clients_add_is_kept_from_openai_and_named() {
    let request = decode(&fixture("requests", "litellm.json"));
    let written = encode(&request, "gpt-4o");
    let losses = [
        Loss::hint("cache_control"),
        Loss::hint("messages[].thinking_blocks"),
        Loss::content("messages[].file"),
        Loss::hint("reasoning_effort"),
        Loss::hint("top_k"),
    ];
    assert_eq!(written.losses, losses);
    let text = String::from_utf8(written.body.to_vec()).unwrap();
    for foreign in ["cache_control", "thinking", "reasoning", "top_k"] {
        assert!(!text.contains(foreign), "{foreign}");
    }
}

#[test]
fn everything_canonical_is_written_or_named() {
    let written = encode(&everything(), "gpt-5.2");
    insta::assert_snapshot!(format!("{}\n{:#?}", pretty(&written.body), written.losses));
}

#[test]
fn other_servers_get_what_openai_would_refuse() {
    let written = encode(&everything(), "llama-3.3-70b");
    insta::assert_snapshot!(format!("{}\n{:#?}", pretty(&written.body), written.losses));
}

#[test]
fn a_reasoning_model_of_openai_gets_only_what_it_takes() {
    let request = ChatRequest {
        messages: vec![Message::text(Role::User, "Hi")],
        params: Params {
            max_tokens: Some(100),
            temperature: Some(0.2),
            top_p: Some(1.0),
            presence_penalty: Some(0.0),
            stop: Some(vec!["x".to_owned()]),
            logprobs: Some(true),
            reasoning: Some(Reasoning {
                enabled: Some(false),
                ..Reasoning::default()
            }),
            ..Params::default()
        },
        ..ChatRequest::default()
    };
    let written = encode(&request, "o3-mini");
    let expected = json!({
        "model": "o3-mini",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_completion_tokens": 100,
        "reasoning_effort": "low",
    });
    assert_eq!(parsed(&written.body), expected);
    let lost: Vec<_> = written.losses.iter().map(|loss| &*loss.what).collect();
    assert_eq!(lost, ["temperature", "logprobs", "stop"]);
    assert!(written.losses.iter().all(|l| l.kind == LossKind::Param));
}

#[test]
fn a_provider_parameter_never_overrides_what_was_written() {
    let mut request = decode(&fixture("requests", "basic.json"));
    let raw = |text: &str| RawJson::parse(text).unwrap();
    request.params.extra = vec![
        ("model".to_owned(), raw("\"evil\"")),
        ("top_n_sigma".to_owned(), raw("1")),
    ];
    let body = parsed(&encode(&request, "gpt-4o").body);
    assert_eq!(body["model"], "gpt-4o");
    assert_eq!(body["top_n_sigma"], 1);
}

#[test]
fn a_stream_is_always_asked_for_its_usage() {
    let request = ChatRequest {
        messages: vec![Message::text(Role::User, "Hi")],
        stream: true,
        ..ChatRequest::default()
    };
    let body = parsed(&encode(&request, "gpt-4o").body);
    assert_eq!(body["stream"], true);
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
}

#[test]
fn a_wrong_field_is_named_as_the_api_names_it() {
    let hi = json!([{"role": "user", "content": "Hi"}]);
    let cases = [
        (json!({"model": "m"}), "messages"),
        (json!({"messages": "Hi"}), "messages"),
        (
            json!({"messages": [{"role": "bot", "content": ""}]}),
            "messages[0].role",
        ),
        (json!({"messages": [{"content": ""}]}), "messages[0].role"),
        (
            json!({"messages": [{"role": "user", "content": 5}]}),
            "messages[0]",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            "messages[0].content[0]",
        ),
        (
            json!({"messages": [{"role": "tool", "content": ""}]}),
            "messages[0].tool_call_id",
        ),
        (
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]}),
            "messages[0].tool_calls[0].function",
        ),
        (json!({"messages": hi, "temperature": "hot"}), "temperature"),
        (json!({"messages": hi, "max_tokens": -1}), "max_tokens"),
        (
            json!({"messages": hi, "tools": [{"type": "function", "function": {}}]}),
            "tools[0]",
        ),
        (json!({"messages": hi, "tools": [{}]}), "tools[0].type"),
        (
            json!({"messages": hi, "response_format": {"type": "xml"}}),
            "response_format.type",
        ),
        (json!({"messages": hi, "stop": 5}), "stop"),
        (json!({"messages": hi, "model": 5}), "model"),
    ];
    for (body, expected) in cases {
        match decode_value(&body) {
            Err(TranslateError::Invalid { param, .. }) => {
                assert_eq!(param.as_deref(), Some(expected), "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn spellings_of_other_apis_are_understood() {
    let body = json!({
        "model": "m",
        "messages": [
            {"role": "user", "content": ["a bare string", {"type": "image_url", "image_url": "https://example.com/a.png"}]},
            {"role": "assistant", "content": null, "reasoning": "Hm.", "tool_calls": [
                {"id": "c", "function": {"name": "f", "arguments": {"a": 1}}},
            ]},
        ],
        "tools": [
            {"type": "function", "name": "flat", "parameters": {"type": "object"}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
            {"type": "computer_20250124", "name": "computer"},
            {"googleSearch": {}},
            {"codeExecution": {}},
        ],
        "tool_choice": {"type": "any"},
        "response_format": {"type": "json_object", "schema": {"type": "array"}},
        "thinking": {"type": "adaptive"},
        "temperature": null,
    });
    let request = decode_value(&body).unwrap();
    let blocks = &request.messages[0].content;
    assert_eq!(blocks[0].as_text(), Some("a bare string"));
    assert!(matches!(&blocks[1].kind, BlockKind::Image(media)
        if media.source == MediaSource::Url("https://example.com/a.png".to_owned())));
    let said = &request.messages[1].content;
    assert!(matches!(&said[0].kind, BlockKind::Thinking { text, .. } if text == "Hm."));
    assert!(matches!(&said[1].kind, BlockKind::ToolUse { arguments, .. }
        if arguments == "{\"a\":1}"));
    let origins: Vec<_> = request
        .tools
        .iter()
        .map(|tool| match tool {
            Tool::Function(function) => (None, function.name.as_str()),
            Tool::WebSearch(search) => (search.raw.as_ref().map(|raw| raw.0), "search"),
            Tool::Hosted(hosted) => (Some(hosted.origin), hosted.what.as_str()),
        })
        .collect();
    assert_eq!(
        origins,
        [
            (None, "flat"),
            (Some(DialectId::Anthropic), "search"),
            (Some(DialectId::Anthropic), "computer_20250124"),
            (Some(DialectId::Gemini), "search"),
            (Some(DialectId::Gemini), "codeExecution"),
        ]
    );
    let params = &request.params;
    assert_eq!(params.tool_choice, Some(ToolChoice::Required));
    assert!(matches!(
        &params.response_format,
        Some(ResponseFormat::JsonSchema {
            schema: Some(_),
            ..
        })
    ));
    assert_eq!(params.reasoning.as_ref().unwrap().enabled, Some(true));
    assert_eq!(params.extra, []);
}

#[test]
fn openais_own_members_are_told_from_a_providers() {
    use lockgate_wire::dialects::openai_chat::own_param_loss;
    assert_eq!(own_param_loss("store"), Some(Loss::hint("store")));
    assert_eq!(own_param_loss("audio"), Some(Loss::param("audio")));
    assert_eq!(own_param_loss("top_n_sigma"), None);
}

#[test]
fn verbosity_goes_to_models_that_know_it() {
    let body = json!({
        "model": "m", "messages": [{ "role": "user", "content": "Hi" }], "verbosity": "low",
    });
    let request = super::decode_value(&body).unwrap();
    for (model, knows) in [
        ("gpt-5-mini", true),
        ("some-model", true),
        ("gpt-4o", false),
        ("o3", false),
    ] {
        let encoded = encode(&request, model);
        assert_eq!(
            parsed(&encoded.body)["verbosity"].is_string(),
            knows,
            "{model}"
        );
        let losses = encoded.losses.iter().map(|loss| loss.what.as_str());
        let lost: Vec<&str> = losses.collect();
        assert_eq!(
            lost,
            if knows { vec![] } else { vec!["verbosity"] },
            "{model}"
        );
    }
}
