//! The table of capabilities says what the golden matrix of `wire` says.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use lockgate_engine::capabilities::{Fate, Pair, pairs};
use lockgate_wire::canonical::{ChatRequest, Params};
use lockgate_wire::dialect::{RequestHead, Target};
use lockgate_wire::json::JsonObject;
use lockgate_wire::samples::{Sample, Samples, samples};
use lockgate_wire::translate::translate_request;
use lockgate_wire::{DialectId, Operation};
use serde_json::Value;

/// A request of the matrix.
struct Fixture {
    name: String,
    text: String,
}

/// The names of what is lost, without the index of a message.
type Losses = BTreeSet<String>;

fn fixtures(client: DialectId) -> Vec<Fixture> {
    let folder = match client {
        DialectId::OpenAiChat => "openai_chat",
        other => other.as_str(),
    };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../wire/fixtures")
        .join(folder)
        .join("requests");
    // The cases of the golden matrix; other fixtures are for what one dialect alone can say.
    const CASES: [&str; 11] = [
        "audio",
        "basic",
        "documents",
        "full",
        "images",
        "json_object",
        "parallel_tools",
        "reasoning",
        "structured_output",
        "tools",
        "web_search",
    ];
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        Fixture {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            text: fs::read_to_string(&path).unwrap(),
        }
    };
    let found = fs::read_dir(folder).unwrap().map(read);
    found
        .filter(|fixture| CASES.contains(&&*fixture.name))
        .collect()
}

fn decode(client: DialectId, text: &str) -> ChatRequest {
    let body = JsonObject::parse(Bytes::copy_from_slice(text.as_bytes()), 64).unwrap();
    let head = RequestHead {
        operation: Operation::Chat,
        model: Some("group"),
        stream: Some(false),
    };
    client.dialect().decode_request(&head, &body).unwrap()
}

fn losses(pair: &Pair, request: ChatRequest) -> Losses {
    let target = Target {
        model: &pair.model,
        operation: Operation::Chat,
        stream: false,
        max_output_tokens: Some(32_000),
    };
    let ends = (pair.client, pair.upstream);
    let encoded = translate_request(ends, request, &Params::default(), &target).unwrap();
    let named = encoded.losses.into_iter().map(|loss| field_of(&loss.what));
    named.collect()
}

/// What is lost of `sample`, and of nothing that stands beneath it.
fn sample_losses(pair: &Pair, samples: &Samples, sample: &Sample) -> Losses {
    let own = |sample| losses(pair, samples.request(pair.client, sample).unwrap());
    let basis = own(samples.basis(sample));
    let all = own(Some(sample));
    all.difference(&basis).cloned().collect()
}

fn field_of(what: &str) -> String {
    let Some((_, rest)) = what.split_once("messages[") else {
        return what.to_owned();
    };
    let (_, field) = rest.split_once(']').unwrap();
    format!("messages[]{field}")
}

/// Whether a body says the field of a sample, other than by what goes without saying: a member,
/// or an object of that type.
fn says(value: &Value, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return !is_default(value);
    };
    let name = first.trim_end_matches("[]");
    let typed = value.get("type").and_then(Value::as_str) == Some(name);
    let inside = match value.get(name) {
        Some(Value::Array(items)) if first.ends_with("[]") => {
            items.iter().any(|item| says(item, rest))
        }
        Some(member) if !first.ends_with("[]") => says(member, rest),
        _ => false,
    };
    inside || (typed && says(value, rest))
}

fn is_default(value: &Value) -> bool {
    let word = |word: &str| {
        let word = word.to_ascii_lowercase();
        ["", "auto", "disabled", "none", "success", "text"].contains(&&*word)
    };
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(said) => word(said),
        Value::Array(items) => items.iter().all(is_default),
        Value::Object(members) => members
            .get("type")
            .and_then(Value::as_str)
            .is_some_and(word),
        _ => false,
    }
}

#[test]
fn what_the_matrix_loses_is_lost_in_the_table() {
    let mut missing = BTreeSet::new();
    for pair in pairs().iter().filter(|pair| pair.is_translated()) {
        let samples = samples(pair.client).unwrap();
        let mut known = Losses::new();
        for (sample, (field, fate)) in samples.fields.iter().zip(&pair.fields) {
            assert_eq!(&sample.field, field);
            let lost = sample_losses(pair, &samples, sample);
            // What stands on something that is lost is lost with it.
            let tells = matches!(fate, Fate::Lost(_));
            assert!(tells || lost.is_empty(), "{field} to {}", pair.model);
            known.extend(lost);
        }
        for fixture in fixtures(pair.client) {
            let lost = losses(pair, decode(pair.client, &fixture.text));
            let unknown = lost.difference(&known);
            for field in unknown.filter(|field| !BY_VALUE.contains(&field.as_str())) {
                missing.insert(format!(
                    "{:?} {field}: {} to {}",
                    pair.client, fixture.name, pair.model
                ));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Losses that a value brings, or what stands beside it, where the field as such is taken.
const BY_VALUE: [&str; 8] = [
    // Claude takes one of the two that say how to sample.
    "top_p",
    // It takes no stop sequence of white space alone.
    "stop",
    // Cohere takes no negative ones.
    "frequency_penalty",
    "seed",
    // Anthropic knows two tiers.
    "service_tier",
    // While it thinks, Claude is not made to call a tool or to sample otherwise.
    "reasoning_effort",
    // All of Cohere's tools are strict, or none.
    "tools[].function.strict",
    // The text of reasoning arrives, what is encrypted does not.
    "messages[].thinking_blocks",
];

/// Whether a loss is named, or that of what it is a part of.
fn is_named(field: &str, losses: &Losses) -> bool {
    let part = match field {
        "cache_control" => "messages[].image_url",
        "messages[].reasoning_content" => "messages[].thinking_blocks",
        _ => field,
    };
    let is_whole = |loss: &String| {
        let whole = loss.split(" (").next().unwrap();
        part == whole || field.starts_with(&format!("{whole}."))
    };
    losses.contains(field) || losses.iter().any(is_whole)
}

/// Whether a fixture says the field of a sample in a way that nobody needs to hear.
fn needs_no_word(sample: &str, fixture: &str) -> bool {
    match sample {
        // That it may call several tools is what a model believes unasked.
        "parallel_tool_calls" => true,
        // The tool that is strict is not among those allowed.
        "tools[].function.strict" => fixture == "parallel_tools",
        _ => false,
    }
}

#[test]
fn what_the_table_loses_is_lost_in_the_matrix() {
    let mut silent = BTreeSet::new();
    for pair in pairs().iter().filter(|pair| pair.is_translated()) {
        let samples = samples(pair.client).unwrap();
        for fixture in fixtures(pair.client) {
            let body: Value = serde_json::from_str(&fixture.text).unwrap();
            let got = losses(pair, decode(pair.client, &fixture.text));
            for sample in &samples.fields {
                // Words behind the name tell two uses of a field apart.
                let path: Vec<&str> = sample.field.split('.').collect();
                let unsaid = sample.field.contains(' ') || !says(&body, &path);
                if unsaid || needs_no_word(&sample.field, &fixture.name) {
                    continue;
                }
                let lost = sample_losses(pair, &samples, sample);
                if !lost.is_empty() && !lost.iter().any(|field| is_named(field, &got)) {
                    silent.insert(format!(
                        "{:?} {}: {} to {}: {lost:?} not in {got:?}",
                        pair.client, sample.field, fixture.name, pair.model
                    ));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}
