//! Amazon's event stream framing.

use bytes::{BufMut, BytesMut};
use lockgate_wire::dialect::StreamError;
use lockgate_wire::event_stream::{EventStreamDecoder, EventStreamError, Frame, write_frame};
use lockgate_wire::sse::{FrameTooLarge, MAX_FRAME};
use proptest::collection::vec;
use proptest::prelude::*;

/// A frame with a header that is a number, as another implementation wrote it (the vectors of
/// Amazon's SDKs).
const INT_HEADER: &[u8] = b"\x00\x00\x00+\x00\x00\x00\x0e4\x8b\xec{\x08event-id\x04\x00\x00\xa0\x0c{'foo':'bar'}\xd3\x89\x02\x85";

fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    write_frame(headers, |out| out.put_slice(payload), &mut out);
    out.to_vec()
}

/// Names and payloads of the frames of a stream that arrives in `pieces`.
fn read(pieces: &[&[u8]]) -> Result<Vec<(String, Vec<u8>)>, EventStreamError> {
    let mut decoder = EventStreamDecoder::default();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Some(frame) = decoder.next_frame()? {
            let name = frame.header(":event-type").unwrap_or_default();
            frames.push((name.to_owned(), frame.payload().to_vec()));
        }
    }
    decoder.finish()?;
    Ok(frames)
}

#[test]
fn reads_what_others_wrote() {
    let (frame, length) = Frame::parse(INT_HEADER).unwrap().unwrap();
    assert_eq!(length, INT_HEADER.len());
    assert_eq!(frame.payload(), b"{'foo':'bar'}");
    // The header is there, and is no text.
    assert_eq!(frame.header("event-id"), None);
}

#[test]
fn writes_what_others_read() {
    // The smallest frame there is, from the same vectors.
    assert_eq!(
        frame(&[], b""),
        b"\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2H\xeb}\x98\xc8\xff"
    );
}

#[test]
fn headers_of_every_type_are_passed_over() {
    let mut headers = Vec::new();
    let values: [(u8, &[u8]); 9] = [
        (0, b""),
        (1, b""),
        (2, b"\x01"),
        (3, b"\x00\x01"),
        (4, b"\x00\x00\x00\x01"),
        (5, b"\x00\x00\x00\x00\x00\x00\x00\x01"),
        (6, b"\x00\x02ab"),
        (8, b"\x00\x00\x00\x00\x00\x00\x00\x01"),
        (9, b"0123456789abcdef"),
    ];
    for (kind, value) in values {
        headers.extend_from_slice(b"\x01h");
        headers.push(kind);
        headers.extend_from_slice(value);
    }
    headers.extend_from_slice(b"\x01t\x07\x00\x03end");
    let mut bytes = Vec::new();
    bytes.put_u32(16 + headers.len() as u32);
    bytes.put_u32(headers.len() as u32);
    bytes.put_u32(crc32fast::hash(&bytes));
    bytes.extend_from_slice(&headers);
    bytes.put_u32(crc32fast::hash(&bytes));
    let (frame, _) = Frame::parse(&bytes).unwrap().unwrap();
    assert_eq!(frame.header("t"), Some("end"));
    assert_eq!(frame.header("h"), None);
    assert_eq!(frame.header("x"), None);
}

#[test]
fn a_changed_byte_is_noticed() {
    let whole = frame(&[(":event-type", "e")], b"{\"a\":1}");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        let read = Frame::parse(&changed);
        let prelude = matches!(read, Err(EventStreamError::PreludeChecksum));
        let message = matches!(read, Err(EventStreamError::Checksum));
        assert!(if at < 12 { prelude } else { message }, "{at}: {read:?}");
    }
}

#[test]
fn lengths_are_checked() {
    let prelude = |total: u32, headers: u32| {
        let mut bytes = Vec::new();
        bytes.put_u32(total);
        bytes.put_u32(headers);
        bytes.put_u32(crc32fast::hash(&bytes));
        bytes.put_u32(0);
        bytes
    };
    for (total, headers) in [(0, 0), (15, 0), (16, 1), (40, 25), (16, u32::MAX)] {
        assert_eq!(
            Frame::parse(&prelude(total, headers)),
            Err(EventStreamError::Lengths),
            "{total} {headers}"
        );
    }
    let large = Frame::parse(&prelude(u32::MAX, 0)).unwrap_err();
    let limit = FrameTooLarge { limit: MAX_FRAME };
    assert_eq!(large, EventStreamError::TooLarge(limit));
    assert_eq!(StreamError::from(large), StreamError::FrameTooLarge(limit));
}

#[test]
fn a_cut_frame_is_incomplete() {
    let whole = frame(&[(":event-type", "e")], b"payload");
    for end in 1..whole.len() {
        assert_eq!(read(&[&whole[..end]]), Err(EventStreamError::Incomplete));
    }
    assert_eq!(read(&[]), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn frames_come_back_however_they_are_cut(
        frames in vec(("[a-zA-Z]{0,12}", vec(any::<u8>(), 0..60)), 0..6),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut bytes = Vec::new();
        for (name, payload) in &frames {
            let headers = [(":message-type", "event"), (":event-type", name.as_str())];
            bytes.extend(frame(&headers, payload));
        }
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        ends.push(bytes.len());
        ends.sort_unstable();
        let mut at = 0;
        let mut pieces = Vec::new();
        for end in ends {
            pieces.push(&bytes[at..end]);
            at = end;
        }
        prop_assert_eq!(read(&pieces), Ok(frames));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read(&[&bytes]);
        // Behind a prelude that is right, too.
        let mut framed = Vec::new();
        framed.put_u32(16 + bytes.len() as u32);
        framed.put_u32(bytes.len() as u32 / 2);
        framed.put_u32(crc32fast::hash(&framed));
        framed.extend_from_slice(&bytes);
        framed.put_u32(crc32fast::hash(&framed));
        let (frame, _) = Frame::parse(&framed).unwrap().unwrap();
        let _ = frame.header("a");
    }
}
