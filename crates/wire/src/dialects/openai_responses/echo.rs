//! What an answer repeats of its request.
//!
//! Source: API reference, `Response`, and Open Responses, `ResponseResource`: most members are
//! required, and hold the default where the client said nothing.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::super::openai::body::raw_member;
use crate::canonical::{Echo, RawJson};
use crate::json::{self, JsonObject};

/// Members in the order they are written, with their defaults.
const MEMBERS: [(&str, &str); 20] = [
    ("background", "false"),
    ("frequency_penalty", "0.0"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("presence_penalty", "0.0"),
    ("previous_response_id", "null"),
    ("prompt_cache_key", "null"),
    ("reasoning", "{}"),
    ("safety_identifier", "null"),
    ("store", "true"),
    ("temperature", "1.0"),
    ("text", "{}"),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_logprobs", "0"),
    ("top_p", "1.0"),
    ("truncation", "\"disabled\""),
];

/// Members that are repeated only when the client said something.
const SPOKEN: [&str; 4] = ["conversation", "prompt", "prompt_cache_retention", "user"];

/// What is said where nobody asked.
static NOTHING: LazyLock<Arc<Echo>> = LazyLock::new(|| {
    let empty = JsonObject::parse(Bytes::from_static(b"{}"), 1);
    Arc::new(empty.map(|body| read(&body)).unwrap_or_default())
});

/// What the answer to no request in particular repeats.
pub(super) fn of_nothing() -> Arc<Echo> {
    Arc::clone(&NOTHING)
}

/// What the answer to this request repeats.
pub(super) fn of(body: &JsonObject) -> Arc<Echo> {
    Arc::new(read(body))
}

fn read(body: &JsonObject) -> Echo {
    let spoken = |name| raw_member(body, name).filter(|raw| raw.get() != "null");
    let required = MEMBERS.iter().map(|&(name, default)| {
        let value = spoken(name).or_else(|| RawJson::parse(default).ok());
        (name, value.map(|value| complete(name, value)))
    });
    let others = SPOKEN.iter().map(|&name| {
        let value = spoken(name);
        (name, value.map(|value| complete(name, value)))
    });
    let members = required.chain(others);
    Echo {
        members: members
            .filter_map(|(name, value)| Some((name, value?)))
            .collect(),
    }
}

/// The value with what a response says besides.
fn complete(name: &str, value: RawJson) -> RawJson {
    // Written by the client as it likes; a line feed would end a line of a stream.
    let value = match json::compact(value.get()) {
        Cow::Borrowed(_) => value,
        Cow::Owned(text) => RawJson::parse(text).unwrap_or(value),
    };
    let with = |members: &[(&str, &str)]| with(value.get(), members);
    let completed = match name {
        "reasoning" => with(&[("effort", "null"), ("summary", "null")]),
        "text" => with(&[
            ("format", r#"{"type":"text"}"#),
            ("verbosity", "\"medium\""),
        ]),
        "tools" => tools(&value),
        // A conversation may be named by its bare id.
        "conversation" if value.get().starts_with('"') => {
            RawJson::parse(format!("{{\"id\":{}}}", value.get())).ok()
        }
        _ => None,
    };
    completed.unwrap_or(value)
}

/// The object with these members where it has none of their name, or null.
fn with(object: &str, members: &[(&str, &str)]) -> Option<RawJson> {
    let mut object =
        JsonObject::parse(Bytes::copy_from_slice(object.as_bytes()), usize::MAX).ok()?;
    for (name, value) in members {
        if !object.is_set(name) {
            object.set(name, value.as_bytes().to_vec());
        }
    }
    RawJson::parse(String::from_utf8(object.to_bytes().to_vec()).ok()?).ok()
}

/// A function says in a response what it may leave open in a request.
fn tools(tools: &RawJson) -> Option<RawJson> {
    let tools: Vec<&RawValue> = serde_json::from_str(tools.get()).ok()?;
    let whole = tools.into_iter().map(|raw| {
        let function = [
            ("description", "null"),
            ("parameters", "null"),
            ("strict", "true"),
        ];
        let completed = is_function(raw).then(|| with(raw.get(), &function));
        completed.flatten().unwrap_or_else(|| raw.to_owned().into())
    });
    RawJson::from_value(&whole.collect::<Vec<RawJson>>()).ok()
}

fn is_function(tool: &RawValue) -> bool {
    let tool = JsonObject::parse(Bytes::copy_from_slice(tool.get().as_bytes()), usize::MAX);
    tool.is_ok_and(|tool| tool.get_str("type").as_deref() == Some("function"))
}
