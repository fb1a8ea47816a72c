//! What holds for any bytes and any split of them.

use bytes::Bytes;
use lockgate_wire::canonical::Params;
use lockgate_wire::json::JsonObject;
use proptest::prelude::*;

use super::relay::{relay, relayed_by_hand};
use super::{
    dialect, encode, encode_events, events, events_in_pieces, fixtures, head, reply, target,
};

fn any_stream() -> impl Strategy<Value = (String, Vec<u8>)> {
    proptest::sample::select(fixtures("streams"))
}

proptest! {
    #[test]
    fn any_split_of_a_stream_gives_the_same_events(
        (name, stream) in any_stream(),
        lengths in proptest::collection::vec(0usize..400, 0..60),
    ) {
        prop_assert_eq!(events_in_pieces(&stream, &lengths), events(&stream), "{}", name);
    }

    #[test]
    fn any_split_of_a_stream_is_relayed_alike(
        (name, stream) in any_stream(),
        lengths in proptest::collection::vec(1usize..600, 0..60),
    ) {
        let expected = relayed_by_hand(std::str::from_utf8(&stream).unwrap());
        let (_, out) = relay(&stream, &lengths);
        prop_assert_eq!(String::from_utf8(out).unwrap(), expected, "{}", name);
    }

    #[test]
    fn nothing_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        feed(&bytes);
    }

    #[test]
    fn nothing_panics_on_a_broken_fixture(
        (_, body) in proptest::sample::select(all_fixtures()),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any_token()), 1..4),
    ) {
        let mut body = body;
        for (at, token) in edits {
            let at = at.index(body.len());
            let end = (at + token.len()).min(body.len());
            body.splice(at..end, token.bytes());
        }
        feed(&body);
    }
}

fn all_fixtures() -> Vec<(String, Vec<u8>)> {
    ["requests", "responses", "streams", "errors"]
        .into_iter()
        .flat_map(fixtures)
        .filter(|(_, body)| !body.is_empty())
        .collect()
}

fn any_token() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "null",
        "0",
        "-1",
        "18446744073709551615",
        "1e400",
        "\"\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "true",
        "\\ud800",
        "\u{7f}",
        "\n\n",
        "data: ",
    ])
}

/// Gives `bytes` to every reader, and what is read to the writers.
fn feed(bytes: &[u8]) {
    let dialect = dialect();
    if let Ok(mut object) = JsonObject::parse(Bytes::copy_from_slice(bytes), 64) {
        if let Ok(request) = dialect.decode_request(&head(), &object) {
            for model in ["gpt-4o", "o3", "gpt-5.1", "qwen"] {
                encode(&request, model);
            }
        }
        let mut context = reply();
        context.echo = dialect.echo(&object);
        dialect.encode_response(&Default::default(), &context);
        let _ = dialect.splice_request(&mut object, &target("m", true), &Params::default());
    }
    if let Ok(response) = dialect.decode_response(bytes) {
        dialect.encode_response(&response, &reply());
    }
    if let Ok(events) = events(bytes) {
        encode_events(&events, &reply());
    }
    dialect.encode_error(&dialect.decode_error(400, bytes));
    dialect.sniff(bytes);
    relay(bytes, &[7]);
}
