//! What goes through the canonical form comes out the same.

use std::fs;

use lockgate_wire::canonical::{BlockKind, ChatResponse, StreamEvent};
use lockgate_wire::operation::Operation;

use super::{decode, dir, encode, events, fixtures, losses, ollama, parse, reply, written};

/// Fixtures that say the same in another way once they went through the canonical form; each is
/// looked at by a test of its own.
const NORMALISED: &[&str] = &["legacy_tools", "runner_options"];

#[test]
fn requests_survive_the_canonical_form() {
    for (name, body) in fixtures("requests") {
        if NORMALISED.contains(&name.as_str()) {
            continue;
        }
        let encoded = encode(&decode(&body));
        assert_eq!(parse(&encoded.body), parse(&body), "{name}");
        assert_eq!(losses(&encoded), [], "{name}");
    }
}

#[test]
fn responses_survive_the_canonical_form() {
    for (name, body) in fixtures("responses") {
        let first = ollama().decode_response(&body).unwrap();
        let encoded = ollama().encode_response(&first, &reply(Operation::Chat));
        let mut second = ollama().decode_response(&encoded).unwrap();
        assert_eq!(second.model.as_deref(), Some("public"));
        second.model.clone_from(&first.model);
        assert_eq!(second, with_counts(first), "{name}");
    }
}

/// A client is always told a number of tokens.
fn with_counts(mut response: ChatResponse) -> ChatResponse {
    response.usage = Some(response.usage.unwrap_or_default());
    response
}

#[test]
fn streams_survive_the_canonical_form() {
    for (name, stream) in fixtures("streams") {
        let first = events(&stream, &[usize::MAX]).unwrap();
        let encoded = written(&first, Operation::Chat);
        let mut second = events(&encoded, &[usize::MAX]).unwrap();
        if let (Some(second), Some(first)) = (second.first_mut(), first.first()) {
            second.clone_from(first);
        }
        assert_eq!(second, first, "{name}");
    }
}

#[test]
fn a_stream_and_a_whole_answer_say_the_same() {
    for (name, stream) in fixtures("streams") {
        let whole = dir("responses").join(format!("{name}.json"));
        let (Ok(events), Ok(body)) = (events(&stream, &[usize::MAX]), fs::read(whole)) else {
            continue;
        };
        let choice = &ollama().decode_response(&body).unwrap().choices[0];
        let collect = |pick: fn(&StreamEvent) -> Option<&str>| -> String {
            events.iter().filter_map(pick).collect()
        };
        let thinking = collect(|event| match event {
            StreamEvent::Thinking { text, .. } => Some(text),
            _ => None,
        });
        let finish = events.iter().find_map(|event| match event {
            StreamEvent::Finish { reason, .. } => Some(*reason),
            _ => None,
        });
        assert_eq!(finish, Some(choice.finish), "{name}");
        let thinks = choice
            .content
            .iter()
            .any(|block| matches!(block.kind, BlockKind::Thinking { .. }));
        assert_eq!(!thinking.is_empty(), thinks, "{name}");
    }
}
