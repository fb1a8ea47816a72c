//! Streamed answers: the same events however the bytes arrive, and every client can be told them.

use bytes::BytesMut;
use lockgate_wire::DialectId;
use lockgate_wire::Operation;
use lockgate_wire::canonical::{ApiError, ErrorKind, StreamEvent};
use lockgate_wire::dialect::{ReplyContext, StreamError};

use crate::arrival::ways;
use crate::{frames, order};

/// What was read of a stream, and whether it could be read to its end.
type Read = (Vec<StreamEvent>, Result<(), StreamError>);

/// The first byte cuts, the rest is the stream of an upstream of `dialect`.
pub(crate) fn check(dialect: DialectId, input: &[u8]) {
    let Some((cuts, rest)) = input.split_first() else {
        return;
    };
    let bytes = match dialect {
        DialectId::Bedrock => frames::stream(rest),
        _ => rest.to_vec(),
    };
    let whole = read(dialect, &[&bytes]);
    for pieces in ways(&bytes, *cuts) {
        assert_eq!(read(dialect, &pieces), whole, "in pieces");
    }
    let (mut events, end) = whole;
    order::check(&events, end.is_ok());
    // A gateway tells a client of a stream that broke off with an error.
    if let Err(error) = end {
        let told = matches!(
            events.last(),
            Some(StreamEvent::Error(_) | StreamEvent::End)
        );
        if !told {
            let error = ApiError::new(ErrorKind::BadGateway, error.to_string());
            events.push(StreamEvent::Error(error));
        }
    }
    for client in DialectId::ALL {
        told(client, cuts % 2 == 1, &events, bytes.len());
    }
}

fn read(dialect: DialectId, pieces: &[&[u8]]) -> Read {
    let mut decoder = dialect.dialect().stream_decoder();
    let mut out = Vec::new();
    for piece in pieces {
        if let Err(error) = decoder.push(piece, &mut out) {
            return (out, Err(error));
        }
    }
    let end = decoder.finish(&mut out);
    (out, end)
}

/// A client of `client` is told `events`: in so many bytes, and in ones that it can read.
fn told(client: DialectId, include_usage: bool, events: &[StreamEvent], length: usize) {
    let reply = ReplyContext {
        operation: Operation::Chat,
        model: "group".to_owned(),
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        created: 1_767_225_600,
        include_usage,
        started: None,
        echo: None,
    };
    let mut encoder = client.dialect().stream_encoder(&reply);
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    // Names and counters stand beside every event, and some APIs repeat at its end what the
    // answer was; each byte of it may need an escape, and one more inside of a string.
    let most = 16 * 1024 + 4096 * events.len() + 64 * length;
    assert!(out.len() <= most, "{} of {most} bytes", out.len());
    let (again, end) = read(client, &[&out]);
    assert_eq!(end, Ok(()), "{client:?} reads its own");
    order::check(&again, true);
}
