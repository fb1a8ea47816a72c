//! Masking: what a client sends is disguised, so that it cannot pass for another protocol.

/// A masking key and how far it was applied (RFC 6455, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mask([u8; 4]);

// === impl Mask ===

impl Mask {
    /// A mask at its beginning.
    pub fn new(key: [u8; 4]) -> Self {
        Self(key)
    }

    /// The key, as far as the mask was applied: its next byte comes first.
    pub fn key(self) -> [u8; 4] {
        self.0
    }

    /// Takes this mask off and puts `other` on, in one go.
    #[must_use]
    pub fn exchanged(self, other: Self) -> Self {
        Self((u32::from_ne_bytes(self.0) ^ u32::from_ne_bytes(other.0)).to_ne_bytes())
    }

    /// Masks the next `bytes` of a payload, or unmasks them, which is the same.
    pub fn apply(&mut self, bytes: &mut [u8]) {
        let word = u32::from_ne_bytes(self.0);
        let long = u64::from(word) << 32 | u64::from(word);
        let (chunks, rest) = bytes.as_chunks_mut::<8>();
        for chunk in chunks {
            *chunk = (u64::from_ne_bytes(*chunk) ^ long).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(self.0.iter().cycle()) {
            *byte ^= key;
        }
        self.0.rotate_left(rest.len() % 4);
    }
}
