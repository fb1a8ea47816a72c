//! Replacing ranges of a byte string that is passed on.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// Copies bytes with some ranges replaced; copies nothing when none is.
pub(super) struct Splice {
    out: Option<BytesMut>,
    copied: usize,
    source: Bytes,
}

// === impl Splice ===

impl Splice {
    pub(super) fn new(source: &Bytes) -> Self {
        Self {
            out: None,
            copied: 0,
            source: source.clone(),
        }
    }

    pub(super) fn replace(&mut self, range: Range<usize>, with: &Bytes) {
        let out = self
            .out
            .get_or_insert_with(|| BytesMut::with_capacity(self.source.len() + with.len() + 64));
        out.extend_from_slice(&self.source[self.copied..range.start]);
        out.extend_from_slice(with);
        self.copied = range.end;
    }

    /// Replaces a value, unless it is the same already.
    pub(super) fn restamp(&mut self, range: Range<usize>, with: &Bytes) {
        if self.source[range.clone()] != with[..] {
            self.replace(range, with);
        }
    }

    pub(super) fn finish(self, original: Bytes) -> Bytes {
        match self.out {
            None => original,
            Some(mut out) => {
                out.extend_from_slice(&self.source[self.copied..]);
                out.freeze()
            }
        }
    }
}
