//! Any split of a stream, and any bytes at all.

use super::requests::everything;
use super::*;

/// `body` cut at `cuts`.
fn pieces<'a>(body: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
    at.extend([0, body.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect()
}

fn relayed(pieces: &[&[u8]]) -> (Vec<u8>, lockgate_wire::relay::Sighting) {
    let mut relay = Relay::new(&Gemini, Some("chat"), Spliced::default());
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(&relay.push(Bytes::copy_from_slice(piece)));
    }
    out.extend_from_slice(&relay.finish());
    (out, relay.seen().clone())
}

#[test]
fn single_bytes_are_as_good_as_the_whole() {
    for (name, body) in fixtures("streams") {
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(events(&bytes), events(&[&body]), "{name}");
        assert_eq!(relayed(&bytes).0, body, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn splits_do_not_matter(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        for (name, body) in fixtures("streams") {
            let pieces = pieces(&body, &cuts);
            let whole = events(&[&body]).unwrap();
            prop_assert_eq!(&events(&pieces).unwrap(), &whole, "{}", name);
            let (bytes, seen) = relayed(&pieces);
            prop_assert_eq!(&bytes[..], &body[..], "{}", name);
            let usage = whole.iter().rev().find_map(|event| match event {
                StreamEvent::Usage(usage) => Some(*usage),
                _ => None,
            });
            prop_assert_eq!(seen.usage, usage, "{}", name);
            prop_assert_eq!(seen.error.is_some(), name == "error.sse");
        }
    }

    #[test]
    fn nothing_panics_on_noise(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        feed(&noise);
    }

    #[test]
    fn nothing_panics_on_mutations(
        at in any::<prop::sample::Index>(),
        len in 0usize..40,
        with in prop::sample::select(vec!["", "null", "7", "\"x\"", "{}", "[]", "-1e99", "\u{0}"]),
    ) {
        for kind in ["requests", "responses", "streams", "errors", "embeddings"] {
            for (_, body) in fixtures(kind) {
                let start = at.index(body.len());
                let end = (start + len).min(body.len());
                let mut mutated = body[..start].to_vec();
                mutated.extend_from_slice(with.as_bytes());
                mutated.extend_from_slice(&body[end..]);
                feed(&mutated);
            }
        }
    }
}

/// Gives `body` to every reader, and what is read to the writers.
fn feed(body: &[u8]) {
    let _ = events(&[body]).map(|events| stream(&events));
    let _ = Gemini.decode_error(500, body);
    let _ = Gemini.sniff(body);
    if let Ok(response) = Gemini.decode_response(body) {
        let _ = Gemini.encode_response(&response, &reply(Operation::Chat));
    }
    let _ = Gemini.decode_embedding_response(body);
    let Ok(mut object) = JsonObject::parse(Bytes::copy_from_slice(body), 128) else {
        return;
    };
    for operation in [Operation::Chat, Operation::CountTokens] {
        if let Ok(request) = Gemini.decode_request(&head(operation), &object) {
            for model in [MODEL, "gemma"] {
                let _ = Gemini.encode_request(&request, &target(model));
            }
        }
    }
    let _ = Gemini.decode_embedding_request(&head(Operation::Embeddings), &object);
    let _ = Gemini.splice_request(&mut object, &target(MODEL), &everything().params);
}
