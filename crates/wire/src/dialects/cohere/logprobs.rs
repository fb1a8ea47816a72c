//! Log probabilities: a list of text chunks, each with the values of its tokens.
//!
//! Source: API reference, `LogprobItem`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::canonical::{Logprobs, TokenLogprob, TopLogprob};

/// Stands for a probability of zero, whose logarithm JSON cannot say.
const UNLIKELY: f64 = -9999.0;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ItemIn {
    text: Option<String>,
    logprobs: Option<Vec<f64>>,
}

/// One chunk for a client. Ids of the model's vocabulary are required, and not known.
#[derive(Debug, Serialize)]
pub(super) struct ItemOut<'a> {
    text: &'a str,
    token_ids: [u32; 0],
    logprobs: [f64; 1],
}

/// Reads the list of a whole answer.
pub(super) fn decode(raw: Option<&RawValue>) -> Option<Logprobs> {
    let items: Vec<ItemIn> = serde_json::from_str(raw?.get()).ok()?;
    let content: Vec<TokenLogprob> = items.into_iter().map(ItemIn::into_token).collect();
    (!content.is_empty()).then_some(Logprobs { content })
}

/// Reads the one chunk of a stream's event.
pub(super) fn decode_one(raw: Option<&RawValue>) -> Option<Logprobs> {
    let item: Option<ItemIn> = serde_json::from_str(raw?.get()).ok()?;
    Some(Logprobs {
        content: vec![item?.into_token()],
    })
}

// === impl ItemIn ===

impl ItemIn {
    /// A chunk as one token: nothing says which part of the text belongs to which of its tokens,
    /// and the probability of them all is the product of theirs.
    fn into_token(self) -> TokenLogprob {
        let sum: f64 = self.logprobs.into_iter().flatten().sum();
        TokenLogprob {
            token: TopLogprob {
                token: self.text.unwrap_or_default(),
                logprob: sum,
                bytes: None,
            },
            top: Vec::new(),
        }
    }
}

// === impl ItemOut ===

impl<'a> From<&'a TokenLogprob> for ItemOut<'a> {
    fn from(token: &'a TokenLogprob) -> Self {
        let logprob = token.token.logprob;
        Self {
            text: &token.token.token,
            token_ids: [],
            logprobs: [if logprob.is_finite() {
                logprob
            } else {
                UNLIKELY
            }],
        }
    }
}
