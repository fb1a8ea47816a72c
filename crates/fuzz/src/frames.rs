//! Amazon event streams out of inputs that a fuzzer can write: it cannot guess a checksum.

use bytes::{BufMut as _, BytesMut};
use lockgate_wire::event_stream;

/// The lengths and their checksum.
const PRELUDE: usize = 12;

/// The stream that `input` stands for.
///
/// One that begins with `!` is a stream whose checksums are put right, one that begins with `?` a
/// stream as it is; anything else is lines that each stand for a frame, as in
/// `e contentBlockDelta {"delta":{}}`.
pub(crate) fn stream(input: &[u8]) -> Vec<u8> {
    match input.split_first() {
        Some((b'!', frames)) => mended(frames),
        Some((b'?', frames)) => frames.to_vec(),
        _ => framed(input),
    }
}

/// `frames` with the checksums that belong to them, up to what cannot be a frame.
fn mended(frames: &[u8]) -> Vec<u8> {
    let mut frames = frames.to_vec();
    let mut rest = &mut frames[..];
    while let Some(length) = rest.first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        if rest.len() >= PRELUDE {
            let sum = crc32fast::hash(&rest[..8]);
            rest[8..PRELUDE].copy_from_slice(&sum.to_be_bytes());
        }
        if length < PRELUDE + 4 || length > rest.len() {
            break;
        }
        let (frame, after) = rest.split_at_mut(length);
        let sum = crc32fast::hash(&frame[..length - 4]);
        frame[length - 4..].copy_from_slice(&sum.to_be_bytes());
        rest = after;
    }
    frames
}

/// A frame for each line: its kind, its name and its payload.
fn framed(lines: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let kind = words.next().unwrap_or_default();
        let name = String::from_utf8_lossy(words.next().unwrap_or_default());
        let payload = words.next().unwrap_or_default();
        let headers: &[(&str, &str)] = match kind {
            b"e" => &[(":message-type", "event"), (":event-type", &name)],
            b"x" => &[(":message-type", "exception"), (":exception-type", &name)],
            b"r" => &[
                (":message-type", "error"),
                (":error-code", &name),
                (":error-message", "It failed."),
            ],
            b"n" => &[(":event-type", &name)],
            _ => &[],
        };
        event_stream::write_frame(headers, |out| out.put_slice(payload), &mut out);
    }
    out.to_vec()
}
