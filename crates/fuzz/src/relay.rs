//! Answers that are passed on: the bytes are the upstream's, but for the model's name.

use bytes::Bytes;
use lockgate_wire::DialectId;
use lockgate_wire::dialect::Spliced;
use lockgate_wire::json::{self, JsonObject};
use lockgate_wire::ndjson::NdjsonDecoder;
use lockgate_wire::relay::{Relay, Sighting};
use lockgate_wire::sse::SseDecoder;

use crate::arrival::{dialect, ways};
use crate::frames;

/// The client's name for the model.
const MODEL: &str = "my \"group\"";

/// The first byte says which dialect and whether usage is taken out, the second one cuts, the rest
/// is the stream.
pub(crate) fn check(input: &[u8]) {
    let [first, cuts, rest @ ..] = input else {
        return;
    };
    let dialect = dialect(*first);
    let swallow = (usize::from(*first) / DialectId::ALL.len()) % 2 == 1;
    let bytes = match dialect {
        DialectId::Bedrock => frames::stream(rest),
        _ => rest.to_vec(),
    };
    let untouched = pass(dialect, None, false, &[&bytes]);
    assert_eq!(untouched.bytes, bytes, "untouched");
    let whole = pass(dialect, Some(MODEL), swallow, &[&bytes]);
    for pieces in ways(&bytes, *cuts) {
        assert_eq!(pass(dialect, None, false, &pieces), untouched, "in pieces");
        assert_eq!(
            pass(dialect, Some(MODEL), swallow, &pieces),
            whole,
            "in pieces"
        );
    }
    if !swallow {
        restamped(dialect, &bytes, &whole.bytes);
    }
    body(dialect, &bytes);
}

#[derive(Debug, PartialEq)]
struct Passed {
    bytes: Vec<u8>,
    seen: Sighting,
    content_seen: bool,
}

fn pass(dialect: DialectId, model: Option<&str>, swallow: bool, pieces: &[&[u8]]) -> Passed {
    let spliced = Spliced {
        usage_injected: swallow,
    };
    let mut relay = Relay::new(dialect.dialect(), model, spliced);
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend_from_slice(&relay.push(Bytes::copy_from_slice(piece)));
    }
    bytes.extend_from_slice(&relay.finish());
    Passed {
        bytes,
        seen: relay.seen().clone(),
        content_seen: relay.content_seen(),
    }
}

/// Where every frame names the model, every name is the client's, and all else is as it was.
fn restamped(dialect: DialectId, before: &[u8], after: &[u8]) {
    let (before, after) = match dialect {
        // A carriage return alone ends a line for a reader and not for the relay: no server sends
        // one.
        DialectId::OpenAiChat if has_lone_return(before) => return,
        DialectId::OpenAiChat => (events(before), events(after)),
        DialectId::Ollama => (lines(before), lines(after)),
        _ => return,
    };
    assert_eq!(before.len(), after.len(), "as many frames");
    for (before, after) in before.iter().zip(&after) {
        document(before, after);
    }
}

fn has_lone_return(stream: &[u8]) -> bool {
    stream
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'\r' && stream.get(at + 1) != Some(&b'\n'))
}

fn events(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = SseDecoder::default();
    let mut out = Vec::new();
    decoder.push(stream, &mut out).expect("a small stream");
    decoder.finish(&mut out);
    out.into_iter().map(|event| event.data.into()).collect()
}

fn lines(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = NdjsonDecoder::default();
    let mut out = Vec::new();
    decoder.push(stream, &mut out).expect("a small stream");
    decoder.finish(&mut out);
    out
}

/// One document, before and after it was passed on.
fn document(before: &[u8], after: &[u8]) {
    let Some(mut object) = object(before) else {
        return;
    };
    let named = object
        .get("model")
        .is_some_and(|raw| raw.starts_with(b"\""));
    let plain = stands_in(before, b"\"model\"") && !stands_in(before, b"\\u");
    if named && plain && !before.contains(&b'\n') {
        object.set("model", json::quote(MODEL));
    } else if named && before != after {
        // A name that is written with escapes, or on another line than its value, may be missed.
        object.set("model", json::quote(MODEL));
    }
    assert_eq!(
        String::from_utf8_lossy(after),
        String::from_utf8_lossy(&object.to_bytes())
    );
}

/// Whether `name` stands in `text` as it is written.
fn stands_in(text: &[u8], name: &[u8]) -> bool {
    text.windows(name.len()).any(|window| window == name)
}

fn object(text: &[u8]) -> Option<JsonObject> {
    JsonObject::parse(Bytes::copy_from_slice(text), usize::MAX).ok()
}

/// The same bytes as a whole answer.
fn body(dialect: DialectId, bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    let relay = |model| {
        let mut relay = Relay::new(dialect.dialect(), model, Spliced::default());
        relay.body(bytes.clone())
    };
    assert_eq!(relay(None), bytes, "untouched");
    let after = relay(Some(MODEL));
    match dialect.dialect().relay_rules().model_key {
        Some(b"\"model\"") => {
            document(&bytes, &after);
            if let Some(object) = object(&bytes) {
                let mut relay = Relay::new(dialect.dialect(), Some(MODEL), Spliced::default());
                document(&bytes, &relay.whole(object));
            }
        }
        _ => assert_eq!(after, bytes, "no answer of this API names its model"),
    }
}
