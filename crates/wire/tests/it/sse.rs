//! Server-sent events as the WHATWG HTML standard, section 9.2, has them, in any pieces.

use lockgate_wire::sse::{MAX_FRAME, SseDecoder, SseEvent};
use proptest::collection::vec;
use proptest::prelude::*;

fn decode(pieces: &[&[u8]]) -> Vec<(String, String)> {
    let mut decoder = SseDecoder::default();
    let mut out = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut out).unwrap();
    }
    decoder.finish(&mut out);
    out.into_iter()
        .map(|SseEvent { name, data }| (name, data))
        .collect()
}

/// The events of `stream`, the same however it is cut in two, and byte by byte.
fn events(stream: &str) -> Vec<(String, String)> {
    let bytes = stream.as_bytes();
    let whole = decode(&[bytes]);
    for cut in 0..=bytes.len() {
        let (a, b) = bytes.split_at(cut);
        assert_eq!(decode(&[a, b]), whole, "{stream:?} cut at {cut}");
        assert_eq!(decode(&[a, b"", b]), whole, "{stream:?} cut at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(decode(&single), whole, "{stream:?} byte by byte");
    whole
}

/// The data of events without a name.
fn data(stream: &str) -> Vec<String> {
    let nameless = |(name, data): (String, String)| {
        assert_eq!(name, "", "{stream:?}");
        data
    };
    events(stream).into_iter().map(nameless).collect()
}

#[test]
fn examples_of_the_standard() {
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    assert_eq!(
        data(
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
        ),
        ["first event", "second event", " third event"]
    );
    assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n", ""]);
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
}

#[test]
fn any_line_ending_ends_a_line() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = format!("event: ping{end}data: a{end}data: b{end}{end}data: c{end}{end}");
        let expected = [("ping", "a\nb"), ("", "c")].map(|(n, d)| (n.to_owned(), d.to_owned()));
        assert_eq!(events(&stream), expected, "{end:?}");
    }
    // A carriage return and the line feed after it are one ending, a second line feed is another.
    assert_eq!(data("data: a\r\n\ndata: b\r\n\n"), ["a", "b"]);
    assert_eq!(data("data: a\n\rdata: b\n\r"), ["a", "b"]);
    assert_eq!(data("data: a\r\rdata: b\r\n\r\n"), ["a", "b"]);
}

#[test]
fn a_byte_order_mark_is_skipped_once() {
    assert_eq!(
        data("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n"),
        ["a", "c"]
    );
    assert_eq!(data("\u{feff}\ndata: a\n\n"), ["a"]);
}

#[test]
fn comments_and_other_fields_say_nothing() {
    assert_eq!(
        data(
            ": OPENROUTER PROCESSING\n\n:\n\nretry: 10\nid: 7\nfoo: bar\n\ndata: a\n: within\ndata: b\n\n"
        ),
        ["a\nb"]
    );
    assert_eq!(data("Data: a\n\n data: b\n\ndata : c\n\n"), [""; 0]);
}

#[test]
fn a_name_belongs_to_its_own_event() {
    assert_eq!(
        events("event: lost\n\nevent: x\nevent: y\ndata: 1\n\ndata: 2\n\n"),
        [("y", "1"), ("", "2")].map(|(n, d)| (n.to_owned(), d.to_owned()))
    );
}

#[test]
fn an_end_without_blank_line_still_delivers() {
    assert_eq!(data("data: a\n\ndata: b\n"), ["a", "b"]);
    assert_eq!(data("data: a\n\ndata: b"), ["a", "b"]);
    assert_eq!(data("data: a\n\n\n\n\n"), ["a"]);
    assert_eq!(data(""), [""; 0]);
}

#[test]
fn only_one_space_is_taken_off() {
    assert_eq!(
        data("data:  {\"a\": 1} \n\ndata:\ta\n\n"),
        [" {\"a\": 1} ", "\ta"]
    );
    assert_eq!(data("data: a: b\n\n"), ["a: b"]);
}

#[test]
fn a_frame_without_end_is_refused() {
    let mut decoder = SseDecoder::default();
    let mut out = Vec::new();
    decoder.push(b"data: ", &mut out).unwrap();
    let much = vec![b'a'; MAX_FRAME];
    assert!(decoder.push(&much, &mut out).is_err());
    assert_eq!(out, []);
}

proptest! {
    #[test]
    fn no_cut_changes_anything(
        lines in vec(prop_oneof![
            Just("data: a"), Just("data:"), Just("data: \u{1f30a}b"), Just("event: e"), Just(": c"),
            Just(""), Just(""), Just("id: 1"),
        ], 0..12),
        ends in vec(prop_oneof![Just("\n"), Just("\r"), Just("\r\n")], 12),
        cuts in vec(0..200usize, 0..6),
    ) {
        let stream: String = lines.iter().zip(&ends).flat_map(|(line, end)| [*line, *end]).collect();
        let bytes = stream.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut at = 0;
        for cut in cuts.into_iter().chain([bytes.len()]) {
            pieces.push(&bytes[at..cut]);
            at = cut;
        }
        prop_assert_eq!(decode(&pieces), decode(&[bytes]));
        // Read line by line after all endings are made alike.
        let plain = stream.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(decode(&[plain.as_bytes()]), decode(&[bytes]));
    }
}
