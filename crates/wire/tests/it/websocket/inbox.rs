//! Messages for the gateway itself.

use bytes::{Bytes, BytesMut};
use lockgate_wire::websocket::{Inbox, Opcode, Received, Violation};
use proptest::prelude::*;

use super::frame;

const MASK: Option<[u8; 4]> = Some([5, 6, 7, 8]);

fn read(sent: &[u8], piece: usize, limit: usize) -> Result<Vec<Received>, Violation> {
    let (mut inbox, mut input) = (Inbox::new(limit), BytesMut::new());
    let mut received = Vec::new();
    for piece in sent.chunks(piece) {
        input.extend_from_slice(piece);
        while let Some(next) = inbox.next(&mut input)? {
            received.push(next);
        }
    }
    Ok(received)
}

proptest! {
    #[test]
    fn messages_come_in_any_pieces(piece in 1..40_usize) {
        let sent = [
            frame(true, Opcode::Text, MASK, b"one"),
            frame(false, Opcode::Binary, MASK, b"t"),
            frame(true, Opcode::Ping, MASK, b"?"),
            frame(false, Opcode::Continuation, MASK, b""),
            frame(true, Opcode::Continuation, MASK, b"wo"),
            frame(true, Opcode::Pong, MASK, b""),
            frame(true, Opcode::Close, MASK, b"\x03\xe8"),
        ]
        .concat();
        let received = read(&sent, piece, 100).unwrap();
        let message = |text: &'static str| Received::Message(Bytes::from_static(text.as_bytes()));
        prop_assert_eq!(&received[..4], &[
            message("one"),
            Received::Ping(Bytes::from_static(b"?")),
            message("two"),
            Received::Pong,
        ]);
        prop_assert!(matches!(&received[4], Received::Close(close) if close.code == Some(1000)));
    }

    #[test]
    fn anything_may_come(bytes in prop::collection::vec(any::<u8>(), 0..200), piece in 1..50_usize) {
        prop_assert_eq!(read(&bytes, piece, 64), read(&bytes, 200, 64));
    }
}

#[test]
fn limits_and_violations() {
    let pieces = [
        frame(false, Opcode::Text, MASK, b"123"),
        frame(true, Opcode::Continuation, MASK, b"45"),
    ]
    .concat();
    assert_eq!(read(&pieces, 1, 5).unwrap().len(), 1);
    assert_eq!(read(&pieces, 1, 4), Err(Violation::TooLong(4)));
    // What is too long is refused before it has come.
    assert_eq!(
        read(b"\x81\xff\0\0\0\0\x40\0\0\0\0\0\0\0", 14, 1000),
        Err(Violation::TooLong(1000))
    );
    assert_eq!(
        read(&frame(true, Opcode::Text, None, b"1"), 3, 5),
        Err(Violation::Masking)
    );
    assert_eq!(
        read(&frame(true, Opcode::Continuation, MASK, b"1"), 7, 5),
        Err(Violation::Order)
    );
}
