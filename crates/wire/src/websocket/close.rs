//! The last frame of each side: a code and a reason (RFC 6455, sections 5.5.1 and 7.4).

use bytes::{BufMut, Bytes, BytesMut};

use super::{MAX_CONTROL, Violation};

/// What a side says when it closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// Why, as a number; a frame may leave it out.
    pub code: Option<u16>,
    /// Why, in words.
    pub reason: Bytes,
}

/// Codes that the gateway sends.
pub mod code {
    /// Done.
    pub const NORMAL: u16 = 1000;
    /// The other end of the way is gone, or is going.
    pub const GOING_AWAY: u16 = 1001;
    /// A frame that the protocol does not allow.
    pub const PROTOCOL: u16 = 1002;
    /// The request is refused.
    pub const POLICY: u16 = 1008;
    /// More than is taken.
    pub const TOO_BIG: u16 = 1009;
    /// Something failed on the server's side.
    pub const INTERNAL: u16 = 1011;
}

// === impl Close ===

impl Close {
    /// A code and a reason; a reason that is too long for a frame is cut.
    pub fn new(code: u16, reason: &str) -> Self {
        let room = usize::try_from(MAX_CONTROL).unwrap_or_default() - 2;
        let end = reason.floor_char_boundary(room.min(reason.len()));
        Self {
            code: Some(code),
            reason: Bytes::copy_from_slice(&reason.as_bytes()[..end]),
        }
    }

    /// Reads the payload of a close frame; `None` when it is none: one byte, or a code that must
    /// not be sent.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let Some((code, reason)) = payload.split_first_chunk::<2>() else {
            return payload.is_empty().then(|| Self {
                code: None,
                reason: Bytes::new(),
            });
        };
        let code = u16::from_be_bytes(*code);
        let sendable = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        sendable.then(|| Self {
            code: Some(code),
            reason: Bytes::copy_from_slice(reason),
        })
    }

    /// The payload of the frame that says so.
    pub fn payload(&self) -> Bytes {
        let mut payload = BytesMut::with_capacity(2 + self.reason.len());
        if let Some(code) = self.code {
            payload.put_u16(code);
            payload.extend_from_slice(&self.reason);
        }
        payload.freeze()
    }
}

impl From<Violation> for Close {
    /// What a side that broke the protocol is told.
    fn from(violation: Violation) -> Self {
        let code = match violation {
            Violation::TooLong(_) => code::TOO_BIG,
            _ => code::PROTOCOL,
        };
        Self::new(code, &violation.to_string())
    }
}
