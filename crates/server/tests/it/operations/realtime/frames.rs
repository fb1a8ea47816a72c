//! Frames pass as they are, both ways, whatever their kind and size.

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{PATH, stage};
use crate::support::connect;

#[tokio::test]
async fn text_and_bytes_pass_both_ways() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    let long = "ä".repeat(100_000);
    for message in [
        Message::text(""),
        Message::text("{\"type\":\"input_audio_buffer.append\",\"audio\":\"AAAA\"}"),
        Message::text(long),
        Message::binary(vec![0_u8, 255, 1]),
        Message::binary(vec![7_u8; 65_536]),
        Message::binary(vec![7_u8; 65_537]),
    ] {
        client.send(message.clone()).await;
        assert!(there.next().await == message);
        there.send(message.clone()).await;
        assert!(client.next().await == message);
    }
}

#[tokio::test]
async fn pings_reach_the_other_side() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    client.send(Message::Ping("are you there".into())).await;
    assert_eq!(there.next().await, Message::Ping("are you there".into()));
    // Who is pinged answers when it is used next, before or behind what it says then.
    let due = |payload: &'static str| [Message::text("hello"), Message::Pong(payload.into())];
    there.send(Message::text("hello")).await;
    let heard = [client.next().await, client.next().await];
    assert!(
        due("are you there")
            .iter()
            .all(|message| heard.contains(message))
    );
    there.send(Message::Ping("and you".into())).await;
    assert_eq!(client.next().await, Message::Ping("and you".into()));
    client.send(Message::text("hello")).await;
    let heard = [there.next().await, there.next().await];
    assert!(due("and you").iter().all(|message| heard.contains(message)));
}

#[tokio::test]
async fn a_message_may_be_in_pieces() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    let frame = |text: &str, code, last| {
        Message::Frame(Frame::message(text.to_owned(), OpCode::Data(code), last))
    };
    client.send(frame("one ", Data::Text, false)).await;
    client.send(Message::Ping("between".into())).await;
    client.send(frame("two ", Data::Continue, false)).await;
    client.send(frame("three", Data::Continue, true)).await;
    assert_eq!(there.next().await, Message::Ping("between".into()));
    assert_eq!(there.next().await, Message::text("one two three"));
    there.send(frame("fo", Data::Text, false)).await;
    there.send(frame("ur", Data::Continue, true)).await;
    let due = [Message::Pong("between".into()), Message::text("four")];
    let heard = [client.next().await, client.next().await];
    assert!(due.iter().all(|message| heard.contains(message)));
}

/// Each of these is more than the gateway would hold of it.
#[tokio::test]
async fn large_frames_take_no_memory() {
    const LARGE: usize = 32 << 20;
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    let before = resident_kib(gateway.pid());
    for text in [true, false] {
        let message = if text {
            Message::text("a".repeat(LARGE))
        } else {
            Message::binary(vec![9; LARGE])
        };
        let sent = message.clone();
        let (there_got, ()) = tokio::join!(there.next(), client.send(message.clone()));
        assert!(there_got == sent);
        let (client_got, ()) = tokio::join!(client.next(), there.send(message));
        assert!(client_got == sent);
    }
    let grown = resident_kib(gateway.pid()).saturating_sub(before);
    assert!(grown < 12 * 1024, "{grown} KiB for frames of {LARGE} bytes");
}

/// Who does not read is not sent more than the sockets hold.
#[tokio::test]
async fn a_slow_reader_slows_its_writer_down() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    let before = resident_kib(gateway.pid());
    let mut sent = 0;
    let piece = Message::binary(vec![1_u8; 1 << 20]);
    let flood = async {
        use futures_util::SinkExt as _;
        while there.0.send(piece.clone()).await.is_ok() {
            sent += 1;
            assert!(sent < 256, "nobody reads, and all of it went somewhere");
        }
    };
    let patience = std::time::Duration::from_millis(700);
    assert!(tokio::time::timeout(patience, flood).await.is_err());
    let grown = resident_kib(gateway.pid()).saturating_sub(before);
    assert!(grown < 12 * 1024, "{grown} KiB for what nobody reads");
    // Meanwhile the other direction is open.
    client.send(Message::text("still here")).await;
    assert_eq!(there.next().await, Message::text("still here"));
}

/// Resident memory of a process, as /proc tells.
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mut lines = status.lines();
    let line = lines.find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
