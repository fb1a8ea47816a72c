//! Requests: read, and written back as they were.

use super::*;

/// The request as it comes back: strings become lists of blocks, what has no canonical form is
/// gone, instructions stand at the front.
fn expected_back(mut body: Value) -> Value {
    fn blocks(content: &mut Value) {
        if let Value::String(text) = content {
            *content = json!([{"type": "text", "text": text}]);
        }
        let mut out = Vec::new();
        for mut block in std::mem::take(content.as_array_mut().unwrap()) {
            match block["type"].as_str().unwrap() {
                "tool_result" => {
                    if block["is_error"] == json!(false) {
                        block.as_object_mut().unwrap().remove("is_error");
                    }
                    blocks(&mut block["content"]);
                }
                "document" => {
                    let document = block.as_object_mut().unwrap();
                    document.remove("context");
                    document.remove("citations");
                    if document["source"]["type"] == "content" {
                        let parts = document["source"]["content"].as_array().unwrap();
                        let texts: Vec<_> =
                            parts.iter().map(|p| p["text"].as_str().unwrap()).collect();
                        document["source"] = json!({
                            "type": "text",
                            "media_type": "text/plain",
                            "data": texts.join("\n"),
                        });
                    }
                }
                "search_result" => {
                    let text = format!(
                        "{} ({})\n{}",
                        block["title"].as_str().unwrap(),
                        block["source"].as_str().unwrap(),
                        block["content"][0]["text"].as_str().unwrap()
                    );
                    block = json!({"type": "text", "text": text});
                }
                _ => {}
            }
            out.push(block);
        }
        *content = Value::Array(out);
    }
    if body.get("system").is_some() {
        blocks(&mut body["system"]);
    }
    let mut messages = Vec::new();
    for mut message in std::mem::take(body["messages"].as_array_mut().unwrap()) {
        blocks(&mut message["content"]);
        if message["role"] == "system" {
            let more = message["content"].as_array().unwrap().clone();
            body["system"].as_array_mut().unwrap().extend(more);
        } else {
            messages.push(message);
        }
    }
    body["messages"] = Value::Array(messages);
    for tool in body["tools"].as_array_mut().into_iter().flatten() {
        let tool = tool.as_object_mut().unwrap();
        tool.remove("eager_input_streaming");
        if let Some(schema) = tool.get_mut("input_schema") {
            schema.as_object_mut().unwrap().remove("$schema");
        }
    }
    let body_object = body.as_object_mut().unwrap();
    body_object.remove("context_management");
    if let Some(format) = body_object.remove("output_format") {
        body_object.insert("output_config".to_owned(), json!({ "format": format }));
    }
    body_object.retain(|key, value| !value.is_null() && (key != "stream" || *value == true));
    body
}

#[test]
fn requests_come_back_as_they_were() {
    for (name, bytes) in fixtures("requests") {
        let body = object(bytes.clone());
        let request = decode_request(&body).unwrap();
        let encoded = dialect()
            .encode_request(
                &request,
                &Target {
                    stream: request.stream,
                    ..target(&request.model)
                },
            )
            .unwrap();
        let back: Value = serde_json::from_slice(&encoded.body).unwrap();
        let expected = expected_back(serde_json::from_slice(&bytes).unwrap());
        assert_eq!(back, expected, "{name}");
        assert!(
            encoded
                .losses
                .iter()
                .all(|loss| loss.kind == LossKind::Hint),
            "{name}: {:?}",
            encoded.losses
        );
    }
}

#[test]
fn what_has_no_canonical_form_is_named() {
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    for (name, bytes) in fixtures("requests") {
        let request = decode_request(&object(bytes)).unwrap();
        assert!(request.include_usage);
        if !request.unmapped.is_empty() {
            names.push((name, request.unmapped));
        }
    }
    let expected = [
        (
            "claude_code",
            vec!["tools[].eager_input_streaming", "context_management"],
        ),
        (
            "documents",
            vec![
                "messages[].document.context",
                "messages[].document.citations",
                "messages[].search_result.citations",
            ],
        ),
    ];
    let names: Vec<(&str, Vec<&str>)> = names
        .iter()
        .map(|(name, what)| (name.as_str(), what.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(names, expected);
}

#[test]
fn reads_every_parameter() {
    let request = decode_request(&object(fixture("requests", "full"))).unwrap();
    assert!(request.stream);
    assert_eq!(
        request.params,
        Params {
            max_tokens: Some(2048),
            temperature: Some(0.4),
            top_k: Some(40),
            stop: Some(vec!["END".to_owned(), "\n\nHuman:".to_owned()]),
            user: Some("trip-7f3a9c".to_owned()),
            service_tier: Some("default".to_owned()),
            ..Params::default()
        }
    );
    assert_eq!(request.messages[0].role, Role::System);
    assert_eq!(
        request.messages[0].content[1].cache,
        Some(CacheControl {
            ttl: Some("1h".to_owned())
        })
    );
}

#[test]
fn reads_thinking_and_effort() {
    for (said, expected) in [
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 2000}}),
            Reasoning {
                budget_tokens: Some(2000),
                ..Reasoning::default()
            },
        ),
        (
            json!({"thinking": {"type": "disabled"}}),
            Reasoning {
                enabled: Some(false),
                ..Reasoning::default()
            },
        ),
        (
            json!({
                "thinking": {"type": "adaptive", "display": "omitted"},
                "output_config": {"effort": "max"}
            }),
            Reasoning {
                enabled: Some(true),
                effort: Some(Effort::Max),
                include: Some(false),
                ..Reasoning::default()
            },
        ),
        (
            json!({"output_config": {"effort": "low"}}),
            Reasoning {
                effort: Some(Effort::Low),
                ..Reasoning::default()
            },
        ),
    ] {
        let mut body = json!({"model": "m", "max_tokens": 9000, "messages": [{"role": "user", "content": "Hi"}]});
        for (key, value) in said.as_object().unwrap() {
            body[key] = value.clone();
        }
        assert_eq!(decoded(&body).params.reasoning, Some(expected), "{said}");
    }
}

#[test]
fn wrong_requests_name_the_field() {
    let good =
        json!({"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]});
    for (change, param) in [
        (json!({"model": null}), "model"),
        (json!({"messages": null}), "messages"),
        (json!({"messages": "Hi"}), "messages"),
        (json!({"messages": []}), "messages"),
        (
            json!({"messages": [{"role": "robot", "content": "Hi"}]}),
            "messages.0.role",
        ),
        (
            json!({"messages": [{"role": "user"}]}),
            "messages.0.content",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}),
            "messages.0.content.0.type",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}),
            "messages.0.content.0.text",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64"}}]}]}),
            "messages.0.content.0.source.data",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [{"type": "image"}]}]}]}),
            "messages.0.content.0.content.0.source",
        ),
        (json!({"max_tokens": "10"}), "max_tokens"),
        (json!({"temperature": "warm"}), "temperature"),
        (json!({"stop_sequences": "END"}), "stop_sequences"),
        (
            json!({"system": [{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}]}),
            "system.0.type",
        ),
        (json!({"tools": [{"input_schema": {}}]}), "tools.0.name"),
        (
            json!({"tools": [{"name": "a", "description": 1}]}),
            "tools.0.description",
        ),
        (
            json!({"tool_choice": {"type": "sometimes"}}),
            "tool_choice.type",
        ),
        (
            json!({"thinking": {"type": "enabled"}}),
            "thinking.budget_tokens",
        ),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": -1}}),
            "thinking.budget_tokens",
        ),
        (
            json!({"output_config": {"effort": "huge"}}),
            "output_config.effort",
        ),
        (
            json!({"output_format": {"type": "xml"}}),
            "output_format.type",
        ),
        (json!({"metadata": {"user_id": 7}}), "metadata.user_id"),
    ] {
        let mut body = good.clone();
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        match decode_request(&object(body.to_string())) {
            Err(TranslateError::Invalid {
                message,
                param: Some(named),
            }) => {
                assert_eq!(named, param, "{message}");
                assert!(message.starts_with(&format!("{param}: ")), "{message}");
                assert!(!message.contains(" at line "), "{message}");
            }
            other => panic!("{change}: {other:?}"),
        }
    }
}

#[test]
fn the_accounting_line_of_claude_code_stays_here() {
    let line = "x-anthropic-billing-header: cc_version=2.1.0; cc_entrypoint=cli; cch=36ee5;";
    for (system, expected) in [
        (json!(format!("{line}\nYou code.")), vec!["You code."]),
        (
            json!([{"type": "text", "text": line}, {"type": "text", "text": "You code."}]),
            vec!["You code."],
        ),
        (json!(line), vec![]),
    ] {
        let request = decoded(&json!({
            "model": "m", "max_tokens": 1, "system": system,
            "messages": [{"role": "user", "content": "Hi"}]
        }));
        let texts: Vec<&str> = request
            .messages
            .iter()
            .filter(|m| m.role == Role::System)
            .flat_map(|m| m.content.iter().filter_map(Block::as_text))
            .collect();
        assert_eq!(texts, expected);
        assert_eq!(request.unmapped, ["system.x-anthropic-billing-header"]);
    }
}
