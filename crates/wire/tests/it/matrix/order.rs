//! The events of every stream come in the order that its API prescribes, whatever the upstream was.

use std::collections::BTreeMap;

use lockgate_testkit::{lines, sse_events};

use super::*;

/// One event: its name, and what it says.
type Event = (String, Value);

fn sequence(client: DialectId, stream: &[u8]) -> Vec<Event> {
    match client {
        DialectId::Bedrock => {
            let text = show_stream(client, stream);
            let split = text.lines().map(|line| line.split_once(' ').unwrap());
            split
                .map(|(name, payload)| (name.to_owned(), serde_json::from_str(payload).unwrap()))
                .collect()
        }
        DialectId::Ollama => lines(stream)
            .into_iter()
            .map(|line| (String::new(), line))
            .collect(),
        _ => sse_events(stream)
            .into_iter()
            .map(|event| {
                let json = event.json();
                let kind = json["type"].as_str().unwrap_or_default().to_owned();
                if !event.event.is_empty() {
                    assert_eq!(event.event, kind, "{json}");
                }
                if event.data == "[DONE]" {
                    return ("[DONE]".to_owned(), Value::Null);
                }
                (kind, json)
            })
            .collect(),
    }
}

/// Every stream of every upstream, as a client of this dialect gets it.
fn each(client: DialectId, check: fn(&[Event])) {
    for upstream in DialectId::ALL {
        for Fixture { name, body } in fixtures(upstream, "streams") {
            let events = events(upstream, &body).unwrap();
            let sequence = sequence(client, &write_stream(client, &events));
            if ["early_error", "model_error"].contains(&&*name) && sequence.len() == 1 {
                // It never began; the gateway tries another upstream.
                continue;
            }
            println!("{name}, {upstream:?} to {client:?}: {sequence:#?}");
            check(&sequence);
        }
    }
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

fn count(events: &[Event], wanted: &str) -> usize {
    names(events).iter().filter(|name| **name == wanted).count()
}

/// API reference, "Streaming": chunks of one completion, its usage in a last one without choices.
#[test]
fn chat_chunks() {
    each(DialectId::OpenAiChat, |events| {
        let (done, chunks) = events.split_last().unwrap();
        assert_eq!(done.0, "[DONE]");
        let mut finished = BTreeMap::new();
        for (number, (_, chunk)) in chunks.iter().enumerate() {
            if chunk.get("error").is_some() {
                assert_eq!(number, chunks.len() - 1);
                return;
            }
            assert_eq!(chunk["id"], chunks[0].1["id"]);
            let choices = chunk["choices"].as_array().unwrap();
            if choices.is_empty() {
                assert_eq!(number, chunks.len() - 1);
                assert!(chunk["usage"].is_object());
            }
            for choice in choices {
                let index = choice["index"].as_u64().unwrap();
                let first = !finished.contains_key(&index);
                assert_eq!(choice["delta"].get("role").is_some(), first);
                assert_ne!(finished.get(&index), Some(&true), "nothing comes behind");
                finished.insert(index, !choice["finish_reason"].is_null());
            }
        }
        assert!(!finished.is_empty() && finished.values().all(|finished| *finished));
    });
}

/// API reference, "Streaming events". What lies between is checked where the dialect is.
#[test]
fn responses_begin_and_end() {
    each(DialectId::OpenAiResponses, |events| {
        let names = names(events);
        assert_eq!(
            names[..2],
            ["response.created", "response.in_progress"],
            "{names:?}"
        );
        let last = *names.last().unwrap();
        let ends = [
            "response.completed",
            "response.incomplete",
            "response.failed",
        ];
        assert!(ends.contains(&last), "{last}");
        let all = ends.iter().map(|end| count(events, end)).sum::<usize>();
        assert_eq!(all, 1);
        assert_eq!(count(events, "error"), usize::from(last == ends[2]));
        for (number, (_, event)) in events.iter().enumerate() {
            assert_eq!(event["sequence_number"], number);
        }
    });
}

/// The guide "Streaming messages": one block at a time, each with deltas of its own kind.
#[test]
fn anthropic_blocks() {
    each(DialectId::Anthropic, |events| {
        assert_eq!(events[0].0, "message_start");
        assert_eq!(count(events, "message_start"), 1);
        let mut open: Option<&str> = None;
        let mut blocks = 0_u64;
        for (name, event) in &events[1..] {
            match name.as_str() {
                "ping" => {}
                "content_block_start" => {
                    assert_eq!((open, &event["index"]), (None, &Value::from(blocks)));
                    open = event["content_block"]["type"].as_str();
                }
                "content_block_delta" => {
                    assert_eq!(event["index"], blocks);
                    let fits: &[&str] = match open.unwrap() {
                        "text" => &["text_delta", "citations_delta"],
                        "thinking" => &["thinking_delta", "signature_delta"],
                        _ => &["input_json_delta"],
                    };
                    assert!(fits.contains(&event["delta"]["type"].as_str().unwrap()));
                }
                "content_block_stop" => {
                    assert!(open.take().is_some());
                    assert_eq!(event["index"], blocks);
                    blocks += 1;
                }
                "message_delta" | "message_stop" => assert_eq!(open, None),
                other => assert_eq!(other, "error"),
            }
        }
        let names = names(events);
        let (last, before) = (names[names.len() - 1], names[names.len() - 2]);
        assert!(
            last == "error" || (before, last) == ("message_delta", "message_stop"),
            "{names:?}"
        );
        assert_eq!(count(events, "message_stop"), usize::from(last != "error"));
    });
}

/// API reference of Amazon Bedrock, `ConverseStream`; only a tool's block says that it starts.
#[test]
fn bedrock_blocks() {
    each(DialectId::Bedrock, |events| {
        assert_eq!(events[0].0, "messageStart");
        assert_eq!(count(events, "messageStart"), 1);
        let mut open = false;
        let mut blocks = 0_u64;
        for (name, event) in &events[1..] {
            match name.as_str() {
                "contentBlockStart" => {
                    assert!(!open);
                    assert_eq!(event["contentBlockIndex"], blocks);
                    open = true;
                }
                "contentBlockDelta" => {
                    assert!(open || event["delta"].get("toolUse").is_none());
                    assert_eq!(event["contentBlockIndex"], blocks);
                    open = true;
                }
                "contentBlockStop" => {
                    assert_eq!(event["contentBlockIndex"], blocks);
                    open = false;
                    blocks += 1;
                }
                "messageStop" => assert!(!open),
                other => assert!(other == "metadata" || other.ends_with("Exception")),
            }
        }
        let names = names(events);
        let end = &names[names.len() - 2..];
        assert!(
            end == ["messageStop", "metadata"] || end[1].ends_with("Exception"),
            "{names:?}"
        );
    });
}

/// API reference of Cohere, "Chat with streaming": what starts ends, and nothing lies across.
#[test]
fn cohere_pieces() {
    each(DialectId::Cohere, |events| {
        let names = names(events);
        assert_eq!(names[0], "message-start");
        assert_eq!(names[names.len() - 2..], ["message-end", "[DONE]"]);
        let mut open: Option<(String, &Value)> = None;
        for (name, event) in &events[1..events.len() - 2] {
            let (piece, step) = name.rsplit_once('-').unwrap();
            let here = (piece.to_owned(), &event["index"]);
            match (piece, step) {
                ("content" | "tool-call", "start") => assert!(open.replace(here).is_none()),
                ("content" | "tool-call", "delta") => assert_eq!(open.as_ref(), Some(&here)),
                ("content" | "tool-call", "end") => assert_eq!(open.take(), Some(here)),
                ("tool-plan", "delta") => assert_eq!(open, None),
                ("citation", "start" | "end") => {}
                _ => panic!("{name}"),
            }
        }
        let failed = events[events.len() - 2].1["delta"].get("error").is_some();
        assert!(open.is_none() || failed);
    });
}

/// Ollama's API documentation: `done` is true on the last line, which holds the counts.
#[test]
fn ollama_lines() {
    each(DialectId::Ollama, |events| {
        let ((_, last), before) = events.split_last().unwrap();
        assert!(before.iter().all(|(_, line)| line["done"] == false));
        assert!(last.get("error").is_some() || last["done"] == true);
    });
}

/// Each candidate finishes once, and says nothing after that.
#[test]
fn gemini_candidates() {
    each(DialectId::Gemini, |events| {
        let mut finished = BTreeMap::new();
        for (number, (_, event)) in events.iter().enumerate() {
            if event.get("error").is_some() {
                assert_eq!(number, events.len() - 1);
                return;
            }
            let candidates = event.get("candidates").and_then(Value::as_array);
            for candidate in candidates.into_iter().flatten() {
                let index = candidate["index"].as_u64().unwrap_or_default();
                assert_ne!(finished.get(&index), Some(&true), "nothing comes behind");
                finished.insert(index, candidate.get("finishReason").is_some());
            }
        }
        assert!(!finished.is_empty() && finished.values().all(|finished| *finished));
        let (_, last) = events.last().unwrap();
        assert!(last["usageMetadata"].is_object());
    });
}
