//! Chat requests: from clients, for upstreams.

use lockgate_wire::DialectId;
use lockgate_wire::canonical::{
    Block, BlockKind, CacheControl, ChatRequest, Effort, FunctionTool, HostedTool, Loss, Media,
    MediaSource, Message, Params, RawJson, Reasoning, ResponseFormat, Role, Tool, ToolChoice,
    WebSearch,
};
use lockgate_wire::dialect::TranslateError;
use serde_json::{Value, json};

use super::{decode, decode_value, encode, fixture, parsed, pretty};

/// Requests that come back exactly as they went.
const FAITHFUL: [&str; 10] = [
    "basic",
    "full",
    "tools",
    "parallel_tools",
    "images",
    "documents",
    "reasoning",
    "no_reasoning",
    "structured_output",
    "json_object",
];

const REASONING: &str = "command-a-reasoning-08-2025";

fn block(kind: BlockKind) -> Block {
    Block::new(kind)
}

fn message(role: Role, content: Vec<Block>) -> Message {
    Message {
        role,
        name: None,
        content,
    }
}

fn asking(params: Params) -> ChatRequest {
    ChatRequest {
        messages: vec![Message::text(Role::User, "Hi")],
        params,
        ..ChatRequest::default()
    }
}

fn function(name: &str, strict: Option<bool>) -> Tool {
    Tool::Function(FunctionTool {
        name: name.to_owned(),
        strict,
        ..FunctionTool::default()
    })
}

fn call(id: &str, arguments: &str) -> Block {
    block(BlockKind::ToolUse {
        id: id.to_owned(),
        name: "look".to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn media(source: MediaSource, mime: Option<&str>, title: Option<&str>) -> Media {
    Media {
        source,
        mime: mime.map(str::to_owned),
        title: title.map(str::to_owned),
        detail: None,
    }
}

fn text_document(text: &str) -> Block {
    let source = MediaSource::Text(text.to_owned());
    block(BlockKind::Document(media(source, None, Some("Memo"))))
}

fn sent(request: &ChatRequest, model: &str) -> (Value, Vec<Loss>) {
    let written = encode(request, model);
    (parsed(&written.body), written.losses)
}

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
fn what_has_no_canonical_form_is_named() {
    let request = decode(&fixture("requests", "advice.json"));
    let lost = [
        "safety_mode",
        "priority",
        "citation_options",
        "raw_prompting",
        "strict_tools",
    ];
    assert_eq!(request.unmapped, lost);
    assert_eq!(encode(&request, "m").losses, lost.map(Loss::hint));
}

#[test]
fn documents_of_any_form_become_text() {
    let request = decode(&fixture("requests", "document_forms.json"));
    assert_eq!(request.unmapped, ["citation_options", "documents[].id"]);
    let said: Vec<_> = request.messages[0]
        .content
        .iter()
        .map(|block| match &block.kind {
            BlockKind::Document(media) => (media.title.as_deref(), media.source.clone()),
            _ => (None, MediaSource::Text(block.as_text().unwrap().to_owned())),
        })
        .collect();
    let text = |text: &str| MediaSource::Text(text.to_owned());
    let expected = [
        (None, text("A bare string.")),
        (Some("Memo"), text("body: Ship it.\nfrom: Ada\npages: 3")),
        (None, text("Sum up.")),
    ];
    assert_eq!(said, expected);
}

/// As Cohere's guide to tool use writes results, and as its reference does.
#[test]
fn results_in_documents_are_text() {
    let documents = [
        json!({"data": "{\"celsius\": 21}"}),
        json!({"id": "1", "data": {"text": "Ship it."}}),
        json!("17"),
    ];
    let content = documents.map(|document| json!({"type": "document", "document": document}));
    let result = json!({"role": "tool", "tool_call_id": "a", "content": content});
    let request = decode_value(&json!({"model": "m", "messages": [result]})).unwrap();
    let BlockKind::ToolResult { id, content, .. } = &request.messages[0].content[0].kind else {
        panic!("{request:?}");
    };
    let said: Vec<_> = content.iter().filter_map(Block::as_text).collect();
    let members = r#"{"text":"Ship it."}"#;
    assert_eq!(
        (id.as_str(), said),
        ("a", vec![r#"{"celsius": 21}"#, members, "17"])
    );
}

/// The API takes documents beside the conversation, but not together with everything.
#[test]
fn documents_stand_apart_only_where_they_may() {
    let mut request = ChatRequest {
        messages: vec![message(
            Role::User,
            vec![text_document("Ship it."), Block::text("Sum up.")],
        )],
        ..ChatRequest::default()
    };
    let (body, losses) = sent(&request, "m");
    let apart = json!([{"data": {"title": "Memo", "text": "Ship it."}}]);
    assert_eq!(body["documents"], apart);
    assert_eq!(body["messages"][0]["content"], "Sum up.");
    assert_eq!(losses, []);

    let inline = json!([
        {"type": "text", "text": "Memo\n\nShip it."},
        {"type": "text", "text": "Sum up."},
    ]);
    request.params.response_format = Some(ResponseFormat::JsonObject);
    let (body, _) = sent(&request, "m");
    assert_eq!(body["messages"][0]["content"], inline);
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert_eq!(body.get("documents"), None);

    request.params.response_format = None;
    request.tools = vec![function("look", None)];
    let (body, _) = sent(&request, "m");
    assert_eq!(body["messages"][0]["content"], inline);

    request.tools.clear();
    request.messages[0].content.pop();
    let (body, _) = sent(&request, "m");
    assert_eq!(body["messages"][0]["content"], "Memo\n\nShip it.");
}

#[test]
fn a_choice_of_tool_is_kept() {
    let tools = vec![function("look", None), function("ask", None)];
    let offered = |choice: ToolChoice| {
        let mut request = asking(Params {
            tool_choice: Some(choice),
            ..Params::default()
        });
        request.tools.clone_from(&tools);
        let (body, losses) = sent(&request, "m");
        assert_eq!(losses, []);
        let tools = body["tools"].as_array().unwrap().iter();
        let names: Vec<_> = tools.map(|t| t["function"]["name"].clone()).collect();
        (body["tool_choice"].clone(), names)
    };
    let both = vec![json!("look"), json!("ask")];
    let one = vec![json!("ask")];
    let ask = "ask".to_owned();
    assert_eq!(offered(ToolChoice::Auto), (Value::Null, both.clone()));
    assert_eq!(offered(ToolChoice::None), (json!("NONE"), both.clone()));
    assert_eq!(offered(ToolChoice::Required), (json!("REQUIRED"), both));
    let chosen = ToolChoice::Tool(ask.clone());
    assert_eq!(offered(chosen), (json!("REQUIRED"), one.clone()));
    let allowed = |required| ToolChoice::Allowed {
        names: vec![ask.clone()],
        required,
    };
    assert_eq!(offered(allowed(true)), (json!("REQUIRED"), one.clone()));
    assert_eq!(offered(allowed(false)), (Value::Null, one));

    // Without tools there is nothing to choose.
    let (body, _) = sent(
        &asking(Params {
            tool_choice: Some(ToolChoice::Required),
            ..Params::default()
        }),
        "m",
    );
    assert_eq!(body.get("tool_choice"), None);
}

#[test]
fn tools_are_strict_together_or_not_at_all() {
    let strict = |tools: Vec<Tool>| {
        let request = ChatRequest {
            tools,
            ..asking(Params::default())
        };
        let (body, losses) = sent(&request, "m");
        (body["strict_tools"].clone(), losses)
    };
    let both = vec![function("a", Some(true)), function("b", Some(true))];
    assert_eq!(strict(both), (json!(true), vec![]));
    let one = vec![function("a", Some(true)), function("b", None)];
    let lost = vec![Loss::hint("tools[].function.strict")];
    assert_eq!(strict(one), (Value::Null, lost));
    assert_eq!(
        strict(vec![function("a", Some(false))]),
        (Value::Null, vec![])
    );
}

#[test]
fn json_among_tools_is_asked_for_in_words() {
    let mut request = asking(Params {
        response_format: Some(ResponseFormat::JsonSchema {
            name: Some("recipe".to_owned()),
            description: None,
            schema: Some(RawJson::parse(r#"{"type":"object"}"#).unwrap()),
            strict: Some(true),
        }),
        ..Params::default()
    });
    request.tools = vec![function("look", None)];
    let (body, losses) = sent(&request, "m");
    assert_eq!(losses, [Loss::hint("response_format")]);
    assert_eq!(body.get("response_format"), None);
    assert_eq!(body["messages"][0]["role"], "system");
    let told = body["messages"][0]["content"].as_str().unwrap();
    assert!(told.ends_with(r#"{"type":"object"}"#), "{told}");

    request
        .messages
        .insert(0, Message::text(Role::Developer, "Be brief."));
    let (body, _) = sent(&request, "m");
    let parts = body["messages"][0]["content"].as_array().unwrap();
    assert_eq!((parts.len(), &parts[0]["text"]), (2, &json!("Be brief.")));
}

#[test]
fn reasoning_is_asked_for_where_there_is_any() {
    let thinking = |reasoning: Reasoning, model: &str| {
        let (body, losses) = sent(
            &asking(Params {
                reasoning: Some(reasoning),
                ..Params::default()
            }),
            model,
        );
        (body["thinking"].clone(), losses.len())
    };
    let effort = |effort| Reasoning {
        effort: Some(effort),
        ..Reasoning::default()
    };
    let on = |budget: u64| json!({"type": "enabled", "token_budget": budget});
    let off = json!({"type": "disabled"});
    assert_eq!(thinking(effort(Effort::High), REASONING), (on(4096), 0));
    let most = json!({"type": "enabled"});
    assert_eq!(thinking(effort(Effort::Max), REASONING), (most, 0));
    assert_eq!(thinking(effort(Effort::None), REASONING), (off, 0));
    let tight = asking(Params {
        reasoning: Some(effort(Effort::High)),
        max_tokens: Some(4096),
        ..Params::default()
    });
    assert_eq!(sent(&tight, REASONING).0["thinking"], on(2048));
    let plain = "command-a-03-2025";
    assert_eq!(thinking(effort(Effort::High), plain), (Value::Null, 1));
    assert_eq!(thinking(effort(Effort::None), plain), (Value::Null, 0));
}

#[test]
fn values_are_brought_to_what_the_api_takes() {
    let request = asking(Params {
        top_p: Some(1.0),
        top_k: Some(1000),
        frequency_penalty: Some(-0.5),
        presence_penalty: Some(1.5),
        seed: Some(-7),
        stop: Some(["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec()),
        ..Params::default()
    });
    let (body, losses) = sent(&request, "m");
    assert_eq!(body["p"], 0.99);
    assert_eq!(body["k"], 500);
    assert_eq!(body["frequency_penalty"], 0.0);
    assert_eq!(body["presence_penalty"], 1.0);
    assert_eq!(body["seed"], 7);
    assert_eq!(body["stop_sequences"], json!(["a", "b", "c", "d", "e"]));
    let expected = [
        Loss::param("stop"),
        Loss::hint("top_p"),
        Loss::param("top_k"),
        Loss::hint("seed"),
        Loss::param("frequency_penalty"),
        Loss::param("presence_penalty"),
    ];
    assert_eq!(losses, expected);
}

#[test]
fn a_seed_of_any_size_is_understood() {
    let body = json!({"model": "m", "messages": [], "seed": u64::MAX});
    assert_eq!(decode_value(&body).unwrap().params.seed, Some(i64::MAX));
}

#[test]
fn what_is_said_before_a_call_is_its_plan() {
    let request = ChatRequest {
        messages: vec![
            message(
                Role::Assistant,
                vec![
                    Block::text("I will look."),
                    call("a__thought__c2ln", ""),
                    call("b", "not json"),
                ],
            ),
            message(Role::Assistant, vec![Block::text("Done.")]),
        ],
        ..ChatRequest::default()
    };
    let (body, losses) = sent(&request, "m");
    let calls = json!([
        {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}},
        {"id": "b", "type": "function", "function": {"name": "look", "arguments": "not json"}},
    ]);
    let expected = json!([
        {"role": "assistant", "tool_plan": "I will look.", "tool_calls": calls},
        {"role": "assistant", "content": "Done."},
    ]);
    assert_eq!((&body["messages"], losses), (&expected, vec![]));
}

#[test]
fn pictures_in_a_result_follow_it() {
    let picture = block(BlockKind::Image(media(
        MediaSource::Base64("/9j/4AAQ".to_owned()),
        None,
        None,
    )));
    let result = block(BlockKind::ToolResult {
        id: "a".to_owned(),
        name: Some("look".to_owned()),
        content: vec![Block::text("Seen."), picture, text_document("Text.")],
        is_error: true,
    });
    let request = ChatRequest {
        messages: vec![message(Role::User, vec![result, Block::text("Well?")])],
        ..ChatRequest::default()
    };
    let (body, losses) = sent(&request, "m");
    let expected = json!([
        {"role": "tool", "tool_call_id": "a", "content": [
            {"type": "text", "text": "Seen."},
            {"type": "document", "document": {"data": {"title": "Memo", "text": "Text."}}},
        ]},
        {"role": "user", "content": [
            {"type": "text", "text": "Attached to the result of the tool call a:"},
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/4AAQ"}},
            {"type": "text", "text": "Well?"},
        ]},
    ]);
    assert_eq!(body["messages"], expected);
    assert_eq!(losses, [Loss::hint("messages[].is_error")]);
}

/// Messages with all that this API cannot say.
fn foreign_messages() -> Vec<Message> {
    let file = media(MediaSource::File("file-1".to_owned()), None, None);
    let opaque = |origin| {
        block(BlockKind::Opaque {
            origin,
            what: "server_tool_use".to_owned(),
            raw: RawJson::parse(r#"{"type":"server_tool_use"}"#).unwrap(),
        })
    };
    let thinking = |text: &str| {
        block(BlockKind::Thinking {
            text: text.to_owned(),
            signature: Some("sig".to_owned()),
        })
    };
    let picture = block(BlockKind::Image(Media::default()));
    let asked = vec![
        Block {
            cache: Some(CacheControl::default()),
            ..Block::text("U")
        },
        block(BlockKind::Image(file.clone())),
        block(BlockKind::Document(file.clone())),
        block(BlockKind::Audio(file.clone())),
        block(BlockKind::Video(file)),
        opaque(DialectId::Anthropic),
        opaque(DialectId::Cohere),
    ];
    let answered = vec![
        thinking("T"),
        thinking(""),
        block(BlockKind::RedactedThinking {
            data: "R".to_owned(),
        }),
        block(BlockKind::Refusal {
            text: "No.".to_owned(),
        }),
    ];
    vec![
        message(Role::System, vec![picture.clone(), Block::text("S")]),
        Message {
            name: Some("ada".to_owned()),
            ..message(Role::User, asked)
        },
        message(Role::Assistant, answered),
        message(Role::Assistant, vec![picture]),
    ]
}

/// A request with all that this API cannot say.
fn foreign() -> ChatRequest {
    let raw = |text: &str| RawJson::parse(text).unwrap();
    ChatRequest {
        messages: foreign_messages(),
        tools: vec![
            Tool::WebSearch(WebSearch::default()),
            Tool::Hosted(HostedTool {
                origin: DialectId::Anthropic,
                what: "computer".to_owned(),
                raw: raw("{}"),
            }),
            function("f", None),
        ],
        params: Params {
            n: Some(2),
            top_logprobs: Some(3),
            logit_bias: Some(raw("{}")),
            repetition_penalty: Some(1.5),
            min_p: Some(0.5),
            verbosity: Some("low".to_owned()),
            modalities: Some(vec!["text".to_owned(), "audio".to_owned()]),
            parallel_tool_calls: Some(false),
            user: Some("u".to_owned()),
            service_tier: Some("flex".to_owned()),
            keep_alive: Some(raw("1")),
            extra: vec![
                ("safety_mode".to_owned(), raw("\"OFF\"")),
                ("model".to_owned(), raw("\"evil\"")),
            ],
            ..Params::default()
        },
        unmapped: vec!["container".to_owned()],
        ..ChatRequest::default()
    }
}

#[test]
fn everything_canonical_is_written_or_named() {
    let written = encode(&foreign(), REASONING);
    insta::assert_snapshot!(format!("{}\n{:#?}", pretty(&written.body), written.losses));
}

#[test]
fn a_wrong_field_is_named_as_the_api_names_it() {
    let hi = json!([{"role": "user", "content": "Hi"}]);
    let with = |name: &str, value: Value| {
        let mut body = json!({"model": "m", "messages": hi});
        body[name] = value;
        body
    };
    let saying = |message: Value| json!({"model": "m", "messages": [message]});
    let cases = [
        (json!({"messages": hi}), "model"),
        (json!({"model": "m"}), "messages"),
        (with("messages", json!("Hi")), "messages"),
        (
            saying(json!({"role": "bot", "content": ""})),
            "messages[0].role",
        ),
        (saying(json!({"content": ""})), "messages[0].role"),
        (saying(json!({"role": "user"})), "messages[0].content"),
        (
            saying(json!({"role": "user", "content": 5})),
            "messages[0].content",
        ),
        (
            saying(json!({"role": "user", "content": [{"type": "image_url"}]})),
            "messages[0].content[0].image_url",
        ),
        (
            saying(json!({"role": "tool", "content": ""})),
            "messages[0].tool_call_id",
        ),
        (
            saying(json!({"role": "assistant", "tool_calls": [{"id": "a"}]})),
            "messages[0].tool_calls[0].function",
        ),
        (with("temperature", json!("hot")), "temperature"),
        (with("max_tokens", json!(-1)), "max_tokens"),
        (
            with("tools", json!([{"type": "function", "function": {}}])),
            "tools[0]",
        ),
        (with("tools", json!([{}])), "tools[0].function"),
        (with("tool_choice", json!("AUTO")), "tool_choice"),
        (
            with("response_format", json!({"type": "xml"})),
            "response_format.type",
        ),
        (with("response_format", json!({})), "response_format.type"),
        (with("thinking", json!({"type": "maybe"})), "thinking.type"),
        (with("stop_sequences", json!("x")), "stop_sequences"),
        (with("documents", json!([5])), "documents[0]"),
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
