//! The body's framing, in any pieces.

use bytes::BytesMut;
use lockgate_engine::upstream::http1::{Decoder, FramingError};
use proptest::collection::vec;
use proptest::prelude::*;

/// What became of a body that came in pieces.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    payload: Vec<u8>,
    surplus: Vec<u8>,
    result: Result<bool, FramingError>,
}

/// Gives `wire` to `decoder`, cut at `cuts`.
fn decode(mut decoder: Decoder, wire: &[u8], cuts: &[usize]) -> Outcome {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (wire.len() + 1)).collect();
    cuts.extend([0, wire.len()]);
    cuts.sort_unstable();
    let mut out = BytesMut::new();
    let mut surplus = Vec::new();
    let mut result = Ok(());
    for pair in cuts.windows(2) {
        let mut input = &wire[pair[0]..pair[1]];
        result = result.and_then(|()| decoder.decode(&mut input, &mut out));
        surplus.extend_from_slice(input);
    }
    if result.is_err() {
        surplus.clear();
    }
    Outcome {
        payload: out.to_vec(),
        surplus,
        result: result.map(|()| decoder.has_ended()),
    }
}

fn everywhere(wire: &[u8]) -> Vec<usize> {
    (0..wire.len()).collect()
}

fn complete(payload: &[u8], surplus: &[u8]) -> Outcome {
    Outcome {
        payload: payload.to_vec(),
        surplus: surplus.to_vec(),
        result: Ok(true),
    }
}

fn chunk() -> impl Strategy<Value = (Vec<u8>, bool, &'static str)> {
    let extension = prop_oneof![
        4 => Just(""),
        1 => Just(";a=b"),
        1 => Just(" ; name=\"a value; quoted\""),
        1 => Just("  \t"),
    ];
    (vec(any::<u8>(), 1..300), any::<bool>(), extension)
}

fn encode(chunks: &[(Vec<u8>, bool, &str)], trailers: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for (data, upper, extension) in chunks {
        let size = if *upper {
            format!("{:04X}", data.len())
        } else {
            format!("{:x}", data.len())
        };
        wire.extend_from_slice(format!("{size}{extension}\r\n").as_bytes());
        wire.extend_from_slice(data);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
    wire
}

proptest! {
    #[test]
    fn chunks_come_out_however_they_are_cut(
        chunks in vec(chunk(), 0..8),
        trailers in prop_oneof![Just(""), Just("x-a: b\r\nETag:\r\n")],
        surplus in vec(any::<u8>(), 0..20),
        cuts in vec(any::<usize>(), 0..30),
    ) {
        let mut wire = encode(&chunks, trailers);
        wire.extend_from_slice(&surplus);
        let payload: Vec<u8> = chunks.iter().flat_map(|(data, ..)| data.clone()).collect();
        let expected = complete(&payload, &surplus);
        prop_assert_eq!(&decode(Decoder::chunked(), &wire, &cuts), &expected);
        prop_assert_eq!(&decode(Decoder::chunked(), &wire, &everywhere(&wire)), &expected);
    }

    #[test]
    fn a_length_is_kept_to_the_byte(
        body in vec(any::<u8>(), 0..500),
        surplus in vec(any::<u8>(), 0..20),
        cuts in vec(any::<usize>(), 0..10),
    ) {
        let wire = [body.as_slice(), &surplus].concat();
        let decoder = Decoder::length(body.len() as u64);
        prop_assert_eq!(decode(decoder, &wire, &cuts), complete(&body, &surplus));
    }

    /// What two readers of the same bytes must never do is disagree.
    #[test]
    fn any_bytes_mean_the_same_however_they_are_cut(
        wire in vec(prop_oneof![
            Just(b'\r'), Just(b'\n'), Just(b'0'), Just(b'1'), Just(b'a'), Just(b';'), Just(b' '),
            Just(b':'), any::<u8>(),
        ], 0..60),
        cuts in vec(any::<usize>(), 0..30),
    ) {
        let whole = decode(Decoder::chunked(), &wire, &[]);
        let cut = decode(Decoder::chunked(), &wire, &cuts);
        prop_assert_eq!(whole, cut);
    }
}

#[test]
fn chunks_that_are_none_are_refused() {
    let table: &[(&[u8], FramingError)] = &[
        (b"\r\n", FramingError::Size),
        (b"g\r\n", FramingError::Size),
        (b"-1\r\n", FramingError::Size),
        (b"+1\r\na\r\n", FramingError::Size),
        (b"0x1\r\na\r\n", FramingError::Size),
        (b" 1\r\na\r\n", FramingError::Size),
        (b"1 2\r\na\r\n", FramingError::Size),
        (b"1\na\r\n", FramingError::Size),
        (b"1\r\r\na\r\n", FramingError::Size),
        (b"00000000000000001\r\n", FramingError::Size),
        (b"10000000000000000\r\n", FramingError::Size),
        (b"1;a\nb\r\na\r\n", FramingError::Extension),
        (b"1;\x00\r\na\r\n", FramingError::Extension),
        (b"1\r\nab\r\n", FramingError::ChunkEnd),
        (b"1\r\na\n", FramingError::ChunkEnd),
        (b"1\r\na\rb", FramingError::ChunkEnd),
        (b"2\r\na\r\n0\r\n\r\n", FramingError::ChunkEnd),
        (b"0\r\n x: folded\r\n\r\n", FramingError::Trailer),
        (b"0\r\nx: a\r\n b\r\n\r\n", FramingError::Trailer),
        (b"0\r\nx : a\r\n\r\n", FramingError::Trailer),
        (b"0\r\n: a\r\n\r\n", FramingError::Trailer),
        (b"0\r\nno colon\r\n\r\n", FramingError::Trailer),
        (b"0\r\nx: a\n\r\n", FramingError::Trailer),
        (b"0\r\n\rx", FramingError::Trailer),
    ];
    for (wire, error) in table {
        for cuts in [vec![], everywhere(wire)] {
            let outcome = decode(Decoder::chunked(), wire, &cuts);
            assert_eq!(outcome.result, Err(*error), "{}", wire.escape_ascii());
        }
    }
}

#[test]
fn extensions_and_trailers_have_an_end() {
    let mut wire = Vec::new();
    for _ in 0..17 {
        wire.extend_from_slice(format!("1;{}\r\na\r\n", "e".repeat(1024)).as_bytes());
    }
    let outcome = decode(Decoder::chunked(), &wire, &[]);
    assert_eq!(outcome.result, Err(FramingError::Extension));
    let wire = format!("0\r\n{}\r\n", "x: a\r\n".repeat(11_000));
    let outcome = decode(Decoder::chunked(), wire.as_bytes(), &[]);
    assert_eq!(outcome.result, Err(FramingError::Trailer));
}

#[test]
fn the_largest_chunk_is_only_a_number() {
    let outcome = decode(Decoder::chunked(), b"ffffffffffffffff\r\nabc", &[]);
    assert_eq!(
        (outcome.payload.as_slice(), outcome.result),
        (&b"abc"[..], Ok(false))
    );
}

#[test]
fn the_end_of_a_connection_ends_only_what_may_end_so() {
    assert_eq!(Decoder::until_close().finish(), Ok(()));
    assert_eq!(Decoder::empty().finish(), Ok(()));
    assert_eq!(Decoder::length(1).finish(), Err(FramingError::Truncated));
    assert_eq!(Decoder::chunked().finish(), Err(FramingError::Truncated));
    let mut last_line_missing = Decoder::chunked();
    let mut wire: &[u8] = b"1\r\na\r\n0\r\n";
    last_line_missing
        .decode(&mut wire, &mut BytesMut::new())
        .unwrap();
    assert_eq!(last_line_missing.finish(), Err(FramingError::Truncated));
}
