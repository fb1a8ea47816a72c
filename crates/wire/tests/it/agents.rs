//! Transcripts as coding agents send them, through every upstream dialect.

use std::fs;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::{
    Block, BlockKind, ChatRequest, ChatResponse, Choice, FinishReason, LossKind, StreamEvent,
    signature_origin, split_thought_id,
};
use lockgate_wire::dialect::ReplyContext;
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::matrix::exact::silent;
use crate::matrix::{decode_request, encode_request};

/// The agents whose requests are kept.
const AGENTS: [&str; 6] = [
    "ai_sdk",
    "claude_code",
    "codex_cli",
    "cursor",
    "gemini_cli",
    "roo",
];

/// A request of an agent.
#[derive(Debug, Deserialize)]
struct Transcript {
    dialect: String,
    request: Box<RawValue>,
}

/// What a conversation says of tools, in order.
#[derive(Debug, Default, PartialEq)]
struct Calls {
    /// Id, name and arguments.
    made: Vec<(String, String, Value)>,
    /// Id and text.
    answered: Vec<(String, String)>,
    signatures: Vec<String>,
}

// === impl Transcript ===

impl Transcript {
    fn read(agent: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/agents")
            .join(format!("{agent}.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    fn client(&self) -> DialectId {
        DialectId::parse(&self.dialect).unwrap()
    }

    fn decode(&self) -> ChatRequest {
        decode_request(self.client(), self.request.get().as_bytes())
    }
}

// === impl Calls ===

impl Calls {
    fn of(request: &ChatRequest) -> Self {
        let mut calls = Self::default();
        let blocks = request.messages.iter().flat_map(|m| &m.content);
        blocks.for_each(|block| calls.add(block));
        calls
    }

    fn add(&mut self, block: &Block) {
        match &block.kind {
            BlockKind::ToolUse {
                id,
                name,
                arguments,
            } => {
                let (id, thought) = split_thought_id(id);
                self.signatures.extend(thought.map(str::to_owned));
                self.made
                    .push((id.to_owned(), name.clone(), object(arguments)));
            }
            BlockKind::ToolResult { id, content, .. } => {
                let (id, _) = split_thought_id(id);
                let made = self.made.iter().any(|(call, _, _)| call == id);
                assert!(made, "{id} is answered before it is called");
                let texts: String = content.iter().filter_map(Block::as_text).collect();
                self.answered.push((id.to_owned(), texts));
            }
            BlockKind::Thinking { signature, .. } => self.signatures.extend(signature.clone()),
            BlockKind::RedactedThinking { data } => self.signatures.push(data.clone()),
            _ => {}
        }
    }
}

/// Arguments as JSON; what a custom tool is given is the text of the only member.
fn object(arguments: &str) -> Value {
    serde_json::from_str(arguments).unwrap_or_else(|_| serde_json::json!({ "input": arguments }))
}

/// Whether the proofs of `origin` mean something to an upstream of the dialect.
fn takes_proofs(upstream: DialectId, origin: DialectId) -> bool {
    let family = match upstream {
        // The model in these tests is Claude.
        DialectId::Bedrock => DialectId::Anthropic,
        other => other,
    };
    family == origin
}

#[test]
fn nothing_vanishes_unnamed() {
    for agent in AGENTS {
        let transcript = Transcript::read(agent);
        for upstream in DialectId::ALL {
            let request = transcript.decode();
            let silent = silent((transcript.client(), upstream), &request);
            assert!(silent.is_empty(), "{agent}: {silent:#?}");
        }
    }
}

#[test]
fn calls_and_results_arrive_whole_and_paired() {
    for agent in AGENTS {
        let transcript = Transcript::read(agent);
        let request = transcript.decode();
        let sent = Calls::of(&request);
        assert_eq!(sent.made.is_empty(), agent == "roo", "{agent}");
        for upstream in DialectId::ALL {
            let what = format!("{agent} to {upstream:?}");
            let encoded = encode_request((transcript.client(), upstream), &request).unwrap();
            let got = Calls::of(&decode_request(upstream, &encoded.body));
            assert_eq!(got.made, sent.made, "{what}");
            let results = |calls: &Calls| {
                let results = calls.answered.iter();
                let bare = |text: &String| text.split_whitespace().collect::<String>();
                let mut results: Vec<_> = results.map(|(id, t)| (id.clone(), bare(t))).collect();
                results.sort();
                results
            };
            assert_eq!(results(&got), results(&sent), "{what}");
            let first = |calls: &Calls| calls.answered.first().map(|(id, _)| id.clone());
            assert_eq!(first(&got), first(&sent), "{what}");
        }
    }
}

#[test]
fn proofs_of_reasoning_reach_those_who_wrote_them() {
    for agent in AGENTS {
        let transcript = Transcript::read(agent);
        let request = transcript.decode();
        let sent = Calls::of(&request).signatures;
        for upstream in DialectId::ALL {
            let what = format!("{agent} to {upstream:?}");
            let encoded = encode_request((transcript.client(), upstream), &request).unwrap();
            let got = Calls::of(&decode_request(upstream, &encoded.body)).signatures;
            let Some(origin) = sent.first().and_then(|proof| signature_origin(proof)) else {
                assert_eq!(sent, got, "{what}");
                continue;
            };
            if takes_proofs(upstream, origin) {
                assert_eq!(got, sent, "{what}");
            } else {
                assert!(got.is_empty(), "{what}: {got:?}");
                let mut losses = encoded.losses.iter();
                assert!(
                    losses.any(|l| l.what.ends_with("thinking_blocks")),
                    "{what}"
                );
            }
        }
    }
}

/// What every agent can live with; a golden file tells what each loses where.
#[test]
fn losses() {
    let mut table = String::new();
    for agent in AGENTS {
        let transcript = Transcript::read(agent);
        for upstream in DialectId::ALL {
            let pair = (transcript.client(), upstream);
            let encoded = encode_request(pair, &transcript.decode()).unwrap();
            table.push_str(&format!("{agent} to {}:\n", upstream.as_str()));
            for loss in encoded.losses {
                // A history that was served once must be served again.
                let hint = loss.kind == LossKind::Hint;
                let mark = if hint { "" } else { " (refused or left out)" };
                table.push_str(&format!("  {}{mark}\n", loss.what));
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn cache_markers_reach_upstreams_that_have_them() {
    for agent in ["claude_code", "roo"] {
        let transcript = Transcript::read(agent);
        for upstream in [DialectId::Anthropic, DialectId::Bedrock] {
            let pair = (transcript.client(), upstream);
            let encoded = encode_request(pair, &transcript.decode()).unwrap();
            let mut losses = encoded.losses.iter();
            assert!(!losses.any(|loss| loss.what.starts_with("cache_control")));
            let body = std::str::from_utf8(&encoded.body).unwrap();
            let marker = match upstream {
                DialectId::Anthropic => "cache_control",
                _ => "cachePoint",
            };
            let sent = transcript
                .request
                .get()
                .matches("\"cache_control\"")
                .count();
            assert_eq!(
                body.matches(marker).count(),
                sent,
                "{agent} to {upstream:?}"
            );
        }
    }
}

/// Codex' free-text tool is a function where there are functions only, and the client is told of
/// its calls as of those of its own tool, however the arguments are cut.
#[test]
fn a_free_text_tool_stays_one_for_its_client() {
    let text = "*** Begin Patch\n-\"a\"\\\n+\u{1f30a}\u{e9}\n*** End Patch\n";
    let wrapped = serde_json::json!({ "input": text }).to_string();
    let escaped = wrapped
        .replace('\u{1f30a}', "\\ud83c\\udf0a")
        .replace('\u{e9}', "\\u00e9");
    for arguments in [text, &wrapped, &escaped, &format!(" {escaped} ")] {
        for size in [1, 2, 3, 7, 1000] {
            let streamed = codex_reads(&stream(arguments, size));
            assert_eq!(streamed, text, "{arguments} by {size}");
        }
        assert_eq!(codex_reads_whole(arguments), text, "{arguments}");
    }
    // What only looks like it is the text itself.
    for odd in ["{\"input\"", "{\"inputs\":\"a\"}", "{", ""] {
        assert_eq!(codex_reads(&stream(odd, 1)), odd);
    }
}

fn reply() -> ReplyContext {
    let transcript = Transcript::read("codex_cli");
    let body = Bytes::from(transcript.request.get().to_owned());
    let body = JsonObject::parse(body, 64).unwrap();
    ReplyContext {
        operation: Operation::Responses,
        model: "group".to_owned(),
        id: "0".repeat(32),
        created: 0,
        include_usage: true,
        started: None,
        echo: transcript.client().dialect().echo(&body),
    }
}

fn stream(arguments: &str, size: usize) -> Vec<StreamEvent> {
    let (choice, index) = (0, 0);
    let mut events = vec![
        StreamEvent::Start {
            id: None,
            model: None,
        },
        StreamEvent::ToolStart {
            choice,
            index,
            id: "toolu_1".to_owned(),
            name: "apply_patch".to_owned(),
        },
    ];
    let chars: Vec<char> = arguments.chars().collect();
    events.extend(chars.chunks(size).map(|piece| StreamEvent::ToolArguments {
        choice,
        index,
        json: piece.iter().collect(),
    }));
    events.push(StreamEvent::Finish {
        choice,
        reason: FinishReason::ToolUse,
        stop_sequence: None,
    });
    events.push(StreamEvent::End);
    events
}

/// The input of the call that Codex is told of, from its pieces; they agree with the whole.
fn codex_reads(events: &[StreamEvent]) -> String {
    let mut encoder = DialectId::OpenAiResponses
        .dialect()
        .stream_encoder(&reply());
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    let mut pieces = String::new();
    let mut whole = None;
    for line in std::str::from_utf8(&out).unwrap().lines() {
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        let event: Value = serde_json::from_str(data).unwrap();
        match event["type"].as_str().unwrap() {
            "response.custom_tool_call_input.delta" => {
                pieces.push_str(event["delta"].as_str().unwrap());
            }
            "response.custom_tool_call_input.done" => {
                whole = event["input"].as_str().map(str::to_owned);
            }
            _ => {}
        }
    }
    assert_eq!(whole.as_ref(), Some(&pieces));
    pieces
}

fn codex_reads_whole(arguments: &str) -> String {
    let choice = Choice {
        index: 0,
        content: vec![Block::new(BlockKind::ToolUse {
            id: "toolu_1".to_owned(),
            name: "apply_patch".to_owned(),
            arguments: arguments.to_owned(),
        })],
        finish: FinishReason::ToolUse,
        stop_sequence: None,
        logprobs: None,
    };
    let response = ChatResponse {
        choices: vec![choice],
        ..ChatResponse::default()
    };
    let dialect = DialectId::OpenAiResponses.dialect();
    let body: Value =
        serde_json::from_slice(&dialect.encode_response(&response, &reply())).unwrap();
    let call = &body["output"][0];
    assert_eq!(call["type"], "custom_tool_call");
    call["input"].as_str().unwrap().to_owned()
}
