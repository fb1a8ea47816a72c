//! Finding out cheaply that a piece of a stream holds nothing of interest.

use aho_corasick::packed::{self, Searcher};
use memchr::memmem::Finder;

/// A few byte strings, looked for together.
#[derive(Debug)]
pub struct Needles {
    /// Looks for all of them in one vectorised pass; `None` where the processor cannot.
    packed: Option<Searcher>,
    each: Vec<Finder<'static>>,
}

// === impl Needles ===

impl Needles {
    /// Looks for any of `needles`.
    pub fn new(needles: &[&'static [u8]]) -> Self {
        Self {
            packed: packed::Builder::new().extend(needles).build(),
            each: needles.iter().map(|needle| Finder::new(*needle)).collect(),
        }
    }

    /// Whether one of them occurs in `bytes`.
    pub fn occur_in(&self, bytes: &[u8]) -> bool {
        match &self.packed {
            Some(packed) if bytes.len() >= packed.minimum_len() => packed.find(bytes).is_some(),
            _ => self.each.iter().any(|needle| needle.find(bytes).is_some()),
        }
    }
}
