//! Reading and writing chat requests.

use super::*;

/// The fixtures that are written the way this dialect writes them, each with the model it is for.
const NORMAL: &[(&str, &str)] = &[
    ("basic", MODEL),
    ("full", MODEL),
    ("tools", MODEL),
    ("parallel_tools", MODEL),
    ("tool_media", MODEL),
    ("images", MODEL),
    ("documents", MODEL),
    ("audio", MODEL),
    ("video", MODEL),
    ("reasoning", "gemini-2.5-flash"),
    ("structured_output", MODEL),
    ("json_object", MODEL),
];

#[test]
fn requests_survive_decoding_and_encoding() {
    for (name, model) in NORMAL {
        let body = fixture(&format!("requests/{name}.json"));
        let mut expected: Value = serde_json::from_slice(&body).unwrap();
        // What has no canonical form, and is reported.
        let members = expected.as_object_mut().unwrap();
        for unmapped in ["safetySettings", "cachedContent", "labels"] {
            members.remove(unmapped);
        }
        if let Some(Value::Object(config)) = members.get_mut("generationConfig") {
            config.remove("speechConfig");
            config.remove("mediaResolution");
        }
        let (actual, _) = encode(&decode(body), model);
        assert_eq!(actual, expected, "{name}");
    }
}

#[test]
fn what_has_no_canonical_form_is_reported() {
    let request = decode(fixture("requests/full.json"));
    assert_eq!(
        request.unmapped,
        [
            "generationConfig.speechConfig",
            "generationConfig.mediaResolution",
            "safetySettings",
            "cachedContent",
            "labels"
        ]
    );
    let (_, losses) = encode(&request, MODEL);
    let hints: Vec<Loss> = request.unmapped.iter().map(Loss::hint).collect();
    assert_eq!(losses, hints);
}

#[test]
fn requests_in_canonical_form() {
    for (name, body) in fixtures("requests") {
        insta::assert_debug_snapshot!(format!("gemini_request_{name}"), decode(body));
    }
}

#[test]
fn both_spellings_and_single_values_are_read() {
    let camel = decode_json(&json!({
        "systemInstruction": "Be terse.",
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {"topP": 0.5, "maxOutputTokens": 7, "stopSequences": ["END"]}
    }));
    let snake = decode_json(&json!({
        "system_instruction": {"parts": ["Be terse."]},
        "contents": {"parts": {"text": "Hi"}},
        "generation_config": {"top_p": "0.5", "max_output_tokens": "7", "stop_sequences": "END",
            "top_k": null}
    }));
    assert_eq!(camel, snake);
}

#[test]
fn media_in_either_alphabet_are_read() {
    let data = |data: &str| {
        let part = json!({"inlineData": {"mimeType": "image/png", "data": data}});
        let request = decode_json(&json!({"contents": {"parts": part}}));
        match &request.messages[0].content[0].kind {
            BlockKind::Image(media) => media.source.clone(),
            other => panic!("{other:?}"),
        }
    };
    let standard = MediaSource::Base64("+/+/AA==".to_owned());
    for spelling in ["+/+/AA==", "-_-_AA==", "-_-_AA", "+/+/AA"] {
        assert_eq!(data(spelling), standard, "{spelling}");
    }
}

#[test]
fn requests_of_the_python_sdk_are_read() {
    let request = decode_json(&json!({
        "contents": [{"parts": [{"text": "hi", "video_metadata": {"fps": 2}}], "role": "user"}],
        "systemInstruction": {"parts": [{"text": "be terse"}], "role": "user"},
        "tools": [{"functionDeclarations": [
            {"name": "a", "parameters_json_schema": {"type": "OBJECT"},
             "response_json_schema": {"type": "string"}},
            {"name": "b", "response_json_schema": {"type": "string"}},
        ]}],
        "generationConfig": {"topK": 40.0,
            "thinkingConfig": {"include_thoughts": true, "thinking_budget": 100}},
    }));
    assert_eq!(
        request.unmapped,
        [
            "tools.functionDeclarations.response",
            "contents.parts.videoMetadata"
        ]
    );
    assert_eq!(request.params.top_k, Some(40));
    let reasoning = request.params.reasoning.unwrap();
    assert_eq!(
        (reasoning.budget_tokens, reasoning.include),
        (Some(100), Some(true))
    );
    let Tool::Function(function) = &request.tools[0] else {
        panic!("no function");
    };
    assert_eq!(function.parameters, Some(raw(&json!({"type": "object"}))));
}

#[test]
fn path_wins_over_body_for_the_model() {
    let request = decode_json(&json!({"model": "models/other", "contents": [{"parts": ["Hi"]}]}));
    assert_eq!(request.model, "chat");
    assert!(request.stream);
}

#[test]
fn wrong_types_name_the_field() {
    for (body, param) in [
        (json!({}), "contents"),
        (json!({"contents": []}), "contents"),
        (json!({"contents": 7}), "contents"),
        (
            json!({"contents": [{"role": "robot", "parts": ["Hi"]}]}),
            "contents.role",
        ),
        (
            json!({"contents": ["Hi"], "generationConfig": {"temperature": "hot"}}),
            "generationConfig.temperature",
        ),
        (
            json!({"contents": ["Hi"], "generationConfig": {"topK": -1}}),
            "generationConfig.topK",
        ),
        (
            json!({"contents": ["Hi"], "tools": [{"functionDeclarations": [{}]}]}),
            "tools.functionDeclarations.name",
        ),
        (
            json!({"contents": ["Hi"], "toolConfig": {"functionCallingConfig": {"mode": "X"}}}),
            "toolConfig.functionCallingConfig.mode",
        ),
    ] {
        let error = Gemini
            .decode_request(&head(Operation::Chat), &object(body.to_string()))
            .unwrap_err();
        let TranslateError::Invalid { param: found, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(found.as_deref(), Some(param), "{body}");
    }
}

fn every_message() -> Vec<Message> {
    let media = |source| Media {
        source,
        title: Some("a.bin".to_owned()),
        detail: Some("low".to_owned()),
        ..Media::default()
    };
    let mut cached = Block::text("Remember this.");
    cached.cache = Some(CacheControl::default());
    let mut first = user(vec![
        BlockKind::Image(media(MediaSource::Url(
            "https://example.com/a.webp?x=1".into(),
        ))),
        BlockKind::Image(media(MediaSource::File("file-openai".into()))),
        BlockKind::Document(media(MediaSource::Text("Plain.".into()))),
        BlockKind::Audio(media(MediaSource::Base64("SUQzBAA=".into()))),
        BlockKind::Opaque {
            origin: DialectId::Anthropic,
            what: "search_result".to_owned(),
            raw: raw(&json!({"type": "search_result"})),
        },
    ]);
    first.name = Some("Ada".to_owned());
    first.content.push(cached);
    vec![
        Message::text(Role::System, "Be terse."),
        first,
        message(
            Role::Assistant,
            vec![
                BlockKind::RedactedThinking { data: "x".into() },
                BlockKind::Refusal {
                    text: "I would rather not.".into(),
                },
                tool_use("toolu_1", "look_up", "{\"q\": \"x\"}"),
            ],
        ),
        user(vec![tool_result("toolu_1", vec![text("found")], false)]),
    ]
}

fn every_tool() -> Vec<Tool> {
    vec![
        Tool::Function(FunctionTool {
            name: "look_up".into(),
            description: Some("Looks things up".into()),
            parameters: Some(raw(&json!({"type": "object", "properties": {"q": {}}}))),
            strict: Some(true),
            cache: Some(CacheControl::default()),
        }),
        Tool::WebSearch(WebSearch {
            max_uses: Some(3),
            context_size: Some("high".into()),
            raw: None,
            ..WebSearch::default()
        }),
        Tool::Hosted(HostedTool {
            origin: DialectId::Anthropic,
            what: "computer_20250124".into(),
            raw: raw(&json!({})),
        }),
    ]
}

fn every_param() -> Params {
    Params {
        max_tokens: Some(100),
        temperature: Some(0.5),
        top_p: Some(0.9),
        top_k: Some(20),
        min_p: Some(0.1),
        stop: Some(vec!["END".into()]),
        seed: Some(8_589_934_593),
        presence_penalty: Some(0.1),
        frequency_penalty: Some(0.2),
        repetition_penalty: Some(1.1),
        n: Some(2),
        logprobs: Some(true),
        top_logprobs: Some(5),
        logit_bias: Some(raw(&json!({"50256": -100}))),
        user: Some("u-1".into()),
        parallel_tool_calls: Some(false),
        tool_choice: Some(ToolChoice::Tool("look_up".into())),
        response_format: Some(ResponseFormat::JsonSchema {
            name: Some("answer".into()),
            description: Some("The answer".into()),
            schema: Some(raw(&json!({"type": "object"}))),
            strict: Some(true),
        }),
        reasoning: Some(Reasoning {
            effort: Some(Effort::High),
            ..Reasoning::default()
        }),
        service_tier: Some("scale".into()),
        verbosity: Some("low".into()),
        modalities: Some(vec!["text".into(), "audio".into()]),
        keep_alive: Some(raw(&json!("5m"))),
        extra: vec![
            ("safety_settings".into(), raw(&json!([]))),
            ("generation_config".into(), raw(&json!({"topK": 1}))),
        ],
    }
}

/// A request with everything that the canonical form can say.
pub(crate) fn everything() -> ChatRequest {
    ChatRequest {
        model: "chat".to_owned(),
        messages: every_message(),
        tools: every_tool(),
        params: every_param(),
        stream: true,
        include_usage: true,
        unmapped: vec!["metadata".into()],
    }
}

#[test]
fn everything_is_written_or_reported() {
    let (body, losses) = encode(&everything(), MODEL);
    snapshot("gemini_everything_request", &body);
    insta::assert_debug_snapshot!("gemini_everything_losses", losses);
}

#[test]
fn counting_sends_and_reads_the_whole_request() {
    let body = fixture("count_tokens/request.json");
    let request = Gemini
        .decode_request(&head(Operation::CountTokens), &object(body.clone()))
        .unwrap();
    assert_eq!(request.messages.len(), 2);
    let encoded = Gemini
        .encode_request(
            &request,
            &Target {
                operation: Operation::CountTokens,
                ..target(MODEL)
            },
        )
        .unwrap();
    let actual: Value = serde_json::from_slice(&encoded.body).unwrap();
    let expected: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(actual, expected);
    // The bare form is read as well.
    let bare = object(fixture("requests/basic.json"));
    let request = Gemini.decode_request(&head(Operation::CountTokens), &bare);
    assert_eq!(request.unwrap().messages.len(), 1);
    let count: Value = serde_json::from_slice(&Gemini.encode_token_count(31).unwrap()).unwrap();
    assert_eq!(
        count,
        json!({"totalTokens": 31, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 31}]})
    );
}
