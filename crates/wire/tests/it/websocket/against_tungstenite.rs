//! What another implementation writes passes, and is read by it on the other side.

use std::io::{Cursor, Read, Write};

use bytes::BytesMut;
use lockgate_wire::websocket::Passage;
use proptest::prelude::*;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::{Seen, out_mask, push_cut};

/// A connection that reads what it is given and keeps what is written.
struct Pipe {
    incoming: Cursor<Vec<u8>>,
    written: Vec<u8>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.incoming.read(buffer)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn socket(role: Role, incoming: Vec<u8>) -> WebSocket<Pipe> {
    let pipe = Pipe {
        incoming: Cursor::new(incoming),
        written: Vec::new(),
    };
    WebSocket::from_raw_socket(pipe, role, Some(WebSocketConfig::default()))
}

fn message() -> impl Strategy<Value = Message> {
    let long = |length: usize| "ü".repeat(length / 2);
    prop_oneof![
        "\\PC{0,200}".prop_map(Message::text),
        (60_000..140_000_usize).prop_map(move |length| Message::text(long(length))),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Message::binary),
        prop::collection::vec(any::<u8>(), 0..125).prop_map(|bytes| Message::Ping(bytes.into())),
        prop::collection::vec(any::<u8>(), 0..125).prop_map(|bytes| Message::Pong(bytes.into())),
    ]
}

/// A message in two frames.
fn in_two(text: &str) -> [Message; 2] {
    let (first, second) = text.split_at(text.floor_char_boundary(text.len() / 2));
    let frame = |bytes: &str, code, last| {
        let bytes = bytes.as_bytes().to_vec();
        Message::Frame(Frame::message(bytes, OpCode::Data(code), last))
    };
    [
        frame(first, Data::Text, false),
        frame(second, Data::Continue, true),
    ]
}

/// What `role` writes for these messages, closing behind them.
fn written(role: Role, messages: &[Message], fragmented: &str) -> Vec<u8> {
    let mut socket = socket(role, Vec::new());
    for message in messages.iter().cloned().chain(in_two(fragmented)) {
        socket.send(message).unwrap();
    }
    let close = CloseFrame {
        code: CloseCode::Library(4321),
        reason: "enough".into(),
    };
    socket.close(Some(close)).unwrap();
    socket.flush().unwrap();
    socket.get_ref().written.clone()
}

/// What `role` reads up to the close.
fn read(role: Role, bytes: &[u8]) -> Vec<Message> {
    let mut socket = socket(role, bytes.to_vec());
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => {
                let last = message.is_close();
                messages.push(message);
                if last {
                    return messages;
                }
            }
            Err(error) => panic!("{error} behind {} messages", messages.len()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_ways(
        messages in prop::collection::vec(message(), 0..8),
        fragmented in "\\PC{2,80}",
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        for (from, to, mut passage) in [
            (Role::Client, Role::Server, Passage::to_server(out_mask)),
            (Role::Server, Role::Client, Passage::to_client()),
        ] {
            let sent = written(from, &messages, &fragmented);
            let mut seen = Seen::default();
            let out: BytesMut = push_cut(&mut passage, &sent, &cuts, &mut seen).unwrap();
            let arrived = read(to, &out);
            let (close, rest) = arrived.split_last().unwrap();
            let mut due = messages.clone();
            due.push(Message::text(fragmented.clone()));
            prop_assert!(rest == due);
            let Message::Close(Some(close)) = close else {
                panic!("no close: {close:?}");
            };
            prop_assert_eq!((u16::from(close.code), close.reason.as_str()), (4321, "enough"));
        }
    }
}
