//! Canonical values with everything that any dialect may put into them.

use lockgate_wire::canonical::*;
use lockgate_wire::dialect::DialectId;

fn raw(text: &str) -> RawJson {
    RawJson::parse(text).unwrap()
}

fn message(role: Role, content: Vec<Block>) -> Message {
    Message {
        role,
        name: None,
        content,
    }
}

fn media(kind: fn(Media) -> BlockKind, source: MediaSource, mime: &str, title: &str) -> Block {
    Block::new(kind(Media {
        source,
        mime: Some(mime.to_owned()),
        title: Some(title.to_owned()),
        detail: None,
    }))
}

fn call(id: &str, arguments: &str) -> Block {
    Block::new(BlockKind::ToolUse {
        id: id.to_owned(),
        name: "lookup".to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn result(id: &str, text: &str, is_error: bool) -> Block {
    Block::new(BlockKind::ToolResult {
        id: id.to_owned(),
        name: None,
        content: vec![Block::text(text), Block::text("(end)")],
        is_error,
    })
}

/// A request with everything.
pub(super) fn everything() -> ChatRequest {
    ChatRequest {
        model: "group".to_owned(),
        messages: conversation(),
        tools: tools(),
        params: Params {
            extra: vec![
                ("num_ctx".to_owned(), raw("8192")),
                ("options".to_owned(), raw(r#"{"num_gpu":1,"seed":9}"#)),
                ("truncate".to_owned(), raw("false")),
                ("model".to_owned(), raw("\"other\"")),
            ],
            ..params()
        },
        stream: true,
        include_usage: true,
        unmapped: vec!["safetySettings".to_owned()],
    }
}

fn conversation() -> Vec<Message> {
    let base64 = |data: &str| MediaSource::Base64(data.to_owned());
    let csv = MediaSource::Text("a,b\n1,2".to_owned());
    let remote = MediaSource::Url("https://example.com/a.png".to_owned());
    let thinking = BlockKind::Thinking {
        text: "Hm.".to_owned(),
        signature: Some("c2ln".to_owned()),
    };
    let refusal = BlockKind::Refusal {
        text: "I would rather not.".to_owned(),
    };
    let mut cached = Block::text("Be brief.");
    cached.cache = Some(CacheControl::default());
    let attachments = vec![
        Block::text("Look at these:"),
        media(BlockKind::Image, base64("aW1hZ2U="), "image/png", "i.png"),
        media(BlockKind::Image, remote, "image/png", "a.png"),
        media(BlockKind::Document, csv, "text/csv", "t.csv"),
        media(
            BlockKind::Document,
            base64("aGVsbG8="),
            "text/plain",
            "h.txt",
        ),
        media(
            BlockKind::Document,
            base64("JVBERg=="),
            "application/pdf",
            "p.pdf",
        ),
        media(BlockKind::Audio, base64("UklGRg=="), "audio/wav", "a.wav"),
        media(BlockKind::Video, base64("AAAA"), "video/mp4", "v.mp4"),
    ];
    let calls = vec![
        Block::new(thinking),
        Block::text("One "),
        Block::text("moment."),
        call("call_1__thought__c2ln", r#"{"q":"a"}"#),
        call("call_2", ""),
        call("call_3", "not json"),
        call("call_4", "[1]"),
    ];
    let results = vec![
        result("call_1__thought__c2ln", "found", false),
        result("call_3", "broken", true),
        Block::text("Go on."),
    ];
    vec![
        message(Role::Developer, vec![cached, Block::text("Be kind.")]),
        Message {
            name: Some("ann".to_owned()),
            ..message(Role::User, attachments)
        },
        message(Role::Assistant, calls),
        message(Role::User, results),
        message(Role::Assistant, vec![Block::new(refusal)]),
        message(Role::User, vec![]),
    ]
}

fn tools() -> Vec<Tool> {
    vec![
        Tool::Function(FunctionTool {
            name: "lookup".to_owned(),
            description: Some("Looks up".to_owned()),
            parameters: Some(raw(r#"{"type":"object"}"#)),
            strict: Some(true),
            cache: None,
        }),
        Tool::Function(FunctionTool {
            name: "other".to_owned(),
            ..FunctionTool::default()
        }),
        Tool::WebSearch(WebSearch::default()),
        Tool::Hosted(HostedTool {
            origin: DialectId::Anthropic,
            what: "computer_20250124".to_owned(),
            raw: raw("{}"),
        }),
    ]
}

fn params() -> Params {
    Params {
        max_tokens: Some(64),
        temperature: Some(0.5),
        top_p: Some(0.9),
        top_k: Some(40),
        min_p: Some(0.1),
        stop: Some(vec!["END".to_owned()]),
        seed: Some(7),
        presence_penalty: Some(0.5),
        frequency_penalty: Some(1.5),
        repetition_penalty: Some(1.1),
        n: Some(2),
        logprobs: Some(true),
        top_logprobs: Some(3),
        logit_bias: Some(raw(r#"{"1":2}"#)),
        user: Some("u".to_owned()),
        parallel_tool_calls: Some(false),
        tool_choice: Some(ToolChoice::Required),
        response_format: Some(ResponseFormat::JsonSchema {
            name: Some("n".to_owned()),
            description: None,
            schema: Some(raw(r#"{"type":"object","properties":{}}"#)),
            strict: Some(true),
        }),
        reasoning: Some(Reasoning {
            effort: Some(Effort::Low),
            ..Reasoning::default()
        }),
        service_tier: Some("auto".to_owned()),
        verbosity: Some("low".to_owned()),
        modalities: Some(vec!["text".to_owned(), "audio".to_owned()]),
        keep_alive: Some(raw("\"5m\"")),
        extra: Vec::new(),
    }
}

/// A stream with everything, interleaved as no single provider does it.
pub(super) fn rich_events() -> Vec<StreamEvent> {
    let choice = 0;
    let mut events = prelude();
    events.extend(interleaved_calls());
    events.extend([
        text("And more."),
        start(2, "call_3"),
        StreamEvent::Refusal {
            choice,
            text: "No.".to_owned(),
        },
        StreamEvent::Usage(Usage {
            input_tokens: 1,
            output_tokens: 1,
            ..Usage::default()
        }),
        StreamEvent::Finish {
            choice,
            reason: FinishReason::ToolUse,
            stop_sequence: None,
        },
        StreamEvent::Usage(Usage {
            input_tokens: 10,
            output_tokens: 5,
            cache_read: 3,
            reasoning: 2,
            ..Usage::default()
        }),
        StreamEvent::End,
        text("after the end"),
    ]);
    events
}

fn text(text: &str) -> StreamEvent {
    StreamEvent::Text {
        choice: 0,
        text: text.to_owned(),
    }
}

fn start(index: u32, id: &str) -> StreamEvent {
    StreamEvent::ToolStart {
        choice: 0,
        index,
        id: id.to_owned(),
        name: "lookup".to_owned(),
    }
}

fn prelude() -> Vec<StreamEvent> {
    let choice = 0;
    let token = |token: &str| TopLogprob {
        token: token.to_owned(),
        logprob: -0.5,
        bytes: None,
    };
    let logprobs = Logprobs {
        content: vec![TokenLogprob {
            token: token("Hello"),
            top: vec![token("Hello"), token("Hi")],
        }],
    };
    vec![
        StreamEvent::Start {
            id: Some("x".to_owned()),
            model: Some("upstream".to_owned()),
        },
        StreamEvent::Ping,
        StreamEvent::Thinking {
            choice,
            text: "Hm".to_owned(),
        },
        StreamEvent::Signature {
            choice,
            signature: "c2ln".to_owned(),
        },
        StreamEvent::RedactedThinking {
            choice,
            data: "eA==".to_owned(),
        },
        text("Hello “you”\n"),
        text(""),
        StreamEvent::Logprobs { choice, logprobs },
        StreamEvent::Text {
            choice: 1,
            text: "another choice".to_owned(),
        },
        StreamEvent::BlockStop { choice },
    ]
}

fn interleaved_calls() -> Vec<StreamEvent> {
    let more = |index, json: &str| StreamEvent::ToolArguments {
        choice: 0,
        index,
        json: json.to_owned(),
    };
    vec![
        start(0, "call_1"),
        start(1, "call_2"),
        more(0, "{\"q\":\n"),
        more(1, "not "),
        more(0, " \"a\"}"),
        more(1, "json"),
        StreamEvent::BlockStop { choice: 0 },
    ]
}
