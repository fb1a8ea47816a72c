//! Log probabilities as a completion has them: parallel lists (API reference, completion object).

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::logprobs::finite;
use crate::canonical::{Logprobs, TokenLogprob};

/// The object for a client.
#[derive(Debug, Serialize)]
pub(super) struct LogprobsOut<'a> {
    tokens: Vec<&'a str>,
    token_logprobs: Vec<f64>,
    /// Null when no alternatives were asked for.
    top_logprobs: Option<Vec<BTreeMap<&'a str, f64>>>,
    /// Where each token begins in the text, in characters.
    text_offset: Vec<usize>,
}

// === impl LogprobsOut ===

impl<'a> LogprobsOut<'a> {
    /// The object for `logprobs`, whose first token stands at `offset`; moves `offset` behind its
    /// last.
    pub(super) fn new(logprobs: &'a Logprobs, offset: &mut usize) -> Self {
        let content = &logprobs.content;
        let any_top = content.iter().any(|entry| !entry.top.is_empty());
        let mut text_offset = Vec::with_capacity(content.len());
        for entry in content {
            text_offset.push(*offset);
            *offset += entry.token.token.chars().count();
        }
        Self {
            tokens: content.iter().map(|e| e.token.token.as_str()).collect(),
            token_logprobs: content.iter().map(|e| finite(e.token.logprob)).collect(),
            top_logprobs: any_top.then(|| content.iter().map(top).collect()),
            text_offset,
        }
    }
}

/// Tokens that are parts of a character may look alike; the likelier one, which comes first, stays.
fn top(entry: &TokenLogprob) -> BTreeMap<&str, f64> {
    let mut top = BTreeMap::new();
    for token in &entry.top {
        top.entry(token.token.as_str())
            .or_insert_with(|| finite(token.logprob));
    }
    top
}
