//! What no provider ever documented: answers that are damaged, of other types, or no answers.
//!
//! Whatever the upstream says, the client gets an error in its own dialect, and gets it at once:
//! the test's client waits for nothing longer than half a minute.

use std::fs;
use std::path::Path;

use bytes::{BufMut as _, Bytes, BytesMut};
use lockgate_testkit::Reply;
use lockgate_wire::event_stream;
use serde_json::{Value, json};

use crate::support::{self, Dialect, RawUpstream, Stage, last_error, simple};

/// Something that an upstream answers with status 200.
struct Answer {
    what: &'static str,
    content_type: &'static str,
    body: Bytes,
    /// A client of the upstream's own API gets it as it is: it has the form of an answer, and what
    /// it means is between the two.
    passes: bool,
    /// It is an answer, if one reads over what nobody can make sense of.
    forgivable: bool,
}

impl Answer {
    fn new(what: &'static str, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            what,
            content_type,
            body: body.into(),
            passes: false,
            forgivable: false,
        }
    }

    fn passing(mut self) -> Self {
        self.passes = true;
        self
    }

    fn forgivable(mut self) -> Self {
        self.forgivable = true;
        self
    }
}

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const LOGIN: &str =
    "<!doctype html>\n<html>\n<head><title>Login</title></head>\n\n<body>\n</html>\n";
const NOISE: &[u8] =
    b"\x00\xff\xfe\x89PNG\r\n\x1a\n\n\n\x00\x00\x00\x0dIHDR\xc3\x28\r\n\r\ndata\x1f\x8b";

/// Members by which answers of any dialect are known, with `value` in each.
fn all_members(value: &Value) -> Value {
    let names = [
        "choices",
        "candidates",
        "content",
        "delta",
        "item",
        "message",
        "output",
        "response",
        "usage",
    ];
    names
        .into_iter()
        .map(|name| (name, value.clone()))
        .collect()
}

/// So deep that a reader that calls itself for each level would run out of stack.
fn deep() -> String {
    let (open, close) = ("{\"a\":".repeat(30_000), "}".repeat(30_000));
    let members = ["choices", "candidates", "content", "message", "output"];
    let members = members.map(|name| format!("\"{name}\":{open}7{close}"));
    format!("{{{}}}", members.join(","))
}

/// An answer of the dialect that is a good one.
fn good(upstream: Dialect, kind: &str) -> Vec<u8> {
    let folder = match upstream {
        Dialect::OpenAi => "openai_chat",
        Dialect::Responses => "openai_responses",
        other => other.name(),
    };
    let extension = match (kind, upstream) {
        ("responses", _) => "json",
        (_, Dialect::Ollama) => "ndjson",
        (_, Dialect::Bedrock) => "eventstream",
        _ => "sse",
    };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/fixtures");
    fs::read(fixtures.join(format!("{folder}/{kind}/text.{extension}"))).unwrap()
}

fn whole_answers(upstream: Dialect) -> Vec<Answer> {
    let good = good(upstream, "responses");
    let end = good.iter().rposition(|byte| *byte == b'}').unwrap();
    // Cut off, and yet ending like an object does.
    let inner = good[..end].iter().rposition(|byte| *byte == b'}').unwrap();
    vec![
        Answer::new("nothing", JSON, ""),
        Answer::new("blanks", JSON, " \r\n"),
        Answer::new("half", JSON, good[..good.len() / 2].to_vec()),
        Answer::new("half that ends with a brace", JSON, good[..=inner].to_vec()),
        Answer::new("twice", JSON, [&good[..], &good[..]].concat()),
        Answer::new("null", JSON, "null"),
        Answer::new("a text", JSON, "\"Hello\""),
        Answer::new("an array", JSON, "[{\"choices\":[]}]"),
        Answer::new("a page", HTML, LOGIN),
        Answer::new("noise", JSON, NOISE),
        Answer::new("noise between braces", JSON, [b"{", NOISE, b"}"].concat()),
        Answer::new("numbers", JSON, all_members(&json!(7)).to_string()).passing(),
        Answer::new("texts", JSON, all_members(&json!("no")).to_string()).passing(),
        Answer::new("depth", JSON, deep()).passing().forgivable(),
    ]
}

/// Frames of the upstream's framing that carry `documents`, and the content type of it.
fn framed(upstream: Dialect, documents: &[&str]) -> (&'static str, Bytes) {
    let mut out = BytesMut::new();
    for document in documents {
        match upstream {
            Dialect::Ollama => out.put_slice(format!("{document}\n").as_bytes()),
            Dialect::Bedrock => event_stream::write_frame(
                &[
                    (":message-type", "event"),
                    (":event-type", "contentBlockDelta"),
                ],
                |out| out.put_slice(document.as_bytes()),
                &mut out,
            ),
            _ => out.put_slice(format!("data: {document}\n\n").as_bytes()),
        }
    }
    (content_type(upstream), out.freeze())
}

fn content_type(upstream: Dialect) -> &'static str {
    match upstream {
        Dialect::Ollama => "application/x-ndjson",
        Dialect::Bedrock => "application/vnd.amazon.eventstream",
        _ => "text/event-stream",
    }
}

fn streamed_answers(upstream: Dialect) -> Vec<Answer> {
    let stream = content_type(upstream);
    let good = good(upstream, "streams");
    let most = good.len() * 7 / 10;
    let frames = |what, documents: &[&str]| {
        let (content_type, body) = framed(upstream, documents);
        Answer::new(what, content_type, body).passing()
    };
    vec![
        Answer::new("nothing", stream, ""),
        Answer::new("blank lines", stream, "\n\n\r\n\r\n"),
        Answer::new("half an object", JSON, "{\"choices\":[{\"message\":"),
        Answer::new("a page", HTML, LOGIN),
        Answer::new("a page for a stream", stream, LOGIN).passing(),
        Answer::new("noise", stream, NOISE).passing(),
        frames("half a document", &["{\"choices\":[{\"delta\":{\"con"]),
        frames("no documents", &["Hello", "<b>you</b>"]),
        frames("null", &["null"]),
        frames("numbers", &[&all_members(&json!(7)).to_string()]),
        frames("texts", &[&all_members(&json!("no")).to_string()]),
        frames("depth", &[&deep()]),
        Answer::new("a good beginning", stream, [&good[..most], NOISE].concat()).passing(),
    ]
}

/// A gateway with a group for each of `answers`, and the upstreams that give them.
async fn stage(upstream: Dialect, answers: &[Answer]) -> (Stage, Vec<RawUpstream>) {
    let mut upstreams = Vec::new();
    for answer in answers {
        let headers = [("content-type", answer.content_type)];
        upstreams.push(RawUpstream::start(200, &headers, &answer.body).await);
    }
    let stage = Stage::start(|_, config| {
        let config = config.section("router_settings", json!({ "num_retries": 0 }));
        upstreams
            .iter()
            .enumerate()
            .fold(config, |config, (number, raw)| {
                config.entry(json!({
                    "model_name": format!("m{number}"),
                    "litellm_params": {
                        "model": format!("{}/x", upstream.provider()),
                        "api_base": raw.url(upstream.base_path()),
                        "api_key": "k",
                    },
                }))
            })
    })
    .await;
    (stage, upstreams)
}

/// Whether the answer is the client's own: OpenAI has both of its APIs.
fn passes_through(client: Dialect, upstream: Dialect) -> bool {
    client == upstream || (client == Dialect::Responses && upstream == Dialect::OpenAi)
}

/// A 502 as clients of this dialect know it.
fn assert_bad_gateway(client: Dialect, reply: &Reply, what: &str) {
    assert_eq!(reply.status, 502, "{what}: {}", short(reply));
    assert_eq!(reply.header("content-type"), Some(JSON), "{what}");
    client.assert_error(502, &reply.json());
}

fn short(reply: &Reply) -> String {
    reply.text().chars().take(600).collect()
}

#[tokio::test]
async fn a_whole_answer_that_is_none_is_a_bad_gateway() {
    for upstream in Dialect::ALL {
        let answers = whole_answers(upstream);
        let (stage, _upstreams) = stage(upstream, &answers).await;
        for (number, answer) in answers.iter().enumerate() {
            for client in Dialect::ALL {
                let (path, body) = simple(&format!("m{number}"), false).request(client);
                let reply = stage.client().post(&path, &body).await.unwrap();
                let what = format!("{client:?} <- {upstream:?}, {}", answer.what);
                if passes_through(client, upstream) && answer.passes {
                    assert_eq!(reply.status, 200, "{what}: {}", short(&reply));
                    assert_eq!(reply.body, answer.body, "{what}");
                } else if answer.forgivable && reply.status == 200 {
                    assert_eq!(support::Answer::whole(client, &reply).text, "", "{what}");
                } else {
                    assert_bad_gateway(client, &reply, &what);
                }
            }
        }
    }
}

/// Before the first content the status says it, behind it an error event does.
#[tokio::test]
async fn a_stream_that_is_none_is_an_error() {
    for upstream in Dialect::ALL {
        let answers = streamed_answers(upstream);
        let (stage, _upstreams) = stage(upstream, &answers).await;
        for (number, answer) in answers.iter().enumerate() {
            for client in Dialect::ALL {
                let (path, body) = simple(&format!("m{number}"), true).request(client);
                let reply = stage.client().post(&path, &body).await.unwrap();
                let what = format!("{client:?} <- {upstream:?}, {}", answer.what);
                if reply.status == 502 {
                    assert_bad_gateway(client, &reply, &what);
                    continue;
                }
                assert_eq!(reply.status, 200, "{what}: {}", short(&reply));
                if passes_through(client, upstream) && answer.passes {
                    let end = &answer.body[answer.body.len().saturating_sub(20)..];
                    assert!(reply.body.ends_with(end), "{what}: {}", short(&reply));
                } else {
                    assert!(!last_error(client, &reply).is_empty(), "{what}");
                }
            }
        }
    }
}
