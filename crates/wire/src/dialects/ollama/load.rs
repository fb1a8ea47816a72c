//! Requests without input, which load a model or unload it and ask for no answer.

use bytes::Bytes;

use super::response::place;
use super::wire::{OutAnswer, OutMessage, created_at, to_json};
use crate::dialect::ReplyContext;
use crate::json::{JsonObject, unquote};
use crate::operation::Operation;

/// Whether a request only loads or unloads its model: `/api/chat` without messages,
/// `/api/generate` without prompt, an embedding endpoint without input. There is nothing in it to
/// translate; [`load_reply`] answers it.
pub fn is_load_request(operation: Operation, body: &JsonObject) -> bool {
    let empty = |key: &str| {
        body.get(key).is_none_or(|value| {
            let inner = value
                .strip_prefix(b"[")
                .and_then(|rest| rest.strip_suffix(b"]"));
            matches!(value, b"null" | b"\"\"") || inner.is_some_and(|i| i.trim_ascii().is_empty())
        })
    };
    match operation {
        Operation::Chat => empty("messages"),
        Operation::Generate | Operation::EmbeddingsSingle => empty("prompt"),
        Operation::Embeddings => empty("input"),
        _ => false,
    }
}

/// The answer to a request that [`is_load_request`]: one JSON object, also when the client did not
/// turn streaming off. `done_reason` is `unload` when the request's `keep_alive` is zero.
pub fn load_reply(body: &JsonObject, reply: &ReplyContext) -> Bytes {
    match reply.operation {
        Operation::Embeddings => {
            return to_json(&NoEmbeddings {
                model: &reply.model,
                embeddings: [],
            });
        }
        Operation::EmbeddingsSingle => return to_json(&NoEmbedding { embedding: [] }),
        _ => {}
    }
    let created_at = created_at(reply);
    let unloads = body.get("keep_alive").is_some_and(is_zero);
    let mut answer = OutAnswer {
        model: &reply.model,
        created_at: &created_at,
        done: true,
        done_reason: Some(if unloads { "unload" } else { "load" }),
        ..OutAnswer::default()
    };
    place(OutMessage::default(), reply.operation, &mut answer);
    to_json(&answer)
}

#[derive(serde::Serialize)]
struct NoEmbeddings<'a> {
    model: &'a str,
    embeddings: [f32; 0],
}

#[derive(serde::Serialize)]
struct NoEmbedding {
    embedding: [f32; 0],
}

/// Whether a `keep_alive` is less than a second: seconds as a number, or a Go duration (`0s`).
fn is_zero(keep_alive: &[u8]) -> bool {
    let seconds = match unquote(keep_alive) {
        Some(text) => go_duration(&text),
        None => serde_json::from_slice(keep_alive).ok(),
    };
    seconds.is_some_and(|seconds: f64| (0.0..1.0).contains(&seconds))
}

/// The seconds of a Go duration (`1h30m`, `500ms`, `-1s`, `0`).
fn go_duration(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0.0);
    }
    let mut seconds = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..]
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .map_or(rest.len(), |at| digits + at);
        let unit = match &rest[digits..unit_end] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds = Some(seconds.unwrap_or(0.0) + number * unit);
        rest = &rest[unit_end..];
    }
    seconds.map(|seconds| sign * seconds)
}
