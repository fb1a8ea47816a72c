//! Server-sent events, lines of JSON and Amazon event streams, beside the simplest reading of each.

use bytes::{BufMut as _, BytesMut};
use lockgate_wire::event_stream::{self, EventStreamDecoder, EventStreamError, Frame};
use lockgate_wire::ndjson::NdjsonDecoder;
use lockgate_wire::sse::{SseDecoder, SseEvent};

use crate::arrival::ways;
use crate::frames;

/// Server-sent events: the first byte cuts, the rest is the stream.
pub(crate) fn sse(input: &[u8]) {
    let Some((cuts, bytes)) = input.split_first() else {
        return;
    };
    let expected = plain_sse(bytes);
    assert_eq!(read_sse(&[bytes]), expected, "all at once");
    for pieces in ways(bytes, *cuts) {
        assert_eq!(read_sse(&pieces), expected, "in pieces");
    }
}

fn read_sse(pieces: &[&[u8]]) -> Vec<SseEvent> {
    let mut decoder = SseDecoder::default();
    let mut out = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut out).expect("a small stream");
    }
    decoder.finish(&mut out);
    out
}

/// The events of `stream`, all of which is there: line by line as the standard has it.
fn plain_sse(stream: &[u8]) -> Vec<SseEvent> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let mut events = Vec::new();
    let (mut name, mut data) = (String::new(), Vec::new());
    // The end of the stream closes the last event.
    let closing = [b"".to_vec()];
    for line in lines(stream).into_iter().chain(closing) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.is_empty() {
            let name = std::mem::take(&mut name);
            let data = std::mem::take(&mut data);
            if !data.is_empty() {
                let data = data.join("\n");
                events.push(SseEvent { name, data });
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match field {
            "data" => data.push(value),
            "event" => name = value,
            _ => {}
        }
    }
    events
}

/// Lines that end with a line feed, a carriage return, or both.
fn lines(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = vec![Vec::new()];
    let mut bytes = stream.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if(|next| **next == b'\n');
                lines.push(Vec::new());
            }
            b'\n' => lines.push(Vec::new()),
            _ => lines.last_mut().expect("one at least").push(*byte),
        }
    }
    // What follows the last ending is a line only when there is something of it.
    lines.pop_if(|last| last.is_empty());
    lines
}

/// Lines of JSON: the first byte cuts, the rest is the stream.
pub(crate) fn ndjson(input: &[u8]) {
    let Some((cuts, bytes)) = input.split_first() else {
        return;
    };
    let expected: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(read_ndjson(&[bytes]), expected, "all at once");
    for pieces in ways(bytes, *cuts) {
        assert_eq!(read_ndjson(&pieces), expected, "in pieces");
    }
}

fn read_ndjson(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut decoder = NdjsonDecoder::default();
    let mut out = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut out).expect("a small stream");
    }
    decoder.finish(&mut out);
    out
}

/// Amazon event streams: the first byte cuts, the rest is what [`frames::stream`] takes.
pub(crate) fn event_stream(input: &[u8]) {
    let Some((cuts, rest)) = input.split_first() else {
        return;
    };
    let bytes = frames::stream(rest);
    let whole = read_frames(&[&bytes]);
    let given: usize = whole.0.iter().map(|frame| frame.payload.len()).sum();
    assert!(given <= bytes.len(), "payloads are parts of the stream");
    for pieces in ways(&bytes, *cuts) {
        assert_eq!(read_frames(&pieces), whole, "in pieces");
    }
    let (frames, end) = whole;
    if end.is_ok() {
        assert_eq!(lengths(&bytes).len(), frames.len(), "as many as lengths");
    }
    for frame in frames {
        rewritten(&frame);
    }
}

/// The headers that are looked for in every frame.
const HEADERS: [&str; 6] = [
    ":message-type",
    ":event-type",
    ":exception-type",
    ":error-code",
    ":error-message",
    "a",
];

#[derive(Debug, PartialEq)]
struct Read {
    headers: Vec<(&'static str, String)>,
    payload: Vec<u8>,
}

fn read_frames(pieces: &[&[u8]]) -> (Vec<Read>, Result<(), EventStreamError>) {
    let mut decoder = EventStreamDecoder::default();
    let mut out = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => out.push(read(&frame)),
                Ok(None) => break,
                Err(error) => return (out, Err(error)),
            }
        }
    }
    let end = decoder.finish();
    (out, end)
}

fn read(frame: &Frame<'_>) -> Read {
    let headers = HEADERS
        .into_iter()
        .filter_map(|name| Some((name, frame.header(name)?.to_owned())))
        .collect();
    Read {
        headers,
        payload: frame.payload().to_vec(),
    }
}

/// The lengths that the frames of a whole stream begin with.
fn lengths(mut stream: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let Some(length) = stream.first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        lengths.push(length);
        stream = &stream[length..];
    }
    lengths
}

/// A frame written from what was read is read as the same.
fn rewritten(frame: &Read) {
    let headers: Vec<(&str, &str)> = frame
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut out = BytesMut::new();
    event_stream::write_frame(&headers, |out| out.put_slice(&frame.payload), &mut out);
    let (again, length) = Frame::parse(&out).expect("its own").expect("whole");
    assert_eq!(length, out.len());
    assert_eq!(read(&again), *frame);
}
