//! Messages for the gateway itself, put together from a client's frames.

use bytes::{Buf as _, Bytes, BytesMut};

use super::passage::Violation;
use super::{Close, FrameHeader, Opcode};

/// Reads messages of a client, none longer than a limit.
#[derive(Debug)]
pub struct Inbox {
    limit: usize,
    /// The message so far, when its last frame has not come.
    begun: Option<BytesMut>,
}

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A whole message.
    Message(Bytes),
    /// To be answered with a pong of the same payload.
    Ping(Bytes),
    /// A sign of life.
    Pong,
    /// Nothing follows.
    Close(Close),
}

// === impl Inbox ===

impl Inbox {
    /// Takes messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, begun: None }
    }

    /// What the frames in `input` come to; `None`: more must be read. A frame that is not
    /// complete stays in `input`, which therefore grows up to the limit.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Received>, Violation> {
        while let Some((header, header_length)) = FrameHeader::parse(input)? {
            let Some(mut mask) = header.mask else {
                return Err(Violation::Masking);
            };
            let continues = header.opcode == Opcode::Continuation;
            if !header.opcode.is_control() && continues != self.begun.is_some() {
                return Err(Violation::Order);
            }
            let before = self.begun.as_ref().map_or(0, BytesMut::len);
            let length = usize::try_from(header.length).unwrap_or(usize::MAX);
            if !header.opcode.is_control() && before.saturating_add(length) > self.limit {
                return Err(Violation::TooLong(self.limit));
            }
            if input.len() < header_length + length {
                return Ok(None);
            }
            input.advance(header_length);
            let mut payload = input.split_to(length);
            mask.apply(&mut payload);
            let received = match header.opcode {
                Opcode::Ping => Received::Ping(payload.freeze()),
                Opcode::Pong => Received::Pong,
                Opcode::Close => Received::Close(Close::parse(&payload).ok_or(Violation::Close)?),
                Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                    let message = match self.begun.take() {
                        None => payload,
                        Some(mut begun) => {
                            begun.extend_from_slice(&payload);
                            begun
                        }
                    };
                    if !header.fin {
                        self.begun = Some(message);
                        continue;
                    }
                    Received::Message(message.freeze())
                }
            };
            return Ok(Some(received));
        }
        Ok(None)
    }
}
