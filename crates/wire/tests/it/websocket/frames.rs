//! Headers, masks, closes, the handshake.

use bytes::BytesMut;
use lockgate_wire::websocket::{
    Close, FrameError, FrameHeader, MAX_HEADER, Mask, Opcode, accept, is_key, key,
};
use proptest::prelude::*;

use super::frame;

/// RFC 6455, section 1.3.
#[test]
fn the_handshake_of_the_rfc() {
    assert_eq!(
        accept(b"dGhlIHNhbXBsZSBub25jZQ=="),
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
    assert_eq!(key(*b"the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
    assert!(is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
    for wrong in [&b""[..], b"dGhl", b"not base64, no, no, no!!"] {
        assert!(!is_key(wrong), "{wrong:?}");
    }
}

/// RFC 6455, section 5.7.
#[test]
fn the_frames_of_the_rfc() {
    let masked = [0x37, 0xfa, 0x21, 0x3d];
    for (written, fin, opcode, mask, payload) in [
        (
            &b"\x81\x05Hello"[..],
            true,
            Opcode::Text,
            None,
            &b"Hello"[..],
        ),
        (
            b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
            true,
            Opcode::Text,
            Some(masked),
            b"Hello",
        ),
        (b"\x01\x03Hel", false, Opcode::Text, None, b"Hel"),
        (b"\x80\x02lo", true, Opcode::Continuation, None, b"lo"),
        (b"\x89\x05Hello", true, Opcode::Ping, None, b"Hello"),
        (
            b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
            true,
            Opcode::Pong,
            Some(masked),
            b"Hello",
        ),
    ] {
        assert_eq!(frame(fin, opcode, mask, payload), written);
    }
    assert!(frame(true, Opcode::Binary, None, &[0; 256]).starts_with(b"\x82\x7e\x01\x00"));
    let long = frame(true, Opcode::Binary, None, &[0; 65536]);
    assert!(long.starts_with(b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"));
}

#[test]
fn what_is_wrong_is_said_at_once() {
    for (written, wrong) in [
        (&b"\xc1"[..], FrameError::Reserved),
        (b"\xa1\x00", FrameError::Reserved),
        (b"\x91\x00", FrameError::Reserved),
        (b"\x83", FrameError::Opcode(3)),
        (b"\x8b", FrameError::Opcode(11)),
        (b"\x09\x00", FrameError::Control),
        (b"\x88\x7e", FrameError::Control),
        (b"\x82\xff\x80\0\0\0\0\0\0\0", FrameError::Length),
    ] {
        assert_eq!(FrameHeader::parse(written), Err(wrong), "{written:?}");
    }
}

#[test]
fn closes() {
    let close = Close::parse(b"\x03\xe8bye").unwrap();
    assert_eq!((close.code, &close.reason[..]), (Some(1000), &b"bye"[..]));
    assert_eq!(&close.payload()[..], b"\x03\xe8bye");
    assert_eq!(Close::parse(b"").unwrap().payload().len(), 0);
    assert_eq!(Close::parse(b"\x03"), None);
    for (code, sendable) in [
        (999, false),
        (1000, true),
        (1003, true),
        (1004, false),
        (1005, false),
        (1006, false),
        (1007, true),
        (1014, true),
        (1015, false),
        (2999, false),
        (3000, true),
        (4999, true),
        (5000, false),
    ] {
        let payload = u16::to_be_bytes(code);
        assert_eq!(Close::parse(&payload).is_some(), sendable, "{code}");
    }
    // A frame has room for 123 bytes of reason, and the last character stays whole.
    let long = Close::new(1011, &"ä".repeat(100));
    assert_eq!(long.payload().len(), 2 + 122);
}

proptest! {
    #[test]
    fn a_header_is_read_as_it_was_written(
        fin in any::<bool>(),
        opcode in 0..3_u8,
        mask in any::<Option<[u8; 4]>>(),
        length in prop_oneof![0..130_u64, 65_000..66_000_u64, 0..(1_u64 << 63)],
    ) {
        let opcode = [Opcode::Continuation, Opcode::Text, Opcode::Binary][usize::from(opcode)];
        let header = FrameHeader { fin, opcode, mask: mask.map(Mask::new), length };
        let mut written = BytesMut::new();
        header.write(&mut written);
        prop_assert!(written.len() <= MAX_HEADER);
        for end in 0..written.len() {
            prop_assert_eq!(FrameHeader::parse(&written[..end]), Ok(None));
        }
        let read = FrameHeader::parse(&written).unwrap();
        prop_assert_eq!(read, Some((header, written.len())));
    }

    #[test]
    fn anything_may_come(bytes in prop::collection::vec(any::<u8>(), 0..32)) {
        if let Ok(Some((_, length))) = FrameHeader::parse(&bytes) {
            prop_assert!(length <= bytes.len());
        }
    }

    #[test]
    fn a_mask_may_be_applied_in_pieces(
        key in any::<[u8; 4]>(),
        other in any::<[u8; 4]>(),
        payload in prop::collection::vec(any::<u8>(), 0..64),
        cut in 0..64_usize,
    ) {
        let simple = |key: [u8; 4]| -> Vec<u8> {
            payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
        };
        let mut pieces = payload.clone();
        let (first, second) = pieces.split_at_mut(cut.min(payload.len()));
        let mut mask = Mask::new(key);
        mask.apply(first);
        mask.apply(second);
        prop_assert_eq!(&pieces, &simple(key));
        Mask::new(key).exchanged(Mask::new(other)).apply(&mut pieces);
        prop_assert_eq!(pieces, simple(other));
    }
}
