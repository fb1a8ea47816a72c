//! Requests as clients send them.

use super::*;

fn fixture_request(name: &str) -> ChatRequest {
    decode_request(&object(fixture("requests", name))).unwrap()
}

#[test]
fn what_is_read_is_written_the_same() {
    for (name, bytes) in fixtures("requests") {
        let first = decode_request(&object(bytes)).unwrap();
        let model = match &*name {
            "nova" | "web_search" => NOVA_2,
            "adaptive_reasoning" => CLAUDE_4_6,
            _ => CLAUDE_4_5,
        };
        let (_, encoded) = encode(&first, model);
        let mut second = decode_request(&object(encoded.body)).unwrap();
        // Left out, and said so.
        second.unmapped.clone_from(&first.unmapped);
        let mut first = first;
        for request in [&mut first, &mut second] {
            for block in request.messages.iter_mut().flat_map(|m| &mut m.content) {
                tidy(block);
            }
            for tool in &mut request.tools {
                match tool {
                    Tool::Function(function) => {
                        function.strict = None;
                        function.parameters = function.parameters.as_ref().map(compact);
                    }
                    Tool::WebSearch(WebSearch {
                        raw: Some((_, raw)),
                        ..
                    }) => *raw = compact(raw),
                    _ => {}
                }
            }
            if let Some(ResponseFormat::JsonSchema {
                schema: Some(schema),
                ..
            }) = &mut request.params.response_format
            {
                *schema = compact(schema);
            }
        }
        assert_eq!(first, second, "{name}");
    }
}

/// Texts go as bytes, citations without their spaces, names as the API takes them.
fn tidy(block: &mut Block) {
    match &mut block.kind {
        BlockKind::Document(media) => {
            if let MediaSource::Base64(data) = &media.source {
                use base64::Engine as _;
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(data)
                    .unwrap();
                if let Ok(text) = String::from_utf8(bytes)
                    && !text.starts_with("%PDF")
                {
                    media.source = MediaSource::Text(text);
                }
            }
        }
        BlockKind::Text { citations, .. } => {
            *citations = citations.take().map(|citations| compact(&citations));
        }
        _ => {}
    }
}

fn compact(json: &RawJson) -> RawJson {
    raw(&serde_json::from_str::<Value>(json.get()).unwrap())
}

#[test]
fn everything_has_its_place() {
    let full = fixture_request("full");
    assert_eq!(full.model, "group");
    assert_eq!(
        full.params,
        Params {
            max_tokens: Some(300),
            temperature: Some(0.5),
            top_k: Some(40),
            stop: Some(vec!["END".to_owned(), "###".to_owned()]),
            service_tier: Some("priority".to_owned()),
            ..Params::default()
        }
    );
    assert_eq!(
        full.unmapped,
        [
            "additionalModelResponseFieldPaths",
            "requestMetadata",
            "performanceConfig",
            "guardrailConfig"
        ]
    );
    let cache = |ttl: Option<&str>| {
        Some(CacheControl {
            ttl: ttl.map(str::to_owned),
        })
    };
    assert_eq!(full.messages[0].content[0].cache, cache(Some("1h")));
    assert_eq!(full.messages[0].content[1].cache, None);
    assert_eq!(full.messages[1].content[0].cache, cache(None));

    let guarded = fixture_request("guarded");
    // A cache point at the head of a message belongs to the message before it.
    assert_eq!(guarded.messages[2].content[0].cache, cache(None));
    assert_eq!(guarded.messages[2].content.len(), 1);
    assert_eq!(
        guarded.messages[0].content[1],
        Block::text("Never name a price.")
    );
    assert!(
        guarded
            .unmapped
            .contains(&"messages[].guardContent".to_owned())
    );

    let tools = fixture_request("tools");
    let Tool::Function(tide) = &tools.tools[1] else {
        panic!("{tools:?}");
    };
    assert_eq!((tide.strict, &tide.cache), (Some(true), &cache(None)));
    assert_eq!(tools.params.tool_choice, Some(ToolChoice::Auto));
    assert_eq!(
        fixture_request("forced_tool").params.tool_choice,
        Some(ToolChoice::Tool("tide".to_owned()))
    );
    let parallel = fixture_request("parallel_tools");
    assert_eq!(parallel.params.tool_choice, Some(ToolChoice::Required));
    assert_eq!(parallel.params.parallel_tool_calls, Some(false));
    assert!(matches!(
        &parallel.messages[2].content[1].kind,
        BlockKind::ToolResult { is_error: true, .. }
    ));
    assert!(matches!(
        &fixture_request("web_search").tools[..],
        [Tool::WebSearch(WebSearch {
            raw: Some((DialectId::Bedrock, _)),
            ..
        })]
    ));
}

#[test]
fn reasoning_is_read_in_every_vendors_words() {
    let read = |fields: Value, output: Value| {
        decoded(&json!({
            "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
            "additionalModelRequestFields": fields, "outputConfig": output,
        }))
        .params
        .reasoning
    };
    let thinking = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}});
    assert_eq!(
        read(thinking, Value::Null).unwrap().budget_tokens,
        Some(2000)
    );
    let adaptive = json!({"thinking": {"type": "adaptive"}});
    let adaptive = read(adaptive, json!({"effort": "high"})).unwrap();
    assert_eq!(
        (adaptive.enabled, adaptive.effort),
        (Some(true), Some(Effort::High))
    );
    let nova = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}});
    assert_eq!(read(nova, Value::Null).unwrap().effort, Some(Effort::Low));
    let off = json!({"reasoningConfig": {"type": "disabled"}});
    assert_eq!(read(off, Value::Null).unwrap().enabled, Some(false));
    let open = json!({"reasoning_effort": "medium"});
    assert_eq!(read(open, Value::Null), effort(Effort::Medium));
    assert_eq!(read(json!({}), Value::Null), None);
}

#[test]
fn the_path_says_what_the_body_does_not() {
    let body = object(r#"{"messages":[{"role":"user","content":[]}]}"#);
    let head = |model, stream| RequestHead {
        operation: Operation::Chat,
        model,
        stream,
    };
    let request = dialect()
        .decode_request(&head(Some("group"), Some(true)), &body)
        .unwrap();
    assert!(request.stream && request.include_usage);
    assert_eq!(request.model, "group");
    let nameless = dialect().decode_request(&head(None, None), &body);
    assert!(matches!(
        nameless,
        Err(TranslateError::Invalid { param: Some(param), .. }) if param == "modelId"
    ));
}

#[test]
fn a_request_for_a_count_holds_another() {
    let head = RequestHead {
        operation: Operation::CountTokens,
        ..HEAD
    };
    let body = json!({"input": {"converse": {
        "messages": [{"role": "user", "content": [{"text": "How many?"}]}],
        "system": [{"text": "Count."}]
    }}});
    let request = dialect()
        .decode_request(&head, &object(body.to_string()))
        .unwrap();
    assert_eq!(request.messages.len(), 2);
    let target = Target {
        operation: Operation::CountTokens,
        ..target(CLAUDE)
    };
    let encoded = dialect().encode_request(&request, &target).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&encoded.body).unwrap(),
        body
    );
    let invoke = object(r#"{"input":{"invokeModel":{"body":"e30="}}}"#);
    assert!(matches!(
        dialect().decode_request(&head, &invoke),
        Err(TranslateError::Unsupported(_))
    ));
    assert_eq!(
        dialect().encode_token_count(7).unwrap(),
        &br#"{"inputTokens":7}"#[..]
    );
}

#[test]
fn faults_are_named() {
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let hi = json!([{"role": "user", "content": [{"text": "Hi"}]}]);
    for (body, field) in [
        (json!({}), "messages"),
        (json!({"messages": []}), "messages"),
        (json!({"messages": "Hi"}), "messages"),
        (json!({"messages": ["Hi"]}), "messages.0"),
        (json!({"messages": [{"content": []}]}), "messages.0.role"),
        (
            json!({"messages": [{"role": "tool", "content": []}]}),
            "messages.0.role",
        ),
        (
            json!({"messages": [{"role": "user"}]}),
            "messages.0.content",
        ),
        (user(json!("Hi")), "messages.0.content"),
        (user(json!([{"text": 5}])), "messages.0.content.0.text"),
        (
            user(json!([{"image": {"format": "bmp", "source": {"bytes": "AA=="}}}])),
            "messages.0.content.0.image.format",
        ),
        (
            user(json!([{"document": {"name": "a"}}])),
            "messages.0.content.0.document.source",
        ),
        (
            user(json!([{"image": {"format": "png", "source": {"s3Location": {}}}}])),
            "messages.0.content.0.image.source.s3Location.uri",
        ),
        (
            user(json!([{"toolUse": {"name": "f"}}])),
            "messages.0.content.0.toolUse.toolUseId",
        ),
        (
            user(json!([{"toolResult": {"toolUseId": "a", "content": [{"video": {}}]}}])),
            "messages.0.content.0.toolResult.content.0.video.source",
        ),
        (
            json!({"messages": hi, "system": [{"image": {"format": "png", "source": {"bytes": ""}}}]}),
            "system.0",
        ),
        (
            json!({"messages": hi, "inferenceConfig": {"maxTokens": "many"}}),
            "inferenceConfig.maxTokens",
        ),
        (
            json!({"messages": hi, "toolConfig": {"tools": [{"toolSpec": {}}]}}),
            "toolConfig.tools.0.toolSpec.name",
        ),
        (
            json!({"messages": hi, "toolConfig": {"tools": [], "toolChoice": {"none": {}}}}),
            "toolConfig.toolChoice",
        ),
        (
            json!({"messages": hi, "outputConfig": {"textFormat": {"structure": {"jsonSchema": {"schema": "{"}}}}}),
            "outputConfig.textFormat.structure.jsonSchema.schema",
        ),
        (
            json!({"messages": hi, "additionalModelRequestFields": {"thinking": {"budget_tokens": "x"}}}),
            "additionalModelRequestFields.thinking.budget_tokens",
        ),
    ] {
        match decode_request(&object(body.to_string())) {
            Err(TranslateError::Invalid {
                param: Some(param), ..
            }) => assert_eq!(param, field, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}
