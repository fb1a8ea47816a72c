//! What holds for any bytes in any pieces.

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::Params;
use lockgate_wire::dialect::Spliced;
use lockgate_wire::dialects::ollama::load_reply;
use lockgate_wire::json::JsonObject;
use lockgate_wire::operation::Operation;
use lockgate_wire::relay::Relay;
use proptest::prelude::*;

use super::{encode, events, fixtures, head, ollama, parse, pieces, reply, target, think_and_text};

fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let streams: Vec<Vec<u8>> = fixtures("streams").into_iter().map(|(_, s)| s).collect();
    prop::sample::select(streams)
}

fn any_sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..200, 1..20)
}

/// A fixture of any folder with some bytes overwritten.
fn any_mutation() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = ["requests", "responses", "streams", "errors", "embeddings"]
        .into_iter()
        .flat_map(fixtures)
        .map(|(_, body)| body)
        .collect();
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    (prop::sample::select(all), edits).prop_map(|(mut body, edits)| {
        for (at, byte) in edits {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(stream in any_stream(), sizes in any_sizes()) {
        let whole = events(&stream, &[usize::MAX]);
        prop_assert_eq!(&events(&stream, &sizes), &whole);
        prop_assert_eq!(&events(&stream, &[1]), &whole);
    }

    #[test]
    fn a_relay_changes_nothing_but_the_model(stream in any_stream(), sizes in any_sizes()) {
        let relayed = |model: Option<&str>| {
            let mut relay = Relay::new(ollama(), model, Spliced::default());
            let mut out = BytesMut::new();
            for piece in pieces(&stream, &sizes) {
                out.extend_from_slice(&relay.push(Bytes::copy_from_slice(piece)));
            }
            out.extend_from_slice(&relay.finish());
            (out, relay.seen().clone())
        };
        prop_assert_eq!(&relayed(None).0[..], &stream[..]);
        let text = String::from_utf8(stream.clone()).unwrap();
        let expected: String = text.lines().map(|line| {
            let model = parse(line.as_bytes())["model"].as_str().map(str::to_owned);
            let from = format!("{{\"model\":\"{}\"", model.unwrap_or_default());
            format!("{}\n", line.replacen(&from, "{\"model\":\"public\"", 1))
        }).collect();
        let (out, seen) = relayed(Some("public"));
        prop_assert_eq!(std::str::from_utf8(&out).unwrap(), expected);
        if seen.error.is_none() {
            prop_assert!(seen.finish.is_some() && seen.usage.is_some());
        }
    }

    #[test]
    fn nothing_makes_a_decoder_panic(body in prop_oneof![
        any_mutation(),
        prop::collection::vec(any::<u8>(), 0..200),
    ], sizes in any_sizes(), status in any::<u16>()) {
        let _ = events(&body, &sizes);
        let _ = ollama().decode_response(&body);
        let _ = ollama().decode_embedding_response(&body);
        let error = ollama().decode_error(status, &body);
        prop_assert!(!error.message.is_empty());
        let _ = ollama().sniff(&body);
        let rules = ollama().relay_rules();
        let _ = ((rules.is_content)(&body), (rules.is_usage_only)(&body));
        if let Ok(object) = JsonObject::parse(body.into(), 64) {
            for operation in [Operation::Chat, Operation::Generate] {
                if let Ok(request) = ollama().decode_request(&head(operation), &object) {
                    let _ = encode(&request);
                }
                let _ = load_reply(&object, &reply(operation));
            }
            for operation in [Operation::Embeddings, Operation::EmbeddingsSingle] {
                let _ = ollama().decode_embedding_request(&head(operation), &object);
            }
            let mut object = object;
            let defaults = Params { seed: Some(1), ..Params::default() };
            let _ = ollama().splice_request(&mut object, &target("m", true), &defaults);
        }
    }

    #[test]
    fn tags_split_anywhere_are_found(
        before in "[ \n]{0,2}", thinking in "[a-z<>/ \n]{0,12}", text in "[a-z<>/ \n]{0,12}",
        sizes in prop::collection::vec(1usize..9, 1..6),
    ) {
        let content = format!("{before}<think>{thinking}</think>{text}");
        let whole = [content.as_str()];
        let split: Vec<&str> = pieces(content.as_bytes(), &sizes)
            .into_iter()
            .map(|piece| std::str::from_utf8(piece).unwrap())
            .collect();
        prop_assert_eq!(think_and_text(&whole), think_and_text(&split));
    }
}
