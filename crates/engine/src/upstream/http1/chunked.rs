//! The chunked transfer coding (RFC 9112, section 7.1), read strictly.

use super::body::{FramingError, take};

/// The most bytes of chunk extensions in one body. They mean nothing to us.
const MAX_EXTENSIONS: usize = 16 * 1024;
/// The most bytes of trailers. They are read and left out.
const MAX_TRAILERS: usize = 64 * 1024;
/// The most digits of a size: what 64 bits hold.
const MAX_DIGITS: u8 = 16;

/// Where in the coding the next byte stands.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    place: Place,
    /// The size being read, then what is left of the chunk.
    size: u64,
    digits: u8,
    extensions: usize,
    trailers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Size,
    /// Space behind a size: only an extension or the end of the line may follow.
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// The start of a trailer, or of the last, empty line.
    Line,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Ended,
}

// === impl Chunked ===

impl Chunked {
    pub(super) fn has_ended(&self) -> bool {
        self.place == Place::Ended
    }

    /// The payload of the next chunk that has some in `input`; empty when there is none.
    pub(super) fn next_piece<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<&'a [u8], FramingError> {
        loop {
            if self.place == Place::Data {
                let piece = take(input, self.size);
                self.size -= piece.len() as u64;
                if self.size == 0 {
                    self.place = Place::DataCr;
                }
                return Ok(piece);
            }
            if self.place == Place::Ended {
                return Ok(&[]);
            }
            if self.pass_plain_line(input) {
                continue;
            }
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(&[]);
            };
            self.place = self.step(byte)?;
            *input = rest;
        }
    }

    /// The usual way from one chunk's data to the next, in one go: the line end behind the data
    /// and a size line without anything else on it, both here completely. Byte by byte comes to
    /// the same, at several times the cost.
    #[inline]
    fn pass_plain_line(&mut self, input: &mut &[u8]) -> bool {
        let line = match (self.place, *input) {
            (Place::DataCr, [b'\r', b'\n', line @ ..]) => line,
            (Place::Size, line) if self.digits == 0 => line,
            _ => return false,
        };
        let mut size = 0;
        for at in 0..usize::from(MAX_DIGITS) {
            match line[at..] {
                [b'\r', b'\n', ref rest @ ..] if at > 0 && size > 0 => {
                    *input = rest;
                    self.size = size;
                    self.place = Place::Data;
                    return true;
                }
                [byte, _, ..] => match hex(byte) {
                    Some(digit) => size = size << 4 | digit,
                    None => return false,
                },
                _ => return false,
            }
        }
        false
    }

    #[inline]
    fn step(&mut self, byte: u8) -> Result<Place, FramingError> {
        match (self.place, byte) {
            (Place::Size, _) => self.size_byte(byte),
            (Place::SizeLf, b'\n') => {
                self.digits = 0;
                Ok(if self.size == 0 {
                    Place::Line
                } else {
                    Place::Data
                })
            }
            (Place::DataCr, b'\r') => Ok(Place::DataLf),
            (Place::DataLf, b'\n') => Ok(Place::Size),
            (Place::DataCr | Place::DataLf, _) => Err(FramingError::ChunkEnd),
            (Place::SizeLf, _) => Err(FramingError::Size),
            (Place::Space, b' ' | b'\t') | (Place::Extension, _) => self.extension_byte(byte),
            (Place::Space, b';') => Ok(Place::Extension),
            (Place::Space, b'\r') => Ok(Place::SizeLf),
            (Place::Space, _) => Err(FramingError::Size),
            _ => self.trailer_byte(byte),
        }
    }

    fn size_byte(&mut self, byte: u8) -> Result<Place, FramingError> {
        let digit = match byte {
            _ if let Some(digit) = hex(byte) => digit,
            _ if self.digits == 0 => return Err(FramingError::Size),
            b'\r' => return Ok(Place::SizeLf),
            b';' => return Ok(Place::Extension),
            // Some servers pad their sizes.
            b' ' | b'\t' => return Ok(Place::Space),
            _ => return Err(FramingError::Size),
        };
        self.digits += 1;
        if self.digits > MAX_DIGITS {
            return Err(FramingError::Size);
        }
        self.size = self.size << 4 | digit;
        Ok(Place::Size)
    }

    fn extension_byte(&mut self, byte: u8) -> Result<Place, FramingError> {
        self.extensions += 1;
        match byte {
            b'\r' => Ok(Place::SizeLf),
            _ if is_control(byte) || self.extensions > MAX_EXTENSIONS => {
                Err(FramingError::Extension)
            }
            _ => Ok(self.place),
        }
    }

    fn trailer_byte(&mut self, byte: u8) -> Result<Place, FramingError> {
        self.trailers += 1;
        if self.trailers > MAX_TRAILERS {
            return Err(FramingError::Trailer);
        }
        match (self.place, byte) {
            (Place::Line, b'\r') => Ok(Place::EndLf),
            // A line that begins with space would continue the one before.
            (Place::Line, byte) if is_token(byte) => Ok(Place::TrailerName),
            (Place::TrailerName, b':') => Ok(Place::TrailerValue),
            (Place::TrailerName, byte) if is_token(byte) => Ok(Place::TrailerName),
            (Place::TrailerValue, b'\r') => Ok(Place::TrailerLf),
            (Place::TrailerValue, byte) if !is_control(byte) => Ok(Place::TrailerValue),
            (Place::TrailerLf, b'\n') => Ok(Place::Line),
            (Place::EndLf, b'\n') => Ok(Place::Ended),
            _ => Err(FramingError::Trailer),
        }
    }
}

fn hex(byte: u8) -> Option<u64> {
    let digit = match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => return None,
    };
    Some(u64::from(digit))
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
