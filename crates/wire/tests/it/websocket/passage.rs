//! Frames on their way: unchanged but for masks, in any pieces, with little held back.

use bytes::BytesMut;
use lockgate_wire::websocket::{COLLECTED, Close, FrameError, HELD, Opcode, Passage, Violation};
use proptest::prelude::*;

use super::{OUT, Seen, frame, out_mask, push_cut};

const IN: [u8; 4] = [9, 8, 7, 6];

/// What a client sends, and what its upstream gets of it.
fn both(fin: bool, opcode: Opcode, payload: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (
        frame(fin, opcode, Some(IN), payload),
        frame(fin, opcode, Some(OUT), payload),
    )
}

#[derive(Debug, Clone)]
enum Sent {
    Whole(bool, Vec<u8>),
    Pieces(bool, Vec<Vec<u8>>, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        (0..3_usize, any::<u8>()).prop_map(|(more, byte)| vec![byte; HELD - 1 + more]),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    let control = || prop::collection::vec(any::<u8>(), 0..=125);
    prop_oneof![
        (any::<bool>(), payload()).prop_map(|(text, payload)| Sent::Whole(text, payload)),
        (
            any::<bool>(),
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 2..5),
            control()
        )
            .prop_map(|(text, pieces, ping)| Sent::Pieces(text, pieces, ping)),
        control().prop_map(Sent::Ping),
        control().prop_map(Sent::Pong),
    ]
}

/// The frames of a side that masks with `mask`.
fn frames(sent: &[Sent], mask: Option<[u8; 4]>) -> Vec<u8> {
    let opcode = |text| if text { Opcode::Text } else { Opcode::Binary };
    let mut out = Vec::new();
    for sent in sent {
        match sent {
            Sent::Whole(text, payload) => out.extend(frame(true, opcode(*text), mask, payload)),
            Sent::Ping(payload) => out.extend(frame(true, Opcode::Ping, mask, payload)),
            Sent::Pong(payload) => out.extend(frame(true, Opcode::Pong, mask, payload)),
            Sent::Pieces(text, pieces, ping) => {
                for (at, piece) in pieces.iter().enumerate() {
                    let opcode = match at {
                        0 => opcode(*text),
                        _ => Opcode::Continuation,
                    };
                    out.extend(frame(at + 1 == pieces.len(), opcode, mask, piece));
                    if at == 0 {
                        out.extend(frame(true, Opcode::Ping, mask, ping));
                    }
                }
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn frames_pass_in_any_pieces(
        sent in prop::collection::vec(sent(), 0..6),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let mut seen = Seen::default();
        let mut up = Passage::to_server(out_mask);
        let out = push_cut(&mut up, &frames(&sent, Some(IN)), &cuts, &mut seen).unwrap();
        prop_assert!(out == frames(&sent, Some(OUT)));
        prop_assert!(up.is_between_messages());

        let mut seen = Seen::default();
        let mut down = Passage::to_client();
        let out = push_cut(&mut down, &frames(&sent, None), &cuts, &mut seen).unwrap();
        prop_assert!(out == frames(&sent, None));
        // Every message of a server was seen once, whole.
        let mut messages: Vec<Vec<u8>> = sent
            .iter()
            .filter_map(|sent| match sent {
                Sent::Whole(_, payload) => Some(payload.clone()),
                Sent::Pieces(_, pieces, _) => Some(pieces.concat()),
                Sent::Ping(_) | Sent::Pong(_) => None,
            })
            .collect();
        let mut all = seen.messages;
        all.extend(seen.passed);
        messages.sort();
        all.sort();
        prop_assert!(all == messages);
    }

    #[test]
    fn anything_may_come(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cuts in prop::collection::vec(any::<usize>(), 0..5),
    ) {
        let mut seen = Seen::default();
        let whole = push_cut(&mut Passage::to_client(), &bytes, &[], &mut seen);
        let cut = push_cut(&mut Passage::to_client(), &bytes, &cuts, &mut seen);
        prop_assert_eq!(whole, cut);
    }
}

#[test]
fn a_short_message_is_replaced() {
    let mut seen = Seen {
        replace: Some((b"group", b"model-name")),
        ..Seen::default()
    };
    let mut up = Passage::to_server(out_mask);
    let (sent, _) = both(true, Opcode::Binary, b"group");
    let out = push_cut(&mut up, &sent, &[3], &mut seen).unwrap();
    assert_eq!(out, both(true, Opcode::Binary, b"model-name").1);
}

#[test]
fn a_long_frame_is_never_held() {
    let payload = vec![7; 16 << 20];
    let (sent, due) = both(true, Opcode::Binary, &payload);
    let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
    let mut up = Passage::to_server(out_mask);
    let (mut seen, mut got) = (Seen::default(), 0);
    for piece in sent.chunks(10_000) {
        input.extend_from_slice(piece);
        up.push(&mut input, &mut out, &mut seen).unwrap();
        assert!(input.is_empty());
        assert!(out == due[got..got + out.len()]);
        got += out.len();
        out.clear();
    }
    assert_eq!(got, due.len());
    assert!(seen.messages.is_empty() && seen.passed.is_empty());
}

#[test]
fn a_message_is_read_up_to_a_limit() {
    for (length, read) in [(COLLECTED, true), (COLLECTED + 1, false)] {
        let mut seen = Seen::default();
        let payload = vec![b'x'; length];
        let sent = frame(true, Opcode::Text, None, &payload);
        let mut down = Passage::to_client();
        let out = push_cut(&mut down, &sent, &[100_000, 500_000], &mut seen).unwrap();
        assert!(out == sent);
        assert_eq!(seen.passed == [payload], read, "{length}");
    }
}

#[test]
fn nothing_follows_a_close() {
    let mut sent = frame(true, Opcode::Close, None, b"\x0f\xa0why");
    sent.extend(frame(true, Opcode::Text, None, b"late"));
    let mut down = Passage::to_client();
    let out = push_cut(&mut down, &sent, &[], &mut Seen::default()).unwrap();
    assert_eq!(out, frame(true, Opcode::Close, None, b"\x0f\xa0why"));
    let close = down.closed().unwrap();
    assert_eq!((close.code, &close.reason[..]), (Some(4000), &b"why"[..]));
    let mut more = BytesMut::new();
    down.close(Close::new(1001, "again"), &mut more);
    assert!(more.is_empty());
}

#[test]
fn what_a_side_must_not_do() {
    let text = |fin| frame(fin, Opcode::Text, None, b"a");
    let rest = frame(true, Opcode::Continuation, None, b"b");
    let masked = frame(true, Opcode::Text, Some(IN), b"a");
    for (sent, wrong) in [
        (masked.clone(), Violation::Masking),
        (rest, Violation::Order),
        ([text(false), text(true)].concat(), Violation::Order),
        (
            frame(true, Opcode::Close, None, b"\x03\xed"),
            Violation::Close,
        ),
        (b"\xc1\x00".to_vec(), Violation::Frame(FrameError::Reserved)),
    ] {
        let mut seen = Seen::default();
        let pushed = push_cut(&mut Passage::to_client(), &sent, &[], &mut seen);
        assert_eq!(pushed, Err(wrong), "{sent:?}");
    }
    let mut up = Passage::to_server(out_mask);
    let pushed = push_cut(&mut up, &text(true), &[], &mut Seen::default());
    assert_eq!(pushed, Err(Violation::Masking));
}

#[test]
fn the_gateway_speaks_between_messages_only() {
    let (mut input, mut out) = (BytesMut::new(), BytesMut::new());
    let mut down = Passage::to_client();
    let mut seen = Seen::default();
    let states = [
        (frame(false, Opcode::Text, None, b"a"), true, false),
        (b"\x00\x04ab".to_vec(), false, false),
        (b"cd".to_vec(), true, false),
        (frame(true, Opcode::Continuation, None, b""), true, true),
    ];
    for (sent, frames, messages) in states {
        input.extend_from_slice(&sent);
        down.push(&mut input, &mut out, &mut seen).unwrap();
        let between = (down.is_between_frames(), down.is_between_messages());
        assert_eq!(between, (frames, messages), "{sent:?}");
    }
    assert_eq!(seen.passed, [b"aabcd".to_vec()]);
}
