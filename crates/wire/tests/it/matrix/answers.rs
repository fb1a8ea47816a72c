//! Every answer of the matrix arrives whole, or lacks what its client's API has no place for.

use lockgate_wire::canonical::{
    ApiError, Block, BlockKind, ChatResponse, Choice, FinishReason, RawJson,
};

use DialectId::{Anthropic, Bedrock, Cohere, Gemini, Ollama, OpenAiChat, OpenAiResponses};

use super::facts::Facts;
use super::*;

/// The answer that a stream amounts to, and the error that ended it.
pub(super) fn assemble(events: &[StreamEvent]) -> (ChatResponse, Option<ApiError>) {
    let mut whole = Whole::default();
    events.iter().for_each(|event| whole.add(event));
    (whole.answer, whole.error)
}

#[derive(Default)]
struct Whole {
    answer: ChatResponse,
    error: Option<ApiError>,
}

// === impl Whole ===

impl Whole {
    fn add(&mut self, event: &StreamEvent) {
        if let Some((choice, block)) = whole_block(event) {
            self.push(choice, block);
            return;
        }
        match event {
            StreamEvent::Text { choice, text } => self.text(*choice, text),
            StreamEvent::Thinking { choice, text } => self.thinking(*choice, text),
            StreamEvent::ToolArguments {
                choice,
                index,
                json,
            } => self.arguments(*choice, *index, json),
            StreamEvent::Logprobs { choice, logprobs } => {
                let own = self.choice(*choice).logprobs.get_or_insert_default();
                own.content.extend(logprobs.content.iter().cloned());
            }
            StreamEvent::Finish {
                choice,
                reason,
                stop_sequence,
            } => {
                let choice = self.choice(*choice);
                choice.finish = *reason;
                choice.stop_sequence.clone_from(stop_sequence);
            }
            StreamEvent::Usage(usage) => self.answer.usage = Some(*usage),
            StreamEvent::Error(error) => self.error = Some(error.clone()),
            _ => {}
        }
    }

    fn choice(&mut self, index: u32) -> &mut Choice {
        let choices = &mut self.answer.choices;
        let at = choices.iter().position(|choice| choice.index == index);
        let at = at.unwrap_or_else(|| {
            choices.push(Choice {
                index,
                content: Vec::new(),
                finish: FinishReason::Stop,
                stop_sequence: None,
                logprobs: None,
            });
            choices.len() - 1
        });
        &mut choices[at]
    }

    fn push(&mut self, choice: u32, kind: BlockKind) {
        self.choice(choice).content.push(Block::new(kind));
    }

    fn text(&mut self, choice: u32, more: &str) {
        let last = self.choice(choice).content.last_mut();
        match last.map(|block| &mut block.kind) {
            Some(BlockKind::Text { text, .. }) => text.push_str(more),
            _ => self.choice(choice).content.push(Block::text(more)),
        }
    }

    fn thinking(&mut self, choice: u32, more: &str) {
        let last = self.choice(choice).content.last_mut();
        match last.map(|block| &mut block.kind) {
            Some(BlockKind::Thinking {
                text,
                signature: None,
            }) => text.push_str(more),
            _ => self.push(
                choice,
                BlockKind::Thinking {
                    text: more.to_owned(),
                    signature: None,
                },
            ),
        }
    }

    fn arguments(&mut self, choice: u32, index: u32, json: &str) {
        let blocks = self.choice(choice).content.iter_mut();
        let mut calls = blocks.filter_map(|block| match &mut block.kind {
            BlockKind::ToolUse { arguments, .. } => Some(arguments),
            _ => None,
        });
        calls.nth(index as usize).unwrap().push_str(json);
    }
}

/// The block that an event is, or begins with.
fn whole_block(event: &StreamEvent) -> Option<(u32, BlockKind)> {
    Some(match event {
        StreamEvent::Refusal { choice, text } => {
            (*choice, BlockKind::Refusal { text: text.clone() })
        }
        StreamEvent::Signature { choice, signature } => (
            *choice,
            BlockKind::Thinking {
                text: String::new(),
                signature: Some(signature.clone()),
            },
        ),
        StreamEvent::RedactedThinking { choice, data } => {
            (*choice, BlockKind::RedactedThinking { data: data.clone() })
        }
        StreamEvent::ToolStart {
            choice, id, name, ..
        } => (
            *choice,
            BlockKind::ToolUse {
                id: id.clone(),
                name: name.clone(),
                arguments: String::new(),
            },
        ),
        StreamEvent::Opaque {
            choice,
            origin,
            raw,
        } => (
            *choice,
            BlockKind::Opaque {
                origin: *origin,
                what: kind_of(raw),
                raw: raw.clone(),
            },
        ),
        _ => return None,
    })
}

fn kind_of(raw: &RawJson) -> String {
    let value: Value = serde_json::from_str(raw.get()).unwrap();
    let members = value.as_object().unwrap();
    let kind = members.get("type").and_then(Value::as_str);
    kind.map_or_else(|| members.keys().next().unwrap().clone(), str::to_owned)
}

/// What clients cannot be told of an answer, because their API has no place for it.
///
/// An answer has no header for its losses: most are known when half of it is sent. So they are
/// stated here, and in the golden files, and on the page about dialects.
const UNTOLD: &[(&str, &[DialectId])] = &[
    // Several answers to one question (`n`, `candidateCount`).
    (
        "choices[1..].",
        &[OpenAiResponses, Anthropic, Ollama, Cohere, Bedrock],
    ),
    // No API has a word for every reason; `finish_in` says what becomes of each.
    ("finish_reason", &DialectId::ALL),
    (
        "stop_sequence",
        &[OpenAiChat, OpenAiResponses, Gemini, Ollama, Cohere],
    ),
    // It is text there.
    ("refusal", &[Anthropic, Gemini, Ollama, Cohere, Bedrock]),
    ("service_tier", &[Gemini, Ollama, Cohere]),
    ("logprobs", &[Anthropic, Bedrock]),
    ("top_logprobs", &[Anthropic, Cohere, Bedrock]),
    // Tokens are text or ids; only OpenAI's chat and Ollama give their bytes as they are.
    (
        "logprobs.bytes",
        &[OpenAiResponses, Anthropic, Gemini, Cohere, Bedrock],
    ),
    // Citations have a format of their own in every API.
    ("messages[].annotations", &DialectId::ALL),
    // Proofs of reasoning: none in these, and Gemini has no reasoning without text.
    ("messages[].thinking_blocks", &[Gemini, Ollama, Cohere]),
    ("messages[].image_url", &[Anthropic, Cohere]),
    ("messages[].image_url.mime", &[Anthropic, Cohere]),
    (
        "messages[].input_audio",
        &[OpenAiResponses, Anthropic, Ollama, Cohere, Bedrock],
    ),
    // A sound without a type has one there.
    ("messages[].input_audio.mime", &[Gemini]),
    // Mistral's pointer to a source, which OpenAI's own answers do not hold.
    ("messages[].reference", &[OpenAiChat]),
    ("usage.cache_read", &[Ollama]),
    ("usage.cache_write", &[Gemini, Ollama, Cohere]),
    (
        "usage.cache_write_1h",
        &[OpenAiResponses, Anthropic, Gemini, Ollama, Cohere],
    ),
    ("usage.reasoning", &[Ollama, Cohere, Bedrock]),
    (
        "usage.audio",
        &[OpenAiResponses, Anthropic, Ollama, Cohere, Bedrock],
    ),
];

/// What a streamed answer does not say although a whole one does: canonical streams are made of
/// text, reasoning and calls.
const UNSTREAMED: &[&str] = &[
    "service_tier",
    "messages[].annotations",
    // Pass as blocks of their own dialect.
    "messages[].image_url",
    "messages[].image_url.mime",
    "messages[].image",
    "messages[].image_generation_call",
    "messages[].inlineData",
];

/// What a client of `client` does not hear of what was `sent`; fails when that is nothing its
/// API lacks.
fn untold<'a>(client: DialectId, sent: &'a Facts, got: &'a Facts) -> Vec<&'a str> {
    let untold = sent.differences(got);
    for field in &untold {
        let stated = UNTOLD
            .iter()
            .any(|(name, clients)| name == field && clients.contains(&client));
        // A block that only its own dialect understands.
        let foreign = sent
            .values(field)
            .iter()
            .all(|origin| DialectId::parse(origin).is_some_and(|origin| origin != client));
        let values = (sent.values(field), got.values(field));
        assert!(stated || foreign, "{field} to {client:?}: {values:?}");
    }
    untold
}

/// The lines of a golden file that say what was not told.
fn lines(untold: &[&str]) -> String {
    let lines = untold.iter().map(|field| format!("\nlost {field}"));
    lines.collect()
}

/// A whole answer as the client gets it, and what it lacks.
pub(super) fn whole(upstream: DialectId, client: DialectId, body: &[u8]) -> (Vec<u8>, String) {
    let sent = upstream.dialect().decode_response(body).unwrap();
    let written = client.dialect().encode_response(&sent, &reply());
    let got = client.dialect().decode_response(&written).unwrap();
    let (sent, got) = (Facts::of_answer(&sent), Facts::of_answer(&got));
    let lost = lines(&untold(client, &sent, &got));
    (written.to_vec(), lost)
}

/// A streamed answer as the client gets it, and what it lacks.
pub(super) fn streamed(upstream: DialectId, client: DialectId, body: &[u8]) -> (Vec<u8>, String) {
    let sent = events(upstream, body).unwrap();
    let written = write_stream(client, &sent);
    let (sent, error) = assemble(&sent);
    let (got, told) = assemble(&events(client, &written).unwrap());
    assert_eq!(error.is_some(), told.is_some());
    if error.is_some() {
        // Counts come at the end of most streams, and this one never got there.
        return (written, String::new());
    }
    let (sent, got) = (Facts::of_answer(&sent), Facts::of_answer(&got));
    let lost = lines(&untold(client, &sent, &got));
    (written, lost)
}

#[test]
fn an_answer_arrives_whole_but_for_what_its_client_has_no_place_for() {
    for (upstream, client) in pairs() {
        for Fixture { body, .. } in fixtures(upstream, "responses") {
            whole(upstream, client, &body);
        }
        for Fixture { body, .. } in fixtures(upstream, "streams") {
            streamed(upstream, client, &body);
        }
    }
}

/// Sources that an upstream names beside its answer, in members that nobody else has and that are
/// not read (Gemini API reference, `groundingMetadata`).
pub(super) fn unread(upstream: DialectId, case: &str) -> &'static str {
    match (upstream, case) {
        (Gemini, "citations") => "\nlost messages[].annotations",
        _ => "",
    }
}

/// The fixtures of these names are the same answer in both forms.
const SAME: [&str; 5] = [
    "citations",
    "documents",
    "full",
    "images",
    "structured_output",
];

/// What of the answer `case` the canonical stream does not hold.
pub(super) fn unstreamed(upstream: DialectId, case: &str) -> String {
    if !SAME.contains(&case) {
        return String::new();
    }
    let body = |kind| {
        let mut found = fixtures(upstream, kind).into_iter();
        found.find(|fixture| fixture.name == case).unwrap().body
    };
    let sent = upstream
        .dialect()
        .decode_response(&body("responses"))
        .unwrap();
    let (got, _) = assemble(&events(upstream, &body("streams")).unwrap());
    let (sent, got) = (Facts::of_answer(&sent), Facts::of_answer(&got));
    let missing = sent.differences(&got);
    for field in &missing {
        assert!(UNSTREAMED.contains(field), "{field}, {case} {upstream:?}");
    }
    let own_block = |field: &&str| sent.values(field).is_empty();
    let missing: Vec<&str> = missing.into_iter().filter(|f| !own_block(f)).collect();
    lines(&missing)
}
