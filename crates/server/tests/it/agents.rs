//! Coding agents over several turns, through the real binary, before every upstream dialect.
//!
//! The upstream holds the next piece back until the agent has heard the last one, so that a piece
//! that is kept anywhere on the way would hold up everything.

mod lockstep;
mod turn;

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use lockgate_testkit::{Client, Gateway};
use lockgate_wire::canonical::{
    BlockKind, ChatRequest, FinishReason, StreamEvent, Usage, join_thought_id, split_thought_id,
};
use lockgate_wire::dialect::RequestHead;
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};
use serde::Deserialize;
use serde_json::{Value, json};

use self::lockstep::Lockstep;
use self::turn::{Heard, go_on, result};
use crate::support::{Config, MASTER, SOON, UPSTREAM_KEY};

/// A request of an agent, from the transcripts of the wire crate.
#[derive(Debug, Deserialize)]
struct Agent {
    dialect: String,
    path: String,
    headers: std::collections::BTreeMap<String, String>,
    request: Value,
}

const ANTHROPIC_PROOF: &str =
    "EuYBCkQYAiJAgCs1le6/Pol5Z4/JMomVOouGL7fOWl0fGEyPpqzAdd0bIsZG3vWzT4uIVv5kNzL3tWbAgentTurn";
const GEMINI_PROOF: &str = "CpcBAVSoXO7kQ3+/Zt0wY9pVbQmL2hXoAgntTurnUe4KdA==";
const OPENAI_PROOF: &str =
    "gAAAAABo7Qx3mVtY0c2Zk1RrYl9wZ2hFZ0d3VnB4c2pLb0V1TnFqT0x3bWRyYVhTYkZKQ1ZpUnlTQ0pVYk5rT0FnZW50";

const THINKING: [&str; 3] = ["Two files, ", "so two calls. ", "Both at once."];
const TEXT: [&str; 2] = ["I look at both – ", "one moment."];
const ARGUMENTS: [[&str; 4]; 2] = [
    [
        "{\"path\":",
        "\"src/\\\"odd\\\" ",
        "näme.rs\",",
        "\"lines\":[1,20]}",
    ],
    [
        "{\"path\":\"",
        "README.md",
        "\",\"deep\":{\"a\":null,",
        "\"b\":1.5}}",
    ],
];
/// Input and output tokens.
const USAGE: (u64, u64) = (4321, 123);

// === impl Agent ===

impl Agent {
    fn read(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../wire/fixtures/agents")
            .join(format!("{name}.json"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    fn client(&self) -> DialectId {
        DialectId::parse(&self.dialect).unwrap()
    }
}

/// The provider and model behind a dialect, and what follows the host in its base URL.
fn upstream(dialect: DialectId) -> (&'static str, &'static str) {
    match dialect {
        DialectId::OpenAiChat => ("openai/deepseek-reasoner", "/v1"),
        DialectId::OpenAiResponses => ("openai/responses/gpt-5.1", "/v1"),
        DialectId::Anthropic => ("anthropic/claude-sonnet-4-5", ""),
        DialectId::Gemini => ("gemini/gemini-2.5-flash", "/v1beta"),
        DialectId::Ollama => ("ollama/qwen3:8b", ""),
        DialectId::Cohere => ("cohere/command-a-reasoning-08-2025", ""),
        DialectId::Bedrock => ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", ""),
    }
}

/// The proof of its reasoning that an upstream gives.
fn proof(dialect: DialectId) -> Option<&'static str> {
    match dialect {
        DialectId::Anthropic | DialectId::Bedrock => Some(ANTHROPIC_PROOF),
        DialectId::Gemini => Some(GEMINI_PROOF),
        DialectId::OpenAiResponses => Some(OPENAI_PROOF),
        DialectId::OpenAiChat | DialectId::Ollama | DialectId::Cohere => None,
    }
}

/// The id of call `index` of a turn as the upstream gives it.
fn id(turn: usize, index: usize) -> String {
    format!("call_{turn}{}", ["a", "b"][index])
}

/// Reasoning, text, and two calls, in small pieces.
fn calls(dialect: DialectId, turn: usize) -> Vec<StreamEvent> {
    let choice = 0;
    let mut events = vec![StreamEvent::Start {
        id: Some(format!("answer_{turn}")),
        model: Some("upstream-model".to_owned()),
    }];
    events.extend(THINKING.map(|text| StreamEvent::Thinking {
        choice,
        text: text.to_owned(),
    }));
    // Gemini signs the first call.
    let gemini = dialect == DialectId::Gemini;
    if let Some(signature) = proof(dialect).filter(|_| !gemini) {
        events.push(StreamEvent::Signature {
            choice,
            signature: signature.to_owned(),
        });
    }
    events.extend(TEXT.map(|text| StreamEvent::Text {
        choice,
        text: text.to_owned(),
    }));
    for (index, arguments) in ARGUMENTS.iter().enumerate() {
        let signature = proof(dialect).filter(|_| gemini && index == 0);
        let at = u32::try_from(index).unwrap();
        events.push(StreamEvent::ToolStart {
            choice,
            index: at,
            id: join_thought_id(&id(turn, index), signature),
            name: "read_file".to_owned(),
        });
        events.extend(arguments.map(|json| StreamEvent::ToolArguments {
            choice,
            index: at,
            json: json.to_owned(),
        }));
        events.push(StreamEvent::BlockStop { choice });
    }
    end(&mut events, FinishReason::ToolUse);
    events
}

/// A last word.
fn farewell() -> Vec<StreamEvent> {
    let mut events = vec![StreamEvent::Start {
        id: None,
        model: None,
    }];
    events.extend(TEXT.map(|text| StreamEvent::Text {
        choice: 0,
        text: text.to_owned(),
    }));
    end(&mut events, FinishReason::Stop);
    events
}

fn end(events: &mut Vec<StreamEvent>, reason: FinishReason) {
    events.push(StreamEvent::Finish {
        choice: 0,
        reason,
        stop_sequence: None,
    });
    events.push(StreamEvent::Usage(Usage {
        input_tokens: USAGE.0,
        output_tokens: USAGE.1,
        ..Usage::default()
    }));
    events.push(StreamEvent::End);
}

/// How much of this a client of `client` hears at once. Gemini's clients get calls whole.
fn audible(client: DialectId, event: &StreamEvent) -> usize {
    match event {
        StreamEvent::Text { text, .. } | StreamEvent::Thinking { text, .. } => text.len(),
        StreamEvent::ToolArguments { json, .. } if client != DialectId::Gemini => json.len(),
        _ => 0,
    }
}

/// Asks, and lets the upstream go on with each piece that arrives.
async fn ask(
    client: &Client,
    agent: &Agent,
    upstream: &Lockstep,
    body: &Value,
) -> (Heard, Vec<u8>) {
    let mut reply = client.stream(&agent.path, body).await.unwrap();
    let mut decoder = agent.client().dialect().stream_decoder();
    let (mut heard, mut bytes) = (Heard::default(), Vec::new());
    while let Some(chunk) = reply.chunk().await.unwrap() {
        bytes.extend_from_slice(&chunk);
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&bytes));
        let mut events = Vec::new();
        decoder.push(&chunk, &mut events).unwrap();
        events.into_iter().for_each(|event| heard.add(event));
        upstream.heard(heard.length());
    }
    let mut events = Vec::new();
    decoder.finish(&mut events).unwrap();
    events.into_iter().for_each(|event| heard.add(event));
    assert!(heard.ended);
    (heard, bytes)
}

/// What the upstream was asked, read with its own decoder.
fn asked(upstream: &Lockstep, spoken: DialectId) -> ChatRequest {
    let body = JsonObject::parse(Bytes::from(upstream.last()), 64).unwrap();
    let head = RequestHead {
        operation: Operation::Chat,
        model: Some("model"),
        stream: Some(true),
    };
    spoken.dialect().decode_request(&head, &body).unwrap()
}

/// The calls of the last turn with their results, by what the upstream was asked.
fn last_calls(request: &ChatRequest) -> Vec<(String, Value, String)> {
    let blocks = || request.messages.iter().flat_map(|m| &m.content);
    let mut calls: Vec<(String, Value, String)> = blocks()
        .filter_map(|block| match &block.kind {
            BlockKind::ToolUse { id, arguments, .. } => {
                let (id, _) = split_thought_id(id);
                let arguments = serde_json::from_str(arguments).unwrap_or_default();
                Some((id.to_owned(), arguments, String::new()))
            }
            _ => None,
        })
        .collect();
    for block in blocks() {
        if let BlockKind::ToolResult { id, content, .. } = &block.kind {
            let (id, _) = split_thought_id(id);
            let text: String = content.iter().filter_map(|block| block.as_text()).collect();
            let call = calls.iter_mut().rfind(|(call, _, _)| call == id);
            call.unwrap().2 = text;
        }
    }
    calls.split_off(calls.len() - ARGUMENTS.len())
}

/// A gateway before an upstream of the dialect, and the agent's connection to it.
async fn stage(agent: &Agent, dialect: DialectId) -> (Lockstep, Gateway, Client) {
    let upstream_server = Lockstep::start(dialect, agent.client(), audible).await;
    let (model, base) = upstream(dialect);
    let config = Config::new()
        .entry(json!({ "model_name": "group", "litellm_params": {
            "model": model,
            "api_base": upstream_server.url(base),
            "api_key": UPSTREAM_KEY,
        }}))
        .section("litellm_settings", json!({ "drop_params": true }));
    let gateway = Gateway::builder()
        .config(config.yaml())
        .start()
        .await
        .unwrap();
    let mut client = gateway.client().bearer(MASTER);
    for (name, value) in &agent.headers {
        client = client.header(name, value);
    }
    (upstream_server, gateway, client)
}

async fn converse(name: &str, dialect: DialectId) {
    let agent = Agent::read(name);
    let client_id = agent.client();
    let what = format!("{name} before {dialect:?}");
    let (upstream_server, _gateway, client) = stage(&agent, dialect).await;
    // OpenAI has the dialect of Responses clients, too.
    let spoken = match (client_id, dialect) {
        (DialectId::OpenAiResponses, DialectId::OpenAiChat) => DialectId::OpenAiResponses,
        _ => dialect,
    };
    let mut request = agent.request.clone();
    for turn in 0..2 {
        upstream_server.say(calls(dialect, turn));
        let turn_over = ask(&client, &agent, &upstream_server, &request);
        let (heard, bytes) = tokio::time::timeout(SOON, turn_over)
            .await
            .unwrap_or_else(|_| panic!("{what}: a piece was held back"));
        assert_eq!(heard.thinking, THINKING.concat(), "{what}");
        assert_eq!(heard.text, TEXT.concat(), "{what}");
        let usage = (heard.usage.input_tokens, heard.usage.output_tokens);
        assert_eq!(usage, USAGE, "{what}");
        let said = ARGUMENTS.map(|pieces| pieces.concat());
        for (index, said) in said.iter().enumerate() {
            let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(json(&heard.calls[index].arguments), json(said), "{what}");
        }
        // Cursor sends back what OpenAI's API knows, and nothing else.
        let keeps_proofs = name != "cursor";
        go_on(client_id, keeps_proofs, &mut request, &heard, &bytes);
        next_turn(&what, &client, &agent, &upstream_server, &request).await;

        let sent = last_calls(&asked(&upstream_server, spoken));
        for (index, (sent_id, arguments, answer)) in sent.iter().enumerate() {
            assert_eq!(*sent_id, id(turn, index), "{what}");
            let said: Value = serde_json::from_str(&said[index]).unwrap();
            assert_eq!(*arguments, said, "{what}");
            assert_eq!(*answer, result(sent_id), "{what}");
        }
        let proof = proof(dialect).filter(|_| keeps_proofs || dialect == DialectId::Gemini);
        if let Some(proof) = proof {
            let body = upstream_server.last();
            // The transcripts hold proofs of their own, which are others.
            let count = body.matches(proof).count();
            assert!(
                count > turn,
                "{what}: {count} of the proofs came back: {body}"
            );
        }
    }
}

/// The request with the results, answered with a last word.
async fn next_turn(
    what: &str,
    client: &Client,
    agent: &Agent,
    upstream: &Lockstep,
    request: &Value,
) {
    upstream.say(farewell());
    let turn_over = ask(client, agent, upstream, request);
    let (heard, _) = tokio::time::timeout(SOON, turn_over)
        .await
        .unwrap_or_else(|_| panic!("{what}: a piece was held back"));
    assert_eq!(heard.text, TEXT.concat(), "{what}");
    assert!(heard.calls.is_empty(), "{what}");
}

macro_rules! agents {
    ($($agent:ident),*) => {
        $(#[tokio::test]
        async fn $agent() {
            for dialect in DialectId::ALL {
                super::converse(stringify!($agent), dialect).await;
            }
        })*
    };
}

mod upstreams {
    use lockgate_wire::DialectId;

    agents!(ai_sdk, claude_code, codex_cli, cursor, gemini_cli, roo);
}
