//! Instruction counts of what every request passes: they repeat exactly, unlike times on a shared
//! machine. Run with `make bench-instructions`, which compares with the run before.

#![expect(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "gungraun's macros write the main function; a fixture that fails must not be measured"
)]

use std::hint::black_box;

use bytes::Bytes;
use gungraun::{library_benchmark, library_benchmark_group, main};
use lockgate_wire::dialect::{EncodedRequest, RequestHead, Spliced, Target};
use lockgate_wire::json::JsonObject;
use lockgate_wire::relay::Relay;
use lockgate_wire::{DialectId, Operation};

const MAX_DEPTH: usize = 128;

/// What chats are made of here: a line of prose with the escapes that prose has, as JSON text.
const LINE: &str = r#"The gateway said \"not today\" and went on, since one deployment was cooling down and the next one of its group had answered well so far, in spite of the hour.\n"#;
/// The same in a script that is not ASCII.
const LINE_BEYOND_ASCII: &str =
    r#"网关说“今天不行”，然后继续，因为一个部署正在冷却，而同组的下一个一直表现良好。\n"#;
const TOOL: &str = r#"{"type":"function","function":{"name":"find_train","description":"Finds a train from one town to another","parameters":{"type":"object","properties":{"from":{"type":"string","description":"where it starts"},"changes":{"type":"integer","minimum":0,"maximum":5},"class":{"type":"string","enum":["first","second"]}},"required":["from"],"additionalProperties":false}}}"#;

/// A chat request of `size` bytes of JSON text. It is text from the start: to free a tree of
/// values would leave the allocator work that is not the parser's.
fn request(size: usize, messages: usize, line: &str, tools: &str) -> Bytes {
    let content = line.repeat(size / messages / line.len());
    let messages = vec![format!(r#"{{"role":"user","content":"{content}"}}"#); messages].join(",");
    Bytes::from(format!(
        r#"{{"model":"gpt-4o","messages":[{messages}],"tools":[{tools}],"temperature":0.7,"stream":true}}"#
    ))
}

fn small(size: usize) -> Bytes {
    request(size, 1, LINE, "")
}

fn chat(size: usize) -> Bytes {
    request(size, 4, LINE, "")
}

fn chat_beyond_ascii(size: usize) -> Bytes {
    request(size, 4, LINE_BEYOND_ASCII, "")
}

/// Many short strings, deeply nested.
fn tools(size: usize) -> Bytes {
    request(0, 1, LINE, &vec![TOOL; size / TOOL.len()].join(","))
}

#[library_benchmark]
#[bench::chat_300_b(args = (200), setup = small)]
#[bench::chat_16_kib(args = (16 * 1024), setup = chat)]
#[bench::chat_120_kib(args = (120 * 1024), setup = chat)]
#[bench::beyond_ascii_120_kib(args = (120 * 1024), setup = chat_beyond_ascii)]
#[bench::tools_120_kib(args = (120 * 1024), setup = tools)]
fn index(body: Bytes) -> JsonObject {
    black_box(JsonObject::parse(black_box(body), MAX_DEPTH)).expect("the body is a JSON object")
}

/// A relay in the middle of a stream, and the next chunk of the upstream.
fn stream() -> (Relay, Bytes) {
    let frame = |content: &str| {
        Bytes::from(format!(
            r#"data: {{"id":"chatcmpl-BqW4cKzN7a","object":"chat.completion.chunk","created":1751371234,"model":"gpt-4o-2024-08-06","system_fingerprint":"fp_07871e2ad8","choices":[{{"index":0,"delta":{{"content":"{content}"}},"finish_reason":null}}]}}{}"#,
            "\n\n"
        ))
    };
    let spliced = Spliced {
        usage_injected: true,
    };
    let mut relay = Relay::new(DialectId::OpenAiChat.dialect(), Some("chat"), spliced);
    relay.push(frame("The"));
    (relay, frame(" Douro"))
}

#[library_benchmark]
#[bench::openai_chunk(args = (), setup = stream)]
fn relay((mut relay, chunk): (Relay, Bytes)) -> (Relay, Bytes) {
    let passed = black_box(relay.push(black_box(chunk)));
    (relay, passed)
}

fn parallel_tools() -> JsonObject {
    let body = include_bytes!("../fixtures/openai_chat/requests/parallel_tools.json");
    JsonObject::parse(Bytes::from_static(body), MAX_DEPTH).expect("the fixture is a JSON object")
}

#[library_benchmark]
#[bench::openai_to_anthropic(args = (), setup = parallel_tools)]
fn translate(body: JsonObject) -> EncodedRequest {
    let head = RequestHead {
        operation: Operation::Chat,
        model: None,
        stream: None,
    };
    let target = Target {
        model: "claude-sonnet-4-5",
        operation: Operation::Chat,
        stream: false,
        max_output_tokens: Some(64_000),
    };
    let request = DialectId::OpenAiChat
        .dialect()
        .decode_request(&head, black_box(&body))
        .expect("the fixture is a chat request");
    DialectId::Anthropic
        .dialect()
        .encode_request(black_box(&request), &target)
        .expect("Anthropic's API can express the fixture")
}

library_benchmark_group!(name = requests, benchmarks = [index, relay, translate]);

main!(library_benchmark_groups = requests);
