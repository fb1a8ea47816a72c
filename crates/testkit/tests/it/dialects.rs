//! Every dialect says the same thing in its own words.

use lockgate_testkit::{Client, MockUpstream, Reply};
use lockgate_wire::event_stream::EventStreamDecoder;
use serde_json::{Value, json};

struct Case {
    dialect: &'static str,
    whole: fn(&str) -> (String, Value),
    stream: fn(&str) -> (String, Value),
}

const TURN: &str = "ping pong";

fn openai(model: &str, stream: bool) -> (String, Value) {
    let body = json!({
        "model": model,
        "stream": stream,
        "stream_options": { "include_usage": stream },
        "messages": [{ "role": "user", "content": TURN }],
    });
    ("/v1/chat/completions".to_owned(), body)
}

fn anthropic(model: &str, stream: bool) -> (String, Value) {
    let messages = json!([{ "role": "user", "content": [{ "type": "text", "text": TURN }] }]);
    (
        "/v1/messages".to_owned(),
        json!({ "model": model, "stream": stream, "max_tokens": 9, "messages": messages }),
    )
}

fn responses(model: &str, stream: bool) -> (String, Value) {
    let input = json!([{ "role": "user", "content": [{ "type": "input_text", "text": TURN }] }]);
    (
        "/v1/responses".to_owned(),
        json!({ "model": model, "stream": stream, "input": input }),
    )
}

fn gemini(model: &str, verb: &str) -> (String, Value) {
    let body = json!({ "contents": [{ "role": "user", "parts": [{ "text": TURN }] }] });
    (format!("/v1beta/models/{model}:{verb}"), body)
}

fn bedrock(model: &str, verb: &str) -> (String, Value) {
    let body = json!({ "messages": [{ "role": "user", "content": [{ "text": TURN }] }] });
    (format!("/model/{model}/{verb}"), body)
}

fn cohere(model: &str, stream: bool) -> (String, Value) {
    let messages = json!([{ "role": "user", "content": TURN }]);
    (
        "/v2/chat".to_owned(),
        json!({ "model": model, "stream": stream, "messages": messages }),
    )
}

fn ollama(model: &str, stream: bool) -> (String, Value) {
    let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": TURN }] });
    if !stream {
        body["stream"] = json!(false);
    }
    ("/api/chat".to_owned(), body)
}

fn generate(model: &str, stream: bool) -> (String, Value) {
    let mut body = json!({ "model": model, "prompt": TURN });
    if !stream {
        body["stream"] = json!(false);
    }
    ("/api/generate".to_owned(), body)
}

const CASES: [Case; 8] = [
    Case {
        dialect: "responses",
        whole: |m| responses(m, false),
        stream: |m| responses(m, true),
    },
    Case {
        dialect: "openai",
        whole: |m| openai(m, false),
        stream: |m| openai(m, true),
    },
    Case {
        dialect: "anthropic",
        whole: |m| anthropic(m, false),
        stream: |m| anthropic(m, true),
    },
    Case {
        dialect: "gemini",
        whole: |m| gemini(m, "generateContent"),
        stream: |m| gemini(m, "streamGenerateContent?alt=sse"),
    },
    Case {
        dialect: "bedrock",
        whole: |m| bedrock(m, "converse"),
        stream: |m| bedrock(m, "converse-stream"),
    },
    Case {
        dialect: "cohere",
        whole: |m| cohere(m, false),
        stream: |m| cohere(m, true),
    },
    Case {
        dialect: "ollama",
        whole: |m| ollama(m, false),
        stream: |m| ollama(m, true),
    },
    Case {
        dialect: "generate",
        whole: |m| generate(m, false),
        stream: |m| generate(m, true),
    },
];

fn pretty(reply: &Reply) -> String {
    match reply.header("content-type") {
        Some("application/json") => {
            format!(
                "{} {}",
                reply.status,
                serde_json::to_string_pretty(&reply.json()).unwrap()
            )
        }
        Some(kind @ "application/vnd.amazon.eventstream") => {
            format!("{} {kind}\n{}", reply.status, frames(reply))
        }
        Some(kind) => format!("{} {kind}\n{}", reply.status, reply.text()),
        None => format!("{} without a type", reply.status),
    }
}

/// The frames of an event stream, as the names in their headers and their payloads.
fn frames(reply: &Reply) -> String {
    let mut decoder = EventStreamDecoder::default();
    decoder.feed(&reply.body);
    let mut text = String::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        let names = [":event-type", ":exception-type"].map(|name| frame.header(name));
        let name = names.into_iter().flatten().next().unwrap();
        let payload = std::str::from_utf8(frame.payload()).unwrap();
        text += &format!("{name} {payload}\n");
    }
    decoder.finish().unwrap();
    text
}

async fn snapshot(name: &str, models: &[&str], request: impl Fn(&Case, &str) -> (String, Value)) {
    let mock = MockUpstream::start().await.unwrap();
    let client = Client::new(mock.addr());
    for case in &CASES {
        let mut text = String::new();
        for model in models {
            let (path, body) = request(case, model);
            let reply = client.post(&path, &body).await.unwrap();
            text += &format!("=== {model}\n{}\n", pretty(&reply));
        }
        insta::assert_snapshot!(format!("{name}.{}", case.dialect), text);
    }
}

#[tokio::test]
async fn whole_answers() {
    snapshot(
        "whole",
        &["mock", "tools", "reasoning", "length", "echo"],
        |case, model| (case.whole)(model),
    )
    .await;
}

#[tokio::test]
async fn streamed_answers() {
    snapshot(
        "stream",
        &["mock", "tools", "reasoning", "echo"],
        |case, model| (case.stream)(model),
    )
    .await;
}

#[tokio::test]
async fn errors() {
    let models = [
        "fail-401",
        "fail-404",
        "fail-429",
        "fail-500",
        "context-window",
        "content-policy",
    ];
    snapshot("errors", &models, |case, model| (case.whole)(model)).await;
}

#[tokio::test]
async fn errors_in_streams() {
    let models = ["error-in-stream", "late-error-in-stream", "content-policy"];
    snapshot("stream-errors", &models, |case, model| (case.stream)(model)).await;
}

#[tokio::test]
async fn a_counted_stream_has_that_many_pieces() {
    let mock = MockUpstream::start().await.unwrap();
    let client = Client::new(mock.addr());
    for case in &CASES {
        let (path, body) = (case.stream)("mock-100c");
        let text = client.post(&path, &body).await.unwrap().text();
        for piece in 0..100 {
            assert!(
                text.contains(&format!("\"t{piece} \"")),
                "{}: piece {piece}",
                case.dialect
            );
        }
        assert!(!text.contains("\"t100 \""), "{}", case.dialect);
    }
}

#[tokio::test]
async fn openai_streams_report_usage_only_when_asked() {
    let mock = MockUpstream::start().await.unwrap();
    let client = Client::new(mock.addr());
    let body = json!({ "model": "mock", "stream": true, "messages": [] });
    let reply = client.post("/chat/completions", &body).await.unwrap();
    assert!(!reply.text().contains("usage"));
    assert_eq!(reply.events().last().unwrap().data, "[DONE]");
}

#[tokio::test]
async fn gemini_without_alt_sse_is_one_json_array() {
    let mock = MockUpstream::start().await.unwrap();
    let client = Client::new(mock.addr());
    let (path, body) = gemini("mock", "streamGenerateContent");
    let reply = client.post(&path, &body).await.unwrap();
    assert_eq!(reply.json().as_array().unwrap().len(), 3);
}

fn posts() -> [(&'static str, Value); 13] {
    [
        (
            "/v1/embeddings",
            json!({ "model": "mock", "input": ["a", "b"], "dimensions": 3 }),
        ),
        (
            "/v1/embeddings",
            json!({ "model": "mock", "input": "a", "dimensions": 2, "encoding_format": "base64" }),
        ),
        (
            "/v1/messages/count_tokens",
            json!({ "model": "mock", "messages": [] }),
        ),
        (
            "/v1/responses/input_tokens",
            json!({ "model": "mock", "input": "a" }),
        ),
        ("/v1beta/models/mock:embedContent", json!({})),
        (
            "/v1beta/models/mock:batchEmbedContents",
            json!({ "requests": [{}, {}] }),
        ),
        ("/v1beta/models/mock:countTokens", json!({})),
        (
            "/model/amazon.titan-embed-text-v2%3A0/invoke",
            json!({ "inputText": "a" }),
        ),
        (
            "/api/embed",
            json!({ "model": "mock", "input": ["a", "b"] }),
        ),
        ("/api/embeddings", json!({ "model": "mock", "prompt": "a" })),
        (
            "/v2/rerank",
            json!({ "model": "mock", "query": "q", "documents": ["a", "b", "c"], "top_n": 2 }),
        ),
        ("/api/show", json!({ "model": "mock" })),
        ("/nowhere", json!({})),
    ]
}

#[tokio::test]
async fn everything_else() {
    let mock = MockUpstream::start().await.unwrap();
    let client = Client::new(mock.addr());
    let mut text = String::new();
    for (path, body) in posts() {
        let reply = client.post(path, &body).await.unwrap();
        text += &format!("=== POST {path}\n{} {}\n", reply.status, reply.text());
    }
    for path in [
        "/v1/models",
        "/v1beta/models",
        "/api/tags",
        "/api/version",
        "/api/ps",
    ] {
        let reply = client.get(path).await.unwrap();
        text += &format!("=== GET {path}\n{} {}\n", reply.status, reply.text());
    }
    let reply = client
        .header("anthropic-version", "2023-06-01")
        .get("/v1/models")
        .await
        .unwrap();
    text += &format!(
        "=== GET /v1/models (anthropic)\n{} {}\n",
        reply.status,
        reply.text()
    );
    insta::assert_snapshot!(text);
}
