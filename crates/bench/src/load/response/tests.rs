use super::{Framing, ResponseReader};
use crate::load::LoadError;

const WHOLE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}";

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
    9\r\ndata: a\n\n\r\n\
    1B;x=1\r\n: note\n\nevent: b\ndata: b\r\n\r\r\n\
    8\r\n\n\ndata: \r\n\
    4\r\nc\n\n\n\r\n\
    0\r\nx-trailer: 1\r\n\r\n";

fn read(bytes: &[u8], piece: usize) -> ResponseReader {
    let mut reader = ResponseReader::new(Framing::Sse);
    for piece in bytes.chunks(piece) {
        assert!(!reader.is_done());
        reader.feed(piece).unwrap();
    }
    reader
}

#[test]
fn any_split_gives_the_same_answer() {
    for piece in 1..=CHUNKED.len() {
        let reader = read(CHUNKED, piece);
        assert!(reader.is_done(), "pieces of {piece}");
        // The comment is none of them.
        assert_eq!(reader.events(), 3, "pieces of {piece}");
    }
    for piece in 1..=WHOLE.len() {
        assert!(read(WHOLE, piece).is_done(), "pieces of {piece}");
    }
}

#[test]
fn every_missing_byte_is_noticed() {
    for end in 0..CHUNKED.len() {
        let mut reader = ResponseReader::new(Framing::Sse);
        assert!(!reader.feed(&CHUNKED[..end]).unwrap(), "{end} bytes");
    }
}

#[test]
fn a_connection_serves_one_answer_after_the_other() {
    let mut reader = ResponseReader::new(Framing::Sse);
    for bytes in [CHUNKED, WHOLE, CHUNKED] {
        reader.reset();
        assert!(reader.feed(bytes).unwrap());
    }
    assert_eq!(reader.events(), 3);
}

#[test]
fn what_does_not_count_says_why() {
    let mut reader = ResponseReader::new(Framing::Whole);
    reader
        .feed(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n")
        .unwrap();
    assert!(reader.is_done());
    assert!(matches!(reader.check(None), Err(LoadError::Status(429))));

    let reader = read(CHUNKED, 7);
    assert!(matches!(
        reader.check(Some(4)),
        Err(LoadError::Events(3, 4))
    ));
    assert!(reader.check(Some(3)).is_ok());
}

#[test]
fn broken_answers_are_errors() {
    let broken: [&[u8]; 4] = [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab",
    ];
    for bytes in broken {
        let mut reader = ResponseReader::new(Framing::Whole);
        assert!(
            matches!(reader.feed(bytes), Err(LoadError::Malformed(_))),
            "{bytes:?}"
        );
    }
}
