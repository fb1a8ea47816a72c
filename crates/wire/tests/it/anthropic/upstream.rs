//! Requests from anywhere, written for an Anthropic upstream.

use super::*;

#[test]
fn everything_at_once() {
    let request = everything();
    let target = Target {
        model: "claude-sonnet-4-5",
        operation: Operation::Chat,
        stream: true,
        max_output_tokens: Some(64_000),
    };
    let encoded = dialect().encode_request(&request, &target).unwrap();
    let body: Value = serde_json::from_slice(&encoded.body).unwrap();
    let losses: Vec<String> = encoded
        .losses
        .iter()
        .map(|loss| format!("{:?} {}", loss.kind, loss.what))
        .collect();
    insta::assert_snapshot!(format!(
        "{}\n\nheaders: {:?}\nlosses:\n  {}",
        serde_json::to_string_pretty(&body).unwrap(),
        encoded.headers,
        losses.join("\n  ")
    ));
}

/// A request that uses every canonical feature, as no client would.
fn everything() -> ChatRequest {
    let media = |source, mime: &str| Media {
        source,
        mime: Some(mime.to_owned()),
        ..Media::default()
    };
    let text = "aGVsbG8=".to_owned();
    ChatRequest {
        model: "group".to_owned(),
        messages: vec![
            Message::text(Role::System, "Be kind."),
            message(
                Role::User,
                vec![
                    Block::text("Look:"),
                    Block::text("  "),
                    Block::new(BlockKind::Image(Media {
                        detail: Some("high".to_owned()),
                        ..media(MediaSource::Base64("iVBORw0KGgo=".to_owned()), "image/png")
                    })),
                    Block::new(BlockKind::Image(Media {
                        source: MediaSource::Base64("/9j/4AAQ".to_owned()),
                        ..Media::default()
                    })),
                    Block::new(BlockKind::Image(media(
                        MediaSource::Url("gs://bucket/a.png".to_owned()),
                        "image/png",
                    ))),
                    Block::new(BlockKind::Document(Media {
                        title: Some("notes.md".to_owned()),
                        ..media(MediaSource::Base64(text.clone()), "text/markdown")
                    })),
                    Block::new(BlockKind::Document(media(
                        MediaSource::Base64(text.clone()),
                        "application/msword",
                    ))),
                    Block::new(BlockKind::Document(media(
                        MediaSource::File("file_1".to_owned()),
                        "application/pdf",
                    ))),
                    Block::new(BlockKind::Audio(media(
                        MediaSource::Base64(text.clone()),
                        "audio/wav",
                    ))),
                    Block::new(BlockKind::Video(media(
                        MediaSource::Base64(text),
                        "video/mp4",
                    ))),
                    Block::new(BlockKind::Opaque {
                        origin: DialectId::Gemini,
                        what: "executableCode".to_owned(),
                        raw: raw(&json!({})),
                    }),
                ],
            ),
            message(
                Role::Assistant,
                vec![
                    Block::new(BlockKind::Thinking {
                        text: "Unsigned.".to_owned(),
                        signature: None,
                    }),
                    call("call:1__thought__c2ln", "look", "{\"a\": 1}"),
                    call("call 2", "look", "not json"),
                    call("call_3", "look", ""),
                ],
            ),
            user("While you work: thanks."),
            message(
                Role::User,
                vec![
                    result("call:1__thought__c2ln", "one"),
                    result("call 2", ""),
                    result("nobody", "lost"),
                ],
            ),
            message(Role::User, vec![result("call_3", "three")]),
            Message::text(Role::Developer, "Hurry."),
            message(Role::Assistant, vec![Block::text("So")]),
            message(
                Role::Assistant,
                vec![Block::new(BlockKind::Refusal {
                    text: "I would rather not.  \n".to_owned(),
                })],
            ),
        ],
        tools: vec![
            Tool::Function(FunctionTool {
                name: "look".to_owned(),
                description: Some("Looks.".to_owned()),
                parameters: Some(raw(&json!({"properties": {"a": {"type": "integer"}}}))),
                strict: Some(true),
                cache: Some(CacheControl::default()),
            }),
            Tool::WebSearch(WebSearch {
                context_size: Some("medium".to_owned()),
                ..WebSearch::default()
            }),
            Tool::Hosted(HostedTool {
                origin: DialectId::OpenAiChat,
                what: "computer_20250124".to_owned(),
                raw: raw(&json!({"type": "computer_20250124", "name": "computer"})),
            }),
            Tool::Hosted(HostedTool {
                origin: DialectId::Gemini,
                what: "googleMaps".to_owned(),
                raw: raw(&json!({"googleMaps": {}})),
            }),
        ],
        params: Params {
            temperature: Some(1.7),
            top_p: Some(0.5),
            top_k: Some(20),
            min_p: Some(0.1),
            stop: Some(vec!["END".to_owned(), "\n".to_owned()]),
            seed: Some(7),
            presence_penalty: Some(0.5),
            frequency_penalty: Some(0.0),
            repetition_penalty: Some(1.1),
            n: Some(2),
            logprobs: Some(true),
            top_logprobs: Some(3),
            logit_bias: Some(raw(&json!({"1": 5}))),
            user: Some("jo@example.com".to_owned()),
            parallel_tool_calls: Some(false),
            tool_choice: Some(ToolChoice::Required),
            service_tier: Some("flex".to_owned()),
            verbosity: Some("low".to_owned()),
            modalities: Some(vec!["text".to_owned(), "audio".to_owned()]),
            keep_alive: Some(raw(&json!("5m"))),
            extra: vec![
                ("mcp_servers".to_owned(), raw(&json!([{"type": "url"}]))),
                ("temperature".to_owned(), raw(&json!(9))),
            ],
            ..Params::default()
        },
        stream: true,
        include_usage: true,
        unmapped: vec!["store".to_owned()],
    }
}

fn conversation(messages: Vec<Message>) -> Value {
    let request = ChatRequest {
        messages,
        ..ChatRequest::default()
    };
    let (body, _) = encode(&request, "claude-sonnet-4-5");
    json!({"system": body["system"], "messages": body["messages"]})
}

#[test]
fn no_message_is_ever_empty() {
    let text = |text: &str| json!([{"type": "text", "text": text}]);
    for (messages, expected) in [
        (
            vec![user("")],
            json!([{"role": "user", "content": text(".")}]),
        ),
        (
            vec![user(" \n")],
            json!([{"role": "user", "content": text(".")}]),
        ),
        (
            vec![Message::text(Role::System, "Only this.")],
            json!([{"role": "user", "content": text(".")}]),
        ),
        (
            vec![user("a"), Message::text(Role::Assistant, ""), user("b")],
            json!([{"role": "user", "content": [
                {"type": "text", "text": "a"}, {"type": "text", "text": "b"}
            ]}]),
        ),
        (
            vec![
                user("a"),
                Message::text(Role::Assistant, "b \n"),
                user(""),
                Message::text(Role::Assistant, "c \n"),
            ],
            json!([
                {"role": "user", "content": text("a")},
                {"role": "assistant", "content": text("b \n")},
                {"role": "user", "content": text(".")},
                {"role": "assistant", "content": text("c")},
            ]),
        ),
    ] {
        assert_eq!(conversation(messages)["messages"], expected);
    }
}

#[test]
fn tool_ids_agree_and_fit() {
    let long = "x".repeat(80);
    let longer = format!("{long}y");
    let ids = ["c:1", long.as_str(), longer.as_str(), "", "fine-1_A"];
    let calls = ids.iter().map(|id| call(id, "f", "{}")).collect();
    let results = ids.iter().map(|id| result(id, "ok")).collect();
    let body = conversation(vec![
        user("go"),
        message(Role::Assistant, calls),
        message(Role::User, results),
    ]);
    let (calls, results) = (&body["messages"][1], &body["messages"][2]);
    let mut seen = Vec::new();
    for at in 0..ids.len() {
        let id = calls["content"][at]["id"].as_str().unwrap();
        assert_eq!(results["content"][at]["tool_use_id"], id);
        assert!((1..=64).contains(&id.len()));
        assert!(
            id.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        );
        assert!(!seen.contains(&id));
        seen.push(id);
    }
    assert_eq!((seen[0], seen[4]), ("c_1", "fine-1_A"));
}

#[test]
fn max_tokens_always_stands_and_exceeds_the_budget() {
    let max = |reasoning: Option<Reasoning>, asked, limit| {
        let request = asking(Params {
            max_tokens: asked,
            reasoning,
            ..Params::default()
        });
        let encoded = dialect()
            .encode_request(
                &request,
                &Target {
                    max_output_tokens: limit,
                    ..target("claude-sonnet-4-5")
                },
            )
            .unwrap();
        let body: Value = serde_json::from_slice(&encoded.body).unwrap();
        (
            body["max_tokens"].as_u64().unwrap(),
            body["thinking"]["budget_tokens"].as_u64(),
            !encoded.losses.is_empty(),
        )
    };
    assert_eq!(max(None, None, None), (4096, None, false));
    assert_eq!(max(None, None, Some(64_000)), (64_000, None, false));
    assert_eq!(max(None, Some(7), Some(64_000)), (7, None, false));
    let high = || effort(Effort::High);
    assert_eq!(max(high(), None, None), (8192, Some(4096), false));
    assert_eq!(max(high(), None, Some(64_000)), (64_000, Some(4096), false));
    assert_eq!(max(high(), Some(5000), None), (5000, Some(4096), false));
    assert_eq!(max(high(), Some(3000), None), (3000, Some(1500), false));
    assert_eq!(max(high(), Some(1500), None), (1500, Some(1024), false));
    // No room for the smallest budget: no thinking, and it is said.
    assert_eq!(max(high(), Some(1024), None), (1024, None, true));
    let tiny = Some(Reasoning {
        budget_tokens: Some(10),
        ..Reasoning::default()
    });
    assert_eq!(max(tiny, None, None), (5120, Some(1024), false));
}

#[test]
fn thinking_is_asked_for_as_the_model_wants_it() {
    let ask = |reasoning: Reasoning, model: &str| {
        let request = asking(Params {
            reasoning: Some(reasoning),
            ..Params::default()
        });
        let (body, encoded) = encode(&request, model);
        let losses: Vec<String> = encoded.losses.into_iter().map(|loss| loss.what).collect();
        (
            body["thinking"].clone(),
            body["output_config"].clone(),
            losses,
        )
    };
    let with = |effort| Reasoning {
        effort: Some(effort),
        ..Reasoning::default()
    };
    let budget = Reasoning {
        budget_tokens: Some(3000),
        ..Reasoning::default()
    };
    let adaptive = json!({"type": "adaptive", "display": "summarized"});
    let none: Vec<String> = Vec::new();
    assert_eq!(
        ask(with(Effort::Medium), "claude-sonnet-4-5"),
        (
            json!({"type": "enabled", "budget_tokens": 2048}),
            Value::Null,
            none.clone()
        )
    );
    assert_eq!(
        ask(with(Effort::XHigh), "claude-opus-4-7"),
        (adaptive.clone(), json!({"effort": "xhigh"}), none.clone())
    );
    assert_eq!(
        ask(with(Effort::XHigh), "anthropic.claude-sonnet-4-6-v1:0"),
        (adaptive.clone(), json!({"effort": "max"}), none.clone())
    );
    assert_eq!(
        ask(budget.clone(), "claude-sonnet-4-6"),
        (
            json!({"type": "enabled", "budget_tokens": 3000}),
            Value::Null,
            none.clone()
        )
    );
    assert_eq!(
        ask(budget, "claude-opus-5"),
        (adaptive, json!({"effort": "high"}), none.clone())
    );
    let off = || with(Effort::None);
    assert_eq!(
        ask(off(), "claude-sonnet-4-5"),
        (Value::Null, Value::Null, none.clone())
    );
    assert_eq!(
        ask(off(), "claude-sonnet-5"),
        (json!({"type": "disabled"}), Value::Null, none.clone())
    );
    assert_eq!(
        ask(off(), "claude-sonnet-5-5"),
        (json!({"type": "between_tools"}), Value::Null, none)
    );
    assert_eq!(
        ask(off(), "claude-fable-5"),
        (
            Value::Null,
            json!({"effort": "low"}),
            vec!["reasoning_effort".to_owned()]
        )
    );
}

#[test]
fn an_openai_client_may_send_thinking_itself() {
    let request = asking(Params {
        extra: vec![(
            "thinking".to_owned(),
            raw(&json!({"type": "enabled", "budget_tokens": 6000})),
        )],
        ..Params::default()
    });
    let (body, _) = encode(&request, "claude-sonnet-4-5");
    assert_eq!(
        body["thinking"],
        json!({"type": "enabled", "budget_tokens": 6000})
    );
    assert_eq!(body["max_tokens"], 10096);
}

#[test]
fn a_tool_loop_without_signed_thinking_goes_on_without_it() {
    let with = |thinking: Option<Block>| {
        let mut turn: Vec<Block> = thinking.into_iter().collect();
        turn.push(call("c1", "f", "{}"));
        let request = ChatRequest {
            messages: vec![
                user("go"),
                message(Role::Assistant, turn),
                message(Role::User, vec![result("c1", "ok")]),
            ],
            tools: vec![function("f")],
            params: Params {
                reasoning: effort(Effort::Low),
                ..Params::default()
            },
            ..ChatRequest::default()
        };
        let (body, encoded) = encode(&request, "claude-sonnet-4-5");
        (body["thinking"].clone(), encoded.losses)
    };
    let signed = Block::new(BlockKind::Thinking {
        text: "Hm.".to_owned(),
        signature: Some("c2ln".to_owned()),
    });
    assert_eq!(
        with(Some(signed)),
        (json!({"type": "enabled", "budget_tokens": 1024}), vec![])
    );
    assert_eq!(
        with(None),
        (Value::Null, vec![Loss::hint("reasoning_effort")])
    );
}

#[test]
fn sampling_goes_as_far_as_the_model_allows() {
    let ask = |params: Params, model: &str| {
        let (body, encoded) = encode(&asking(params), model);
        (
            json!([body["temperature"], body["top_p"], body["top_k"]]),
            encoded.losses,
        )
    };
    let warm = || Params {
        temperature: Some(0.3),
        top_p: Some(0.9),
        top_k: Some(5),
        ..Params::default()
    };
    assert_eq!(
        ask(warm(), "claude-3-5-haiku-20241022"),
        (json!([0.3, 0.9, 5]), vec![])
    );
    assert_eq!(
        ask(warm(), "claude-sonnet-4-5"),
        (json!([0.3, null, 5]), vec![Loss::param("top_p")])
    );
    assert_eq!(
        ask(warm(), "claude-opus-4-7"),
        (
            json!([null, null, null]),
            vec![
                Loss::param("temperature"),
                Loss::param("top_p"),
                Loss::param("top_k")
            ]
        )
    );
    let thinking = Params {
        reasoning: effort(Effort::Low),
        ..warm()
    };
    assert_eq!(
        ask(thinking, "claude-sonnet-4-5"),
        (
            json!([null, null, null]),
            vec![
                Loss::hint("temperature"),
                Loss::hint("top_p"),
                Loss::hint("top_k")
            ]
        )
    );
    let neutral = || Params {
        temperature: Some(1.0),
        top_p: Some(1.0),
        ..Params::default()
    };
    assert_eq!(
        ask(neutral(), "claude-opus-5"),
        (json!([null, null, null]), vec![])
    );
    assert_eq!(
        ask(neutral(), "claude-sonnet-4-5"),
        (json!([1.0, null, null]), vec![])
    );
    let hot = Params {
        temperature: Some(1.4),
        ..Params::default()
    };
    assert_eq!(
        ask(hot, "claude-sonnet-4-5"),
        (json!([1.0, null, null]), vec![Loss::param("temperature")])
    );
}

#[test]
fn tool_choice_in_the_terms_of_the_api() {
    let ask = |choice: Option<ToolChoice>, parallel, model: &str, reasoning| {
        let request = ChatRequest {
            tools: vec![function("f"), function("g")],
            ..asking(Params {
                tool_choice: choice,
                parallel_tool_calls: parallel,
                reasoning,
                ..Params::default()
            })
        };
        let (body, encoded) = encode(&request, model);
        let tools = body["tools"].as_array().unwrap().len();
        (body["tool_choice"].clone(), tools, encoded.losses)
    };
    let old = "claude-sonnet-4-5";
    assert_eq!(ask(None, None, old, None), (Value::Null, 2, vec![]));
    assert_eq!(
        ask(None, Some(false), old, None),
        (
            json!({"type": "auto", "disable_parallel_tool_use": true}),
            2,
            vec![]
        )
    );
    assert_eq!(
        ask(Some(ToolChoice::None), Some(false), old, None),
        (json!({"type": "none"}), 2, vec![])
    );
    assert_eq!(
        ask(Some(ToolChoice::Tool("g".to_owned())), None, old, None),
        (json!({"type": "tool", "name": "g"}), 2, vec![])
    );
    let allowed = ToolChoice::Allowed {
        names: vec!["g".to_owned()],
        required: true,
    };
    assert_eq!(
        ask(Some(allowed), None, old, None),
        (json!({"type": "any"}), 1, vec![])
    );
    assert_eq!(
        ask(Some(ToolChoice::Required), None, old, effort(Effort::Low)),
        (json!({"type": "auto"}), 2, vec![Loss::hint("tool_choice")])
    );
    assert_eq!(
        ask(Some(ToolChoice::Required), None, "claude-opus-5-5", None),
        (json!({"type": "auto"}), 2, vec![Loss::param("tool_choice")])
    );
}

#[test]
fn history_brings_its_tools_along() {
    let request = ChatRequest {
        messages: vec![
            user("go"),
            message(Role::Assistant, vec![call("c1", "f", "{}")]),
            message(Role::User, vec![result("c1", "ok")]),
        ],
        ..ChatRequest::default()
    };
    let (body, encoded) = encode(&request, "claude-sonnet-4-5");
    assert_eq!(
        body["tools"],
        json!([{"name": "f", "input_schema": {"type": "object", "properties": {}}}])
    );
    assert_eq!(body["tool_choice"], json!({"type": "none"}));
    assert_eq!(encoded.losses, []);
}

#[test]
fn answers_in_json_by_the_best_means() {
    let closed =
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
    let open = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let by_schema = |schema: &Value| ResponseFormat::JsonSchema {
        name: Some("answer".to_owned()),
        description: None,
        schema: Some(raw(schema)),
        strict: Some(true),
    };
    let ask = |format: ResponseFormat, model: &str, tools: Vec<Tool>, reasoning| {
        let request = ChatRequest {
            tools,
            ..asking(Params {
                response_format: Some(format),
                reasoning,
                ..Params::default()
            })
        };
        let (body, encoded) = encode(&request, model);
        (body, encoded.headers, encoded.losses)
    };
    let native = json!({"format": {"type": "json_schema", "schema": {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": false
    }}});

    let (body, headers, losses) = ask(by_schema(&closed), "claude-sonnet-4-5", vec![], None);
    assert_eq!(body["output_config"], native);
    assert_eq!(
        headers,
        [("anthropic-beta", "structured-outputs-2025-11-13".to_owned())]
    );
    assert!(losses.is_empty() && body.get("tools").is_none());
    let (body, headers, _) = ask(by_schema(&closed), "claude-opus-4-7", vec![], None);
    assert_eq!((&body["output_config"], headers.len()), (&native, 0));

    // A model without structured outputs, or a schema that they cannot say: a forced tool.
    for (schema, model) in [
        (&closed, "claude-3-5-haiku-20241022"),
        (&open, "claude-sonnet-4-6"),
    ] {
        let (body, _, losses) = ask(by_schema(schema), model, vec![], None);
        assert_eq!(body["tools"][0]["name"], "json_tool_call");
        assert_eq!(body["tools"][0]["input_schema"], *schema);
        assert_eq!(
            body["tool_choice"],
            json!({"type": "tool", "name": "json_tool_call"})
        );
        assert!(losses.is_empty());
    }
    let (body, _, _) = ask(
        ResponseFormat::JsonObject,
        "claude-sonnet-4-5",
        vec![],
        None,
    );
    assert_eq!(
        body["tools"][0]["input_schema"],
        json!({"type": "object", "properties": {}})
    );

    // Among other tools, one of them must be called.
    let (body, _, _) = ask(
        ResponseFormat::JsonObject,
        "claude-sonnet-4-5",
        vec![function("f")],
        None,
    );
    assert_eq!(body["tools"][0]["name"], "json_tool_call");
    assert_eq!(body["tools"][1]["name"], "f");
    assert_eq!(body["tool_choice"], json!({"type": "any"}));

    // Where nothing can be forced, words must do.
    for (model, reasoning) in [
        ("claude-sonnet-4-5", effort(Effort::Low)),
        ("claude-opus-5-5", None),
    ] {
        let (body, _, losses) = ask(ResponseFormat::JsonObject, model, vec![], reasoning);
        assert!(body.get("tools").is_none());
        assert!(body["system"][0]["text"].as_str().unwrap().contains("JSON"));
        assert_eq!(losses, [Loss::hint("response_format")]);
    }
}

#[test]
fn an_answer_that_is_no_object_travels_in_one() {
    let list = json!({"type": "array", "items": {"type": "number"}});
    let request = asking(Params {
        response_format: Some(ResponseFormat::JsonSchema {
            name: None,
            description: None,
            schema: Some(raw(&list)),
            strict: None,
        }),
        ..Params::default()
    });
    let (body, _) = encode(&request, "claude-3-5-haiku-20241022");
    assert_eq!(body["tool_choice"]["name"], "json_tool_call_value");
    assert_eq!(
        body["tools"][0]["input_schema"]["properties"]["value"],
        list
    );

    let answer = json!({
        "type": "message", "role": "assistant", "stop_reason": "tool_use",
        "content": [{"type": "tool_use", "id": "t", "name": "json_tool_call_value", "input": {"value": [1, 2]}}],
    });
    let response = dialect()
        .decode_response(answer.to_string().as_bytes())
        .unwrap();
    assert_eq!(response.choices[0].content, [Block::text("[1,2]")]);
    assert_eq!(response.choices[0].finish, FinishReason::Stop);

    let stream = concat!(
        "data: {\"type\":\"message_start\",\"message\":{}}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"json_tool_call_value\",\"input\":{}}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"value\\\": [1,\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"2]}\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    );
    let streamed = whole(&read_stream(&[stream.as_bytes()]).unwrap());
    assert_eq!(streamed.content, [Block::text("[1,2]")]);
    assert_eq!(streamed.finish, Some((FinishReason::Stop, None)));
}

#[test]
fn counting_sends_only_what_counts() {
    let request = ChatRequest {
        tools: vec![function("f")],
        ..asking(Params {
            max_tokens: Some(5000),
            temperature: Some(0.2),
            top_p: Some(0.9),
            top_k: Some(3),
            stop: Some(vec!["x".to_owned()]),
            user: Some("u-1".to_owned()),
            service_tier: Some("auto".to_owned()),
            reasoning: effort(Effort::Low),
            extra: vec![("container".to_owned(), raw(&json!("c")))],
            ..Params::default()
        })
    };
    let encoded = dialect()
        .encode_request(
            &request,
            &Target {
                operation: Operation::CountTokens,
                stream: true,
                ..target("claude-sonnet-4-5")
            },
        )
        .unwrap();
    let body: Value = serde_json::from_slice(&encoded.body).unwrap();
    let keys: Vec<&str> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["model", "messages", "tools", "thinking"]);
    assert_eq!(
        dialect().encode_token_count(2095).unwrap(),
        "{\"input_tokens\":2095}"
    );
}
