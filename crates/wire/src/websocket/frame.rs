//! The header of a frame (RFC 6455, section 5.2).

use bytes::{BufMut, BytesMut};

use super::Mask;

/// The longest header: two bytes, a length of eight, a mask.
pub const MAX_HEADER: usize = 14;
/// The most payload of a control frame.
pub const MAX_CONTROL: u64 = 125;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message that an earlier frame began.
    Continuation,
    /// A message of text, or its beginning.
    Text,
    /// A message of bytes, or its beginning.
    Binary,
    /// Nothing follows from this side.
    Close,
    /// To be answered with a pong.
    Ping,
    /// The answer to a ping, or a sign of life.
    Pong,
}

/// What stands in front of a frame's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// The frame is the last of its message.
    pub fin: bool,
    /// What it is.
    pub opcode: Opcode,
    /// What the payload is masked with; clients mask, servers do not.
    pub mask: Option<Mask>,
    /// Bytes of payload.
    pub length: u64,
}

/// A header that the protocol does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A bit of an extension that was not agreed on.
    #[error("a frame uses an extension that was not agreed on")]
    Reserved,
    /// An opcode without a meaning.
    #[error("a frame has the unknown opcode {0}")]
    Opcode(u8),
    /// A control frame that is longer than [`MAX_CONTROL`] or not the last of its message.
    #[error("a control frame is fragmented or longer than {MAX_CONTROL} bytes")]
    Control,
    /// A length with its highest bit set.
    #[error("a frame says that it is longer than any can be")]
    Length,
}

// === impl Opcode ===

impl Opcode {
    /// Whether frames of it may stand between those of a message.
    pub fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    fn read(bits: u8) -> Result<Self, FrameError> {
        Ok(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            other => return Err(FrameError::Opcode(other)),
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }
}

// === impl FrameHeader ===

impl FrameHeader {
    /// The header at the beginning of `input` and its length; `None` while it is incomplete.
    /// What is wrong is said as soon as it is seen.
    pub fn parse(input: &[u8]) -> Result<Option<(Self, usize)>, FrameError> {
        let Some(&first) = input.first() else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(FrameError::Reserved);
        }
        let fin = first & 0x80 != 0;
        let opcode = Opcode::read(first & 0x0f)?;
        let Some(&second) = input.get(1) else {
            return Ok(None);
        };
        let masked = second & 0x80 != 0;
        let short = second & 0x7f;
        if opcode.is_control() && (!fin || u64::from(short) > MAX_CONTROL) {
            return Err(FrameError::Control);
        }
        let (length, at) = match short {
            126 => match input.get(2..4).and_then(|bytes| bytes.try_into().ok()) {
                Some(bytes) => (u64::from(u16::from_be_bytes(bytes)), 4),
                None => return Ok(None),
            },
            127 => match input.get(2..10).and_then(|bytes| bytes.try_into().ok()) {
                Some(bytes) => (u64::from_be_bytes(bytes), 10),
                None => return Ok(None),
            },
            short => (u64::from(short), 2),
        };
        if length >> 63 != 0 {
            return Err(FrameError::Length);
        }
        let mut header = Self {
            fin,
            opcode,
            mask: None,
            length,
        };
        if !masked {
            return Ok(Some((header, at)));
        }
        let key = input.get(at..at + 4).and_then(|key| key.try_into().ok());
        let Some(key) = key else { return Ok(None) };
        header.mask = Some(Mask::new(key));
        Ok(Some((header, at + 4)))
    }

    /// Appends the header to `out`, the length in as few bytes as it takes.
    pub fn write(&self, out: &mut BytesMut) {
        out.put_u8(self.opcode.bits() | if self.fin { 0x80 } else { 0 });
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        match self.length {
            length @ 0..=125 => out.put_u8(masked | length.to_be_bytes()[7]),
            length @ 126..=0xffff => {
                out.put_u8(masked | 126);
                out.extend_from_slice(&length.to_be_bytes()[6..]);
            }
            length => {
                out.put_u8(masked | 127);
                out.put_u64(length);
            }
        }
        if let Some(mask) = self.mask {
            out.extend_from_slice(&mask.key());
        }
    }

    /// Appends the frame whose payload is all of `payload` to `out`.
    pub fn write_with(&self, payload: &[u8], out: &mut BytesMut) {
        out.reserve(MAX_HEADER + payload.len());
        self.write(out);
        let start = out.len();
        out.extend_from_slice(payload);
        if let Some(mut mask) = self.mask {
            mask.apply(&mut out[start..]);
        }
    }
}
