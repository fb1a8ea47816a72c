//! Requests as upstreams get them.

use super::*;

const HINT: LossKind = LossKind::Hint;
const PARAM: LossKind = LossKind::Param;
const CONTENT: LossKind = LossKind::Content;

fn image(source: MediaSource) -> Block {
    Block::new(BlockKind::Image(Media {
        source,
        ..Media::default()
    }))
}

fn document(mime: Option<&str>, title: Option<&str>, source: MediaSource) -> Block {
    Block::new(BlockKind::Document(Media {
        source,
        mime: mime.map(str::to_owned),
        title: title.map(str::to_owned),
        detail: None,
    }))
}

fn base64(data: &str) -> MediaSource {
    MediaSource::Base64(data.to_owned())
}

#[test]
fn turns_alternate_and_begin_with_the_user() {
    let request = conversation(vec![
        Message::text(Role::Assistant, "Welcome."),
        Message::text(Role::System, "Be brief."),
        user("  "),
        user("Weather?"),
        message(
            Role::Assistant,
            vec![Block::text(""), call("a", "f", ""), call("b:1", "g", "[1]")],
        ),
        message(Role::User, vec![result("b:1", "two")]),
        Message::text(Role::Developer, "In English."),
        message(
            Role::User,
            vec![
                Block::text("Well?"),
                result("a", "one"),
                result("x", "lost"),
            ],
        ),
        Message::text(Role::Assistant, "It is "),
    ]);
    let (body, encoded) = encode(&request, CLAUDE);
    insta::assert_snapshot!(pretty(&body));
    assert_eq!(lost(&encoded), [(HINT, "messages[].tool_call_id")]);
}

#[test]
fn an_empty_conversation_still_asks() {
    let (body, _) = encode(&conversation(vec![]), CLAUDE);
    let asked = json!([{"role": "user", "content": [{"text": "."}]}]);
    assert_eq!(body, json!({"messages": asked}));
    let (body, _) = encode(&conversation(vec![user("")]), CLAUDE);
    assert_eq!(body, json!({"messages": asked}));
}

#[test]
fn media_go_as_the_api_takes_them() {
    let file = |id: &str| MediaSource::File(id.to_owned());
    let url = |url: &str| MediaSource::Url(url.to_owned());
    let request = conversation(vec![message(
        Role::User,
        vec![
            image(base64("R0lGODlhAQABAAAAACw=")),
            image(url("s3://bucket/a.webp")),
            document(Some("application/pdf"), Some("a.PDF"), base64("JVBERi0=")),
            document(Some("application/pdf"), Some("a.pdf"), base64("JVBERi0=")),
            document(None, Some("fares_2026.xlsx"), base64("UEs=")),
            document(
                Some("application/json"),
                None,
                MediaSource::Text("{}".to_owned()),
            ),
            document(Some("image/png"), None, base64("iVBORw0KGgo=")),
            Block::new(BlockKind::Audio(Media {
                mime: Some("audio/mpeg".to_owned()),
                source: base64("SUQz"),
                ..Media::default()
            })),
            Block::new(BlockKind::Video(Media {
                source: file("s3://bucket/film.mov"),
                ..Media::default()
            })),
        ],
    )]);
    let (body, encoded) = encode(&request, NOVA);
    insta::assert_snapshot!(pretty(&body));
    assert_eq!(lost(&encoded), []);

    let unfit = conversation(vec![
        message(
            Role::User,
            vec![
                image(url("https://example.com/a.png")),
                document(Some("application/zip"), None, base64("UEs=")),
                document(None, None, file("file-123")),
                Block::new(BlockKind::Audio(Media {
                    source: base64("AAAA"),
                    ..Media::default()
                })),
                Block::new(BlockKind::Video(Media {
                    source: url("https://example.com/a.mp4"),
                    ..Media::default()
                })),
            ],
        ),
        message(Role::Assistant, vec![image(base64("iVBORw0KGgo="))]),
    ]);
    let (body, encoded) = encode(&unfit, NOVA);
    let asked = json!([{"role": "user", "content": [{"text": "."}]}]);
    assert_eq!(body, json!({"messages": asked}));
    assert_eq!(
        lost(&encoded),
        [
            (CONTENT, "messages[].image_url"),
            (CONTENT, "messages[].file"),
            (CONTENT, "messages[].input_audio"),
            (CONTENT, "messages[].video_url"),
        ]
    );
}

#[test]
fn cache_points_stand_where_the_model_takes_them() {
    let cached = |text: &str, ttl: Option<&str>| Block {
        cache: Some(CacheControl {
            ttl: ttl.map(str::to_owned),
        }),
        ..Block::text(text)
    };
    let request = ChatRequest {
        messages: vec![
            message(Role::System, vec![cached("Long.", Some("1h"))]),
            message(Role::User, vec![cached("Question", None)]),
            message(Role::Assistant, vec![call("a", "f", "{}")]),
            message(
                Role::User,
                vec![
                    Block::new(BlockKind::ToolResult {
                        id: "a".to_owned(),
                        name: None,
                        content: vec![cached("Result", None)],
                        is_error: false,
                    }),
                    Block::text("And?"),
                ],
            ),
        ],
        tools: vec![Tool::Function(FunctionTool {
            name: "f".to_owned(),
            cache: Some(CacheControl::default()),
            ..FunctionTool::default()
        })],
        ..ChatRequest::default()
    };
    let point = json!({"cachePoint": {"type": "default"}});
    let (body, encoded) = encode(&request, CLAUDE_4_5);
    assert_eq!(
        body["system"][1],
        json!({"cachePoint": {"type": "default", "ttl": "1h"}})
    );
    assert_eq!(body["messages"][0]["content"][1], point);
    assert_eq!(body["messages"][2]["content"][1], point);
    assert_eq!(body["messages"][2]["content"][2], json!({"text": "And?"}));
    assert_eq!(body["toolConfig"]["tools"][1], point);
    assert_eq!(lost(&encoded), []);

    let (body, encoded) = encode(&request, CLAUDE);
    assert_eq!(body["system"][1], point);
    assert_eq!(lost(&encoded), [(HINT, "cache_control.ttl")]);

    let (body, encoded) = encode(&request, NOVA);
    assert_eq!(body["system"][1], point);
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 1);
    assert_eq!(
        lost(&encoded),
        [(HINT, "cache_control.ttl"), (HINT, "cache_control")]
    );

    let (body, encoded) = encode(&request, LLAMA);
    assert!(!body.to_string().contains("cachePoint"), "{body}");
    assert_eq!(lost(&encoded), [(HINT, "cache_control")]);
}

#[test]
fn reasoning_goes_back_to_who_can_read_it() {
    let thinking = |signature: Option<&str>| {
        Block::new(BlockKind::Thinking {
            text: "Hm.".to_owned(),
            signature: signature.map(str::to_owned),
        })
    };
    let history = |block: Block| {
        conversation(vec![
            user("Hi"),
            message(Role::Assistant, vec![block, Block::text("Hello")]),
            user("Well?"),
        ])
    };
    let claudes = "EuYBCkQYAiJAgCs1le6/Pol5Z4/JMomVOouG";
    let geminis = "EvwjCvkjAXLI2nyUmA16xmPM/6gOhK7zEIpf";
    for (signature, model, loss) in [
        (Some(claudes), CLAUDE, None),
        (Some("c2ln"), CLAUDE, None),
        (Some(geminis), CLAUDE, Some("messages[].thinking_blocks")),
        (Some(claudes), NOVA_2, Some("messages[].thinking_blocks")),
        (None, CLAUDE, Some("messages[].reasoning_content")),
        (None, GPT_OSS, Some("messages[].reasoning_content")),
    ] {
        let (body, encoded) = encode(&history(thinking(signature)), model);
        let first = &body["messages"][1]["content"][0];
        let sent = first.get("reasoningContent").is_some();
        assert_eq!(sent, loss.is_none(), "{signature:?} {model}");
        let losses: Vec<_> = loss.into_iter().map(|what| (HINT, what)).collect();
        assert_eq!(lost(&encoded), losses, "{signature:?} {model}");
    }
    let redacted = Block::new(BlockKind::RedactedThinking {
        data: "EmsKAhgB".to_owned(),
    });
    let (body, _) = encode(&history(redacted), CLAUDE);
    assert_eq!(
        body["messages"][1]["content"][0],
        json!({"reasoningContent": {"redactedContent": "RW1zS0FoZ0I="}})
    );
}

#[test]
fn thinking_is_asked_for_in_the_vendors_words() {
    let think = |effort_wanted, model, params: Params| {
        let params = Params {
            reasoning: effort(effort_wanted),
            ..params
        };
        let (body, encoded) = encode(&asking(params), model);
        let losses: Vec<String> = encoded.losses.into_iter().map(|l| l.what).collect();
        (
            body["additionalModelRequestFields"].clone(),
            body["outputConfig"]["effort"].clone(),
            losses,
        )
    };
    let none = Value::Null;
    let free = Params::default;
    let limited = || Params {
        max_tokens: Some(3000),
        temperature: Some(0.3),
        ..Params::default()
    };
    let no = Vec::<String>::new;
    let hint = || vec!["reasoning_effort".to_owned()];
    let budget = |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
    assert_eq!(
        think(Effort::Medium, CLAUDE, free()),
        (budget(2048), none.clone(), no())
    );
    assert_eq!(
        think(Effort::High, CLAUDE, limited()),
        (budget(1500), none.clone(), vec!["temperature".to_owned()])
    );
    assert_eq!(
        think(Effort::High, CLAUDE_4_6, free()),
        (
            json!({"thinking": {"type": "adaptive", "display": "summarized"}}),
            json!("high"),
            no()
        )
    );
    assert_eq!(
        think(Effort::None, CLAUDE, free()),
        (none.clone(), none.clone(), no())
    );
    let nova =
        |level: &str| json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}});
    assert_eq!(
        think(Effort::Max, NOVA_2, free()),
        (nova("high"), none.clone(), no())
    );
    assert_eq!(
        think(Effort::High, NOVA_2, limited()),
        (nova("medium"), none.clone(), hint())
    );
    assert_eq!(
        think(Effort::None, NOVA_2, free()),
        (none.clone(), none.clone(), no())
    );
    assert_eq!(
        think(Effort::Minimal, GPT_OSS, free()),
        (json!({"reasoning_effort": "low"}), none.clone(), no())
    );
    assert_eq!(
        think(Effort::Low, LLAMA, free()),
        (none.clone(), none, hint())
    );
}

#[test]
fn clients_of_openai_may_ask_in_claudes_words() {
    let params = Params {
        extra: vec![(
            "thinking".to_owned(),
            raw(&json!({"type": "enabled", "budget_tokens": 5000})),
        )],
        max_tokens: Some(2000),
        ..Params::default()
    };
    let (body, _) = encode(&asking(params), CLAUDE);
    assert_eq!(
        body["additionalModelRequestFields"],
        json!({"thinking": {"type": "enabled", "budget_tokens": 1024}})
    );
}

#[test]
fn sampling_stays_within_what_the_model_takes() {
    let params = || Params {
        temperature: Some(1.7),
        top_p: Some(0.9),
        top_k: Some(20),
        stop: Some(vec!["\n".to_owned(), "END".to_owned()]),
        ..Params::default()
    };
    let (body, encoded) = encode(&asking(params()), CLAUDE);
    assert_eq!(
        body["inferenceConfig"],
        json!({"temperature": 1.0, "topP": 0.9, "stopSequences": ["END"]})
    );
    assert_eq!(body["additionalModelRequestFields"], json!({"top_k": 20}));
    assert_eq!(
        body["additionalModelResponseFieldPaths"],
        json!(["/stop_sequence"])
    );
    assert_eq!(lost(&encoded), [(PARAM, "temperature"), (PARAM, "stop")]);

    let (body, encoded) = encode(&asking(params()), CLAUDE_4_5);
    assert_eq!(body["inferenceConfig"]["topP"], Value::Null);
    assert!(lost(&encoded).contains(&(PARAM, "top_p")));

    let (body, encoded) = encode(&asking(params()), NOVA);
    assert_eq!(
        body["inferenceConfig"],
        json!({"temperature": 1.0, "topP": 0.9, "stopSequences": ["\n", "END"]})
    );
    assert_eq!(
        body["additionalModelRequestFields"],
        json!({"inferenceConfig": {"topK": 20}})
    );
    assert_eq!(lost(&encoded), [(PARAM, "temperature")]);

    let (body, _) = encode(&asking(params()), "cohere.command-r-plus-v1:0");
    assert_eq!(body["additionalModelRequestFields"], json!({"k": 20}));
    let (body, encoded) = encode(&asking(params()), "anthropic.claude-opus-4-7-v1");
    assert_eq!(body["additionalModelRequestFields"], Value::Null);
    assert_eq!(lost(&encoded).len(), 4);
}

#[test]
fn what_the_api_lacks_is_named() {
    let params = Params {
        n: Some(2),
        seed: Some(1),
        logprobs: Some(true),
        top_logprobs: Some(3),
        logit_bias: Some(raw(&json!({"1": 2}))),
        presence_penalty: Some(0.5),
        frequency_penalty: Some(0.5),
        repetition_penalty: Some(1.1),
        min_p: Some(0.1),
        verbosity: Some("low".to_owned()),
        modalities: Some(vec!["text".to_owned(), "audio".to_owned()]),
        user: Some("u-1".to_owned()),
        keep_alive: Some(raw(&json!("5m"))),
        service_tier: Some("scale".to_owned()),
        ..Params::default()
    };
    let request = ChatRequest {
        unmapped: vec!["metadata".to_owned()],
        ..asking(params)
    };
    let (body, encoded) = encode(&request, CLAUDE);
    assert_eq!(
        body,
        json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]})
    );
    let params = [
        "n",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "repetition_penalty",
        "min_p",
        "verbosity",
        "modalities",
    ];
    let hints = ["user", "keep_alive", "service_tier"];
    let mut expected = vec![(HINT, "metadata")];
    expected.extend(params.map(|what| (PARAM, what)));
    expected.extend(hints.map(|what| (HINT, what)));
    assert_eq!(lost(&encoded), expected);
}

#[test]
fn extras_go_to_the_model_unless_they_are_the_apis_own() {
    let params = Params {
        temperature: Some(0.5),
        top_k: Some(5),
        extra: vec![
            (
                "guardrailConfig".to_owned(),
                raw(&json!({"trace": "enabled"})),
            ),
            (
                "performanceConfig".to_owned(),
                raw(&json!({"latency": "optimized"})),
            ),
            ("inferenceConfig".to_owned(), raw(&json!({}))),
            (
                "anthropic_beta".to_owned(),
                raw(&json!(["context-1m-2025-08-07"])),
            ),
            ("top_k".to_owned(), raw(&json!(9))),
            (
                "additionalModelRequestFields".to_owned(),
                raw(&json!({"top_k": 8, "seed": 4})),
            ),
        ],
        ..Params::default()
    };
    let (body, _) = encode(&asking(params), CLAUDE);
    assert_eq!(
        body,
        json!({
            "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
            "inferenceConfig": {"temperature": 0.5},
            "additionalModelRequestFields": {
                "top_k": 5, "anthropic_beta": ["context-1m-2025-08-07"], "seed": 4
            },
            "guardrailConfig": {"trace": "enabled"},
            "performanceConfig": {"latency": "optimized"}
        })
    );
}

fn choosing(choice: ToolChoice, model: &str) -> (Value, Vec<(LossKind, String)>) {
    let request = ChatRequest {
        tools: vec![function("f"), function("g")],
        ..asking(Params {
            tool_choice: Some(choice),
            ..Params::default()
        })
    };
    let (body, encoded) = encode(&request, model);
    let names: Vec<Value> = body["toolConfig"]["tools"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tool| tool["toolSpec"]["name"].clone())
        .collect();
    let choice = body["toolConfig"]["toolChoice"].clone();
    let losses = encoded.losses.into_iter().map(|l| (l.kind, l.what));
    (json!([names, choice]), losses.collect())
}

#[test]
fn the_choice_of_a_tool_is_kept_as_far_as_it_can_be() {
    let one = || ToolChoice::Tool("g".to_owned());
    let refused = || vec![(PARAM, "tool_choice".to_owned())];
    for (choice, model, expected, losses) in [
        (
            ToolChoice::Auto,
            CLAUDE,
            json!([["f", "g"], {"auto": {}}]),
            vec![],
        ),
        (ToolChoice::Auto, LLAMA, json!([["f", "g"], null]), vec![]),
        (
            ToolChoice::Required,
            CLAUDE,
            json!([["f", "g"], {"any": {}}]),
            vec![],
        ),
        (
            one(),
            CLAUDE,
            json!([["f", "g"], {"tool": {"name": "g"}}]),
            vec![],
        ),
        // Where only some tool can be demanded, no other is on offer.
        (one(), MISTRAL, json!([["g"], {"any": {}}]), vec![]),
        (
            ToolChoice::Required,
            LLAMA,
            json!([["f", "g"], null]),
            refused(),
        ),
        (one(), LLAMA, json!([["f", "g"], null]), refused()),
        (ToolChoice::None, CLAUDE, json!([[], null]), vec![]),
        (
            ToolChoice::Allowed {
                names: vec!["f".to_owned()],
                required: true,
            },
            NOVA,
            json!([["f"], {"any": {}}]),
            vec![],
        ),
    ] {
        let what = format!("{choice:?} {model}");
        assert_eq!(choosing(choice, model), (expected, losses), "{what}");
    }
}

#[test]
fn a_history_with_calls_has_tools() {
    let history = || {
        vec![
            user("Hi"),
            message(Role::Assistant, vec![call("a", "f", "{}")]),
            message(Role::User, vec![result("a", "1")]),
        ]
    };
    let told = json!([{"text": "Do not call any tool now; answer in words."}]);
    let (body, encoded) = encode(&conversation(history()), CLAUDE);
    assert_eq!(body["system"], told);
    assert_eq!(
        body["toolConfig"],
        json!({"tools": [{"toolSpec": {
            "name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}
        }}]})
    );
    assert_eq!(lost(&encoded), []);

    let request = ChatRequest {
        tools: vec![function("f"), function("g")],
        params: Params {
            tool_choice: Some(ToolChoice::None),
            ..Params::default()
        },
        ..conversation(history())
    };
    let (body, encoded) = encode(&request, CLAUDE);
    assert_eq!(body["system"], told);
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 2);
    assert_eq!(body["toolConfig"]["toolChoice"], Value::Null);
    assert_eq!(lost(&encoded), [(HINT, "tool_choice")]);
}

#[test]
fn one_call_at_a_time() {
    let one = |choice, model| {
        let request = ChatRequest {
            tools: vec![function("f")],
            ..asking(Params {
                parallel_tool_calls: Some(false),
                tool_choice: choice,
                ..Params::default()
            })
        };
        let (body, encoded) = encode(&request, model);
        (body["additionalModelRequestFields"].clone(), encoded.losses)
    };
    assert_eq!(
        one(None, CLAUDE).0,
        json!({"tool_choice": {"type": "auto", "disable_parallel_tool_use": true}})
    );
    // The service refuses the type twice.
    assert_eq!(
        one(Some(ToolChoice::Required), CLAUDE).0,
        json!({"tool_choice": {"disable_parallel_tool_use": true}})
    );
    assert_eq!(
        one(None, NOVA),
        (Value::Null, vec![Loss::param("parallel_tool_calls")])
    );
}

#[test]
fn tools_are_offered_as_the_model_takes_them() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
        "properties": {"a": {"type": "string"}}, "additionalProperties": false
    });
    let request = ChatRequest {
        tools: vec![
            Tool::Function(FunctionTool {
                name: "f".to_owned(),
                description: Some(String::new()),
                parameters: Some(raw(&schema)),
                strict: Some(true),
                cache: None,
            }),
            Tool::WebSearch(WebSearch::default()),
            Tool::Hosted(HostedTool {
                origin: DialectId::Anthropic,
                what: "computer_20250124".to_owned(),
                raw: raw(&json!({"type": "computer_20250124", "name": "computer"})),
            }),
        ],
        ..asking(Params::default())
    };
    let (body, encoded) = encode(&request, CLAUDE);
    assert_eq!(
        body["toolConfig"]["tools"],
        json!([{"toolSpec": {"name": "f", "inputSchema": {"json": {
            "type": "object", "properties": {"a": {"type": "string"}},
            "additionalProperties": false
        }}}}])
    );
    assert_eq!(
        body["additionalModelRequestFields"],
        json!({
            "tools": [{"type": "computer_20250124", "name": "computer"}],
            "anthropic_beta": ["computer-use-2025-01-24"]
        })
    );
    let strict = (HINT, "tools[].function.strict");
    assert_eq!(lost(&encoded), [strict, (PARAM, "web_search_options")]);

    let (body, encoded) = encode(&request, NOVA_2);
    assert_eq!(
        body["toolConfig"]["tools"],
        json!([
            {"toolSpec": {"name": "f", "inputSchema": {"json": {
                "type": "object", "properties": {"a": {"type": "string"}}
            }}}},
            {"systemTool": {"name": "nova_grounding"}}
        ])
    );
    assert_eq!(
        lost(&encoded),
        [strict, (PARAM, "tools[].computer_20250124")]
    );
}

fn formed(format: ResponseFormat, tools: Vec<Tool>, model: &str) -> (Value, EncodedRequest) {
    let request = ChatRequest {
        tools,
        ..asking(Params {
            response_format: Some(format),
            ..Params::default()
        })
    };
    encode(&request, model)
}

#[test]
fn json_is_had_by_the_strongest_means() {
    let schema = || ResponseFormat::JsonSchema {
        name: Some("ship".to_owned()),
        description: Some("A ship".to_owned()),
        schema: Some(raw(&json!({
            "type": "object", "properties": {"people": {"type": "integer", "minimum": 0}}
        }))),
        strict: Some(true),
    };
    let (body, encoded) = formed(schema(), vec![], CLAUDE_4_5);
    let format = &body["outputConfig"]["textFormat"];
    assert_eq!(format["type"], "json_schema");
    let native = &format["structure"]["jsonSchema"];
    assert_eq!(
        (&native["name"], &native["description"]),
        (&json!("ship"), &json!("A ship"))
    );
    assert_eq!(
        serde_json::from_str::<Value>(native["schema"].as_str().unwrap()).unwrap(),
        json!({
            "type": "object",
            "properties": {
                "people": {"type": "integer", "description": "Constraints: minimum: 0."}
            },
            "additionalProperties": false
        })
    );
    assert_eq!(lost(&encoded), []);

    let (body, encoded) = formed(schema(), vec![], CLAUDE);
    let tools = &body["toolConfig"];
    assert_eq!(tools["tools"][0]["toolSpec"]["name"], "json_tool_call");
    assert_eq!(
        tools["toolChoice"],
        json!({"tool": {"name": "json_tool_call"}})
    );
    let description = (HINT, "response_format.json_schema.description");
    assert_eq!(lost(&encoded), [description]);

    let (body, _) = formed(schema(), vec![function("f")], MISTRAL);
    let tools = &body["toolConfig"];
    assert_eq!(tools["tools"].as_array().unwrap().len(), 2);
    assert_eq!(tools["toolChoice"], json!({"any": {}}));

    let (body, encoded) = formed(ResponseFormat::JsonObject, vec![], LLAMA);
    assert_eq!(body["toolConfig"], Value::Null);
    let told = body["system"][0]["text"].as_str().unwrap();
    assert!(told.contains("one JSON value"), "{told}");
    assert_eq!(lost(&encoded), [(HINT, "response_format")]);

    let (body, _) = formed(ResponseFormat::Text, vec![], CLAUDE);
    assert_eq!(body["toolConfig"], Value::Null);
}

#[test]
fn service_tiers_have_the_apis_names() {
    let tier = |name: &str| {
        let params = Params {
            service_tier: Some(name.to_owned()),
            ..Params::default()
        };
        encode(&asking(params), CLAUDE).0["serviceTier"].clone()
    };
    assert_eq!(tier("auto"), Value::Null);
    assert_eq!(tier("standard"), json!({"type": "default"}));
    assert_eq!(tier("flex"), json!({"type": "flex"}));
}
