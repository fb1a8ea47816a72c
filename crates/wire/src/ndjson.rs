//! Newline-delimited JSON: bytes in any pieces in, whole lines out.

use crate::sse::{FrameTooLarge, MAX_FRAME};

/// Splits a byte stream into non-empty lines.
#[derive(Debug, Default)]
pub struct NdjsonDecoder {
    line: Vec<u8>,
}

// === impl NdjsonDecoder ===

impl NdjsonDecoder {
    /// Takes the next bytes and appends the lines they complete to `out`.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<Vec<u8>>) -> Result<(), FrameTooLarge> {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.line.extend_from_slice(&bytes[..end]);
            self.take(out);
            bytes = &bytes[end + 1..];
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() > MAX_FRAME {
            return Err(FrameTooLarge { limit: MAX_FRAME });
        }
        Ok(())
    }

    /// Ends the stream: delivers a last line without its line feed.
    pub fn finish(&mut self, out: &mut Vec<Vec<u8>>) {
        self.take(out);
    }

    fn take(&mut self, out: &mut Vec<Vec<u8>>) {
        let line = std::mem::take(&mut self.line);
        let trimmed = line.trim_ascii();
        if trimmed.len() == line.len() && !line.is_empty() {
            out.push(line);
        } else if !trimmed.is_empty() {
            out.push(trimmed.to_vec());
        }
    }
}
