//! Canonical values that hold everything there is.

use lockgate_wire::DialectId;
use lockgate_wire::canonical::{
    Block, BlockKind, CacheControl, ChatRequest, ChatResponse, Choice, FinishReason, FunctionTool,
    HostedTool, Logprobs, Media, MediaSource, Message, Params, RawJson, Reasoning, ResponseFormat,
    Role, StreamEvent, TokenLogprob, Tool, ToolChoice, TopLogprob, Usage, WebSearch,
};

pub(super) fn everything() -> ChatRequest {
    let message = |role, content| Message {
        role,
        name: None,
        content,
    };
    let cached = Block {
        cache: Some(CacheControl::default()),
        ..Block::text("Two.")
    };
    ChatRequest {
        model: "group".to_owned(),
        messages: vec![
            message(Role::System, vec![Block::text("One."), cached]),
            message(Role::Developer, vec![Block::text("Three.")]),
            message(Role::User, shown()),
            message(Role::Assistant, called()),
            message(Role::User, answered()),
        ],
        tools: tools(),
        params: params(),
        stream: true,
        include_usage: false,
        unmapped: vec!["container".to_owned()],
    }
}

fn raw(text: &str) -> RawJson {
    RawJson::parse(text).unwrap()
}

fn media(source: MediaSource, mime: &str) -> Media {
    Media {
        source,
        mime: Some(mime.to_owned()),
        title: Some("Title".to_owned()),
        detail: None,
    }
}

fn base64(mime: &str) -> Media {
    media(MediaSource::Base64("QUJD".to_owned()), mime)
}

fn shown() -> Vec<Block> {
    let url = MediaSource::Url("https://example.com/x".to_owned());
    let file = MediaSource::File("file-1".to_owned());
    let text = MediaSource::Text("Plain.".to_owned());
    let kinds = [
        BlockKind::Image(base64("image/webp")),
        BlockKind::Image(media(file, "image/png")),
        BlockKind::Document(base64("application/pdf")),
        BlockKind::Document(media(url, "application/pdf")),
        BlockKind::Document(media(text, "text/plain")),
        BlockKind::Audio(base64("audio/mpeg")),
        BlockKind::Audio(base64("audio/ogg")),
        BlockKind::Video(base64("video/mp4")),
        BlockKind::Opaque {
            origin: DialectId::Anthropic,
            what: "search_result".to_owned(),
            raw: raw("{}"),
        },
    ];
    let look = std::iter::once(Block::text("Look."));
    look.chain(kinds.map(Block::new)).collect()
}

fn called() -> Vec<Block> {
    let call = |id: &str, arguments: &str| {
        Block::new(BlockKind::ToolUse {
            id: id.to_owned(),
            name: "look".to_owned(),
            arguments: arguments.to_owned(),
        })
    };
    vec![
        Block::new(BlockKind::Thinking {
            text: "Hm.".to_owned(),
            signature: Some("c2ln".to_owned()),
        }),
        Block::new(BlockKind::RedactedThinking {
            data: "eA==".to_owned(),
        }),
        Block::text("I call."),
        call("call_1__thought__c2ln", ""),
        call(LONG_ID, "{\"deep\":true}"),
    ]
}

/// Longer than OpenAI lets an id of a call be.
const LONG_ID: &str = "call_0123456789abcdef0123456789abcdef0123456789";

fn answered() -> Vec<Block> {
    let result = |id: &str, content, is_error| {
        Block::new(BlockKind::ToolResult {
            id: id.to_owned(),
            name: Some("look".to_owned()),
            content,
            is_error,
        })
    };
    let picture = Block::new(BlockKind::Image(base64("image/png")));
    vec![
        result(
            "call_1__thought__c2ln",
            vec![Block::text("Seen"), picture],
            false,
        ),
        result(LONG_ID, vec![Block::text("Broken")], true),
        Block::text("So?"),
    ]
}

fn tools() -> Vec<Tool> {
    vec![
        Tool::Function(FunctionTool {
            name: "look".to_owned(),
            description: Some("Looks".to_owned()),
            parameters: Some(raw(r#"{"type":"object"}"#)),
            strict: Some(true),
            cache: Some(CacheControl::default()),
        }),
        Tool::Function(FunctionTool {
            name: "bare".to_owned(),
            ..FunctionTool::default()
        }),
        Tool::WebSearch(WebSearch {
            max_uses: Some(2),
            context_size: Some("low".to_owned()),
            raw: Some((DialectId::Anthropic, raw("{}"))),
            ..WebSearch::default()
        }),
        Tool::Hosted(HostedTool {
            origin: DialectId::Anthropic,
            what: "computer_20250124".to_owned(),
            raw: raw("{}"),
        }),
    ]
}

fn params() -> Params {
    Params {
        max_tokens: Some(100),
        temperature: Some(0.5),
        top_p: Some(0.5),
        top_k: Some(5),
        min_p: Some(0.1),
        stop: Some(["a", "b", "c", "d", "e"].map(str::to_owned).to_vec()),
        seed: Some(1),
        presence_penalty: Some(0.1),
        frequency_penalty: Some(0.2),
        repetition_penalty: Some(1.1),
        n: Some(2),
        logprobs: Some(true),
        top_logprobs: Some(3),
        logit_bias: Some(raw(r#"{"1":2}"#)),
        user: Some("u".repeat(70)),
        parallel_tool_calls: Some(true),
        tool_choice: Some(ToolChoice::Allowed {
            names: vec!["look".to_owned()],
            required: true,
        }),
        response_format: Some(ResponseFormat::JsonSchema {
            name: None,
            description: None,
            schema: Some(raw(r#"{"type":"object"}"#)),
            strict: None,
        }),
        reasoning: Some(Reasoning {
            budget_tokens: Some(2000),
            enabled: Some(true),
            ..Reasoning::default()
        }),
        service_tier: Some("standard_only".to_owned()),
        verbosity: Some("low".to_owned()),
        modalities: Some(vec!["text".to_owned(), "image".to_owned()]),
        keep_alive: Some(raw("\"5m\"")),
        extra: vec![("custom".to_owned(), raw("[1, 2]"))],
    }
}

pub(super) fn logprobs() -> Logprobs {
    let top = |token: &str, logprob, bytes| TopLogprob {
        token: token.to_owned(),
        logprob,
        bytes,
    };
    Logprobs {
        content: vec![TokenLogprob {
            token: top("Hi", -0.5, Some(b"Hi".to_vec())),
            top: vec![
                top("Hi", -0.5, Some(b"Hi".to_vec())),
                top("Yo", f64::NEG_INFINITY, None),
            ],
        }],
    }
}

pub(super) fn whole_answer() -> ChatResponse {
    let block = Block::new;
    let choice = |index, content, finish| Choice {
        index,
        content,
        finish,
        stop_sequence: None,
        logprobs: None,
    };
    let first = vec![
        block(BlockKind::Thinking {
            text: "Hm.".to_owned(),
            signature: Some("c2ln".to_owned()),
        }),
        block(BlockKind::RedactedThinking {
            data: "eA==".to_owned(),
        }),
        block(BlockKind::Text {
            text: "One.".to_owned(),
            // Another API's citations, which no client of this one could read.
            citations: Some(RawJson::parse(r#"[{"type":"char_location"}]"#).unwrap()),
        }),
        Block::text(" Two."),
        block(BlockKind::Image(Media {
            source: MediaSource::Base64("QUJD".to_owned()),
            mime: Some("image/png".to_owned()),
            ..Media::default()
        })),
        block(BlockKind::ToolUse {
            id: "call_1__thought__c2ln".to_owned(),
            name: "look".to_owned(),
            arguments: String::new(),
        }),
        block(BlockKind::Opaque {
            origin: DialectId::Gemini,
            what: "executableCode".to_owned(),
            raw: RawJson::parse("{}").unwrap(),
        }),
    ];
    let mut first = choice(0, first, FinishReason::ToolUse);
    first.logprobs = Some(logprobs());
    ChatResponse {
        id: Some("msg_1".to_owned()),
        model: Some("claude".to_owned()),
        choices: vec![
            first,
            choice(1, vec![Block::text("x")], FinishReason::Refusal),
            choice(2, Vec::new(), FinishReason::Pause),
        ],
        usage: Some(Usage {
            input_tokens: 100,
            output_tokens: 20,
            cache_read: 50,
            cache_write: 30,
            cache_write_1h: 10,
            reasoning: 5,
            audio_input: 1,
            audio_output: 2,
            ..Usage::default()
        }),
        service_tier: Some("standard".to_owned()),
    }
}

pub(super) fn whole_stream() -> Vec<StreamEvent> {
    let choice = 0;
    let finish = |choice, reason| StreamEvent::Finish {
        choice,
        reason,
        stop_sequence: None,
    };
    let usage = |input_tokens, output_tokens| {
        StreamEvent::Usage(Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        })
    };
    let mut all = vec![
        StreamEvent::Start {
            id: Some("msg_1".to_owned()),
            model: None,
        },
        usage(9, 0),
        StreamEvent::Ping,
    ];
    all.extend(thought(choice));
    all.push(StreamEvent::Text {
        choice,
        text: "One \"quoted\" 🌊\n".to_owned(),
    });
    all.push(StreamEvent::Logprobs {
        choice,
        logprobs: logprobs(),
    });
    all.extend(calls(choice));
    all.push(StreamEvent::Refusal {
        choice: 1,
        text: "No.".to_owned(),
    });
    all.push(finish(1, FinishReason::Refusal));
    all.push(finish(choice, FinishReason::ToolUse));
    all.push(usage(9, 5));
    all.push(StreamEvent::End);
    all
}

fn thought(choice: u32) -> [StreamEvent; 5] {
    let thinking = |text: &str| StreamEvent::Thinking {
        choice,
        text: text.to_owned(),
    };
    [
        thinking("Hm, "),
        thinking("yes."),
        StreamEvent::Signature {
            choice,
            signature: "c2ln".to_owned(),
        },
        StreamEvent::BlockStop { choice },
        StreamEvent::RedactedThinking {
            choice,
            data: "eA==".to_owned(),
        },
    ]
}

fn calls(choice: u32) -> [StreamEvent; 4] {
    let start = |index, id: &str| StreamEvent::ToolStart {
        choice,
        index,
        id: id.to_owned(),
        name: "look".to_owned(),
    };
    let arguments = |index, json: &str| StreamEvent::ToolArguments {
        choice,
        index,
        json: json.to_owned(),
    };
    [
        start(0, "call_1"),
        arguments(0, "{\"a\":"),
        arguments(0, "1}"),
        start(1, "call_2"),
    ]
}
