//! Amazon's event stream framing (`application/vnd.amazon.eventstream`): bytes in any pieces in,
//! checked frames out, and back.
//!
//! A frame is a prelude of two lengths and their CRC-32, headers, a payload and a CRC-32 of all of
//! it; numbers are big-endian (Smithy specification, Amazon event stream). The codec is our own:
//! Amazon's crate brings twenty others and its own types of headers and time, of which this crate
//! needs two strings.

use bytes::{BufMut, BytesMut};

use crate::dialect::StreamError;
use crate::sse::{FrameTooLarge, MAX_FRAME};

/// The lengths and their checksum.
const PRELUDE: usize = 12;

/// The checksum that closes a frame.
const TRAILER: usize = 4;

/// The type of a header whose value is text.
const STRING: u8 = 7;

/// Why a stream cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventStreamError {
    /// A frame is too large.
    #[error(transparent)]
    TooLarge(#[from] FrameTooLarge),
    /// The lengths are not those that were sent.
    #[error("the checksum of a frame's prelude is wrong")]
    PreludeChecksum,
    /// The frame is not the one that was sent.
    #[error("the checksum of a frame is wrong")]
    Checksum,
    /// The lengths contradict each other.
    #[error("the lengths of a frame contradict each other")]
    Lengths,
    /// The stream ended within a frame.
    #[error("the stream ended within a frame")]
    Incomplete,
}

/// One frame, borrowed from where it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    headers: &'a [u8],
    payload: &'a [u8],
}

/// Splits a byte stream into frames.
#[derive(Debug, Default)]
pub struct EventStreamDecoder {
    buffer: Vec<u8>,
    /// So much of the buffer was given out as frames.
    taken: usize,
}

// === impl Frame ===

impl<'a> Frame<'a> {
    /// Reads the frame that `bytes` begin with; `None` when they end within it. The second value
    /// is the frame's length.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, EventStreamError> {
        let Some(prelude) = bytes.get(..PRELUDE) else {
            return Ok(None);
        };
        if crc32fast::hash(&prelude[..8]) != number(&prelude[8..]) {
            return Err(EventStreamError::PreludeChecksum);
        }
        let total = length(prelude);
        let headers = length(&prelude[4..]);
        if total > MAX_FRAME {
            return Err(FrameTooLarge { limit: MAX_FRAME }.into());
        }
        let payload_end = total.checked_sub(TRAILER);
        let headers_end = PRELUDE + headers;
        let Some(payload_end) = payload_end.filter(|end| headers_end <= *end) else {
            return Err(EventStreamError::Lengths);
        };
        let Some(frame) = bytes.get(..total) else {
            return Ok(None);
        };
        if crc32fast::hash(&frame[..payload_end]) != number(&frame[payload_end..]) {
            return Err(EventStreamError::Checksum);
        }
        let frame = Self {
            headers: &frame[PRELUDE..headers_end],
            payload: &frame[headers_end..payload_end],
        };
        Ok(Some((frame, total)))
    }

    /// The value of the header `name`, when it is text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.headers;
        loop {
            let (key, after) = split_sized(rest, 1)?;
            let (kind, after) = after.split_first()?;
            // Sizes of the values by type; texts and byte strings say their own.
            let (value, after) = match *kind {
                0 | 1 => after.split_at_checked(0)?,
                2 => after.split_at_checked(1)?,
                3 => after.split_at_checked(2)?,
                4 => after.split_at_checked(4)?,
                5 | 8 => after.split_at_checked(8)?,
                6 | STRING => split_sized(after, 2)?,
                9 => after.split_at_checked(16)?,
                _ => return None,
            };
            if key == name.as_bytes() && *kind == STRING {
                return std::str::from_utf8(value).ok();
            }
            rest = after;
        }
    }

    /// What the frame carries.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

// === impl EventStreamDecoder ===

impl EventStreamDecoder {
    /// Takes the next bytes; [`Self::next_frame`] gives the frames they complete.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..std::mem::take(&mut self.taken));
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, EventStreamError> {
        let Some((frame, length)) = Frame::parse(&self.buffer[self.taken..])? else {
            return Ok(None);
        };
        self.taken += length;
        Ok(Some(frame))
    }

    /// The stream ended: fails when it did so within a frame.
    pub fn finish(&self) -> Result<(), EventStreamError> {
        if self.taken < self.buffer.len() {
            return Err(EventStreamError::Incomplete);
        }
        Ok(())
    }
}

// === impl StreamError ===

impl From<EventStreamError> for StreamError {
    fn from(error: EventStreamError) -> Self {
        match error {
            EventStreamError::TooLarge(error) => Self::FrameTooLarge(error),
            EventStreamError::Incomplete => Self::Truncated,
            other => Self::Malformed(other.to_string()),
        }
    }
}

/// Appends a frame with text headers and what `payload` appends.
pub fn write_frame(
    headers: &[(&str, &str)],
    payload: impl FnOnce(&mut BytesMut),
    out: &mut BytesMut,
) {
    let start = out.len();
    out.put_bytes(0, PRELUDE);
    for (name, value) in headers {
        put_sized(name, 1, out);
        out.put_u8(STRING);
        put_sized(value, 2, out);
    }
    let headers_end = out.len();
    payload(out);
    let total = size(out.len() + TRAILER - start);
    let headers = size(headers_end - start - PRELUDE);
    out[start..start + 4].copy_from_slice(&total.to_be_bytes());
    out[start + 4..start + 8].copy_from_slice(&headers.to_be_bytes());
    let crc = crc32fast::hash(&out[start..start + 8]);
    out[start + 8..start + PRELUDE].copy_from_slice(&crc.to_be_bytes());
    let crc = crc32fast::hash(&out[start..]);
    out.put_u32(crc);
}

/// How far the frames of a stream go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// The last whole one ends so far into the chunk.
    Until(usize),
    /// None ends in the chunk.
    None,
    /// What follows one of them is no frame, and the rest of the stream none either.
    Lost,
}

/// Where in `chunk` the last whole frame ends, when `carry` before it begins with a frame. Only
/// lengths are looked at.
pub(crate) fn complete_until(carry: &[u8], chunk: &[u8]) -> Whole {
    let available = carry.len() + chunk.len();
    let mut at = 0;
    while available - at >= 4 {
        let byte = |offset: usize| match (at + offset).checked_sub(carry.len()) {
            Some(in_chunk) => chunk[in_chunk],
            None => carry[at + offset],
        };
        let next = length(&[byte(0), byte(1), byte(2), byte(3)]);
        if !is_length(next) {
            return Whole::Lost;
        }
        if next > available - at {
            break;
        }
        at += next;
    }
    match at.checked_sub(carry.len()) {
        None | Some(0) => Whole::None,
        Some(end) => Whole::Until(end),
    }
}

/// The length of the first frame of `bytes`, or of what there is of it; `None` when they do not
/// begin with one.
pub(crate) fn frame_len(bytes: &[u8]) -> Option<usize> {
    let Some(next) = bytes.get(..4).map(length) else {
        return Some(bytes.len());
    };
    is_length(next).then(|| next.min(bytes.len()))
}

fn is_length(length: usize) -> bool {
    (PRELUDE + TRAILER..=MAX_FRAME).contains(&length)
}

/// A value and what follows it, when the value stands behind its length of `width` bytes.
fn split_sized(bytes: &[u8], width: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(width)?;
    let length = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

/// Writes a value behind its length; cut where the length would not hold it.
fn put_sized(text: &str, width: usize, out: &mut BytesMut) {
    let most = (1 << (8 * width)) - 1;
    let text = &text.as_bytes()[..text.len().min(most)];
    out.put_uint(text.len() as u64, width);
    out.put_slice(text);
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .take(4)
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn length(bytes: &[u8]) -> usize {
    usize::try_from(number(bytes)).unwrap_or(usize::MAX)
}

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
