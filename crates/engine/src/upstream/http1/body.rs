//! Reading the body of an answer out of its framing.

use bytes::BytesMut;

use super::chunked::Chunked;

/// What the last chunk and the line end before it take: less cannot hold more payload.
const CHUNKED_END: usize = b"\r\n0\r\n\r\n".len();

/// Takes a body out of its framing.
#[derive(Debug)]
pub struct Decoder(State);

/// Why a body cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A chunk's size line is none.
    #[error("invalid chunk size")]
    Size,
    /// A chunk does not end where its size says.
    #[error("a chunk is longer than its size")]
    ChunkEnd,
    /// Chunk extensions without end.
    #[error("chunk extensions are invalid or too long")]
    Extension,
    /// Trailers that are no headers, or without end.
    #[error("trailers are invalid or too long")]
    Trailer,
    /// The connection ended first.
    #[error("connection closed before the answer was complete")]
    Truncated,
}

#[derive(Debug)]
enum State {
    /// This many bytes are to come.
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    Ended,
}

// === impl Decoder ===

impl Decoder {
    /// There is no body.
    pub fn empty() -> Self {
        Self(State::Ended)
    }

    /// The body has `length` bytes.
    pub fn length(length: u64) -> Self {
        match length {
            0 => Self::empty(),
            _ => Self(State::Length(length)),
        }
    }

    /// The body comes in chunks.
    pub fn chunked() -> Self {
        Self(State::Chunked(Chunked::default()))
    }

    /// The body ends with the connection.
    pub fn until_close() -> Self {
        Self(State::UntilClose)
    }

    /// Whether nothing can follow.
    pub fn has_ended(&self) -> bool {
        matches!(self.0, State::Ended)
    }

    /// How many bytes are to come, if that was said.
    pub fn remaining(&self) -> Option<u64> {
        match self.0 {
            State::Length(left) => Some(left),
            State::Ended => Some(0),
            State::Chunked(_) | State::UntilClose => None,
        }
    }

    /// Appends the payload in `input` to `out`. All of `input` is taken, unless the body ends
    /// within: the rest is none of it.
    pub fn decode(&mut self, input: &mut &[u8], out: &mut BytesMut) -> Result<(), FramingError> {
        loop {
            let piece = self.next_piece(input)?;
            if piece.is_empty() {
                return Ok(());
            }
            if out.is_empty() {
                // One allocation for all, and no byte too many for the usual single piece.
                let more = match self.0 {
                    State::Chunked(_) if input.len() > CHUNKED_END => input.len(),
                    _ => 0,
                };
                out.reserve(piece.len() + more);
            }
            out.extend_from_slice(piece);
        }
    }

    /// The connection ended: whether the body ended with it.
    pub fn finish(&mut self) -> Result<(), FramingError> {
        match self.0 {
            State::UntilClose | State::Ended => {
                self.0 = State::Ended;
                Ok(())
            }
            State::Length(_) | State::Chunked(_) => Err(FramingError::Truncated),
        }
    }

    /// The next payload in `input`; empty when there is none.
    fn next_piece<'a>(&mut self, input: &mut &'a [u8]) -> Result<&'a [u8], FramingError> {
        match &mut self.0 {
            State::Length(left) => {
                let piece = take(input, *left);
                *left -= piece.len() as u64;
                if *left == 0 {
                    self.0 = State::Ended;
                }
                Ok(piece)
            }
            State::Chunked(chunked) => {
                let piece = chunked.next_piece(input)?;
                if chunked.has_ended() {
                    self.0 = State::Ended;
                }
                Ok(piece)
            }
            State::UntilClose => Ok(take(input, u64::MAX)),
            State::Ended => Ok(&[]),
        }
    }
}

/// Takes at most `most` bytes off the front of `input`.
pub(super) fn take<'a>(input: &mut &'a [u8], most: u64) -> &'a [u8] {
    let length = usize::try_from(most).map_or(input.len(), |most| most.min(input.len()));
    let (taken, rest) = input.split_at(length);
    *input = rest;
    taken
}
