//! Development only: what must hold of any bytes.
//!
//! Each target takes the bytes of one input and panics when a promise is broken. The programs in
//! the folder `fuzz` feed them what libFuzzer makes up; the test of this crate feeds them the
//! inputs that are kept, on a stable toolchain.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic is how a target tells that a promise is broken"
)]

mod arrival;
mod bodies;
mod edits;
mod form;
mod frames;
mod framing;
mod json_index;
mod order;
mod relay;
mod requests;
mod streams;

use lockgate_wire::DialectId;

/// One target: takes the bytes of an input, and panics when a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its corpus and of its program.
pub const TARGETS: [(&str, Target); 15] = [
    ("form", form::check),
    ("event_stream", framing::event_stream),
    ("json_index", json_index::check),
    ("relay", relay::check),
    ("stream_bedrock", |input| {
        streams::check(DialectId::Bedrock, input);
    }),
    ("stream_openai_responses", |input| {
        streams::check(DialectId::OpenAiResponses, input);
    }),
    ("stream_anthropic", |input| {
        streams::check(DialectId::Anthropic, input);
    }),
    ("stream_openai_chat", |input| {
        streams::check(DialectId::OpenAiChat, input);
    }),
    ("stream_gemini", |input| {
        streams::check(DialectId::Gemini, input);
    }),
    ("stream_cohere", |input| {
        streams::check(DialectId::Cohere, input);
    }),
    ("stream_ollama", |input| {
        streams::check(DialectId::Ollama, input);
    }),
    ("sse", framing::sse),
    ("ndjson", framing::ndjson),
    ("request", requests::check),
    ("response", bodies::check),
];

/// Gives `input` to the target `name`.
///
/// # Panics
///
/// When a promise is broken, and when there is no such target.
pub fn check(name: &str, input: &[u8]) {
    let (_, target) = TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a target of this name");
    target(input);
}
