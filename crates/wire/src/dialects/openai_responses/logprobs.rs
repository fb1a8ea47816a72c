//! Log probabilities: a list beside the text.

use serde::{Deserialize, Serialize};

use super::super::openai::lenient;
use crate::canonical::{Logprobs, TokenLogprob, TopLogprob};

/// What OpenAI writes for a token too unlikely to say.
const UNLIKELY: f64 = -9999.0;

/// One token as a server writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenIn {
    token: String,
    logprob: Option<f64>,
    #[serde(deserialize_with = "lenient::or_none")]
    bytes: Option<Vec<u8>>,
    #[serde(deserialize_with = "lenient::or_none")]
    top_logprobs: Option<Vec<TokenIn>>,
}

/// One token for a client. Every member is required (API reference, `LogProb`).
#[derive(Debug, Serialize)]
pub(super) struct TokenOut<'a> {
    token: &'a str,
    logprob: f64,
    bytes: &'a [u8],
    top_logprobs: Vec<TopOut<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct TopOut<'a> {
    token: &'a str,
    logprob: f64,
    bytes: &'a [u8],
}

/// The canonical form; `None` when there are none.
pub(super) fn decode(tokens: Vec<TokenIn>) -> Option<Logprobs> {
    let content: Vec<TokenLogprob> = tokens.into_iter().map(TokenIn::into_token).collect();
    (!content.is_empty()).then_some(Logprobs { content })
}

/// The list for a client.
pub(super) fn encode(tokens: &[TokenLogprob]) -> Vec<TokenOut<'_>> {
    let tokens = tokens.iter().map(|entry| {
        let TopOut {
            token,
            logprob,
            bytes,
        } = TopOut::from(&entry.token);
        TokenOut {
            token,
            logprob,
            bytes,
            top_logprobs: entry.top.iter().map(TopOut::from).collect(),
        }
    });
    tokens.collect()
}

// === impl TokenIn ===

impl TokenIn {
    fn into_token(mut self) -> TokenLogprob {
        let top = self.top_logprobs.take().unwrap_or_default();
        TokenLogprob {
            token: self.into_top(),
            top: top.into_iter().map(Self::into_top).collect(),
        }
    }

    fn into_top(self) -> TopLogprob {
        TopLogprob {
            token: self.token,
            logprob: self.logprob.unwrap_or(UNLIKELY),
            bytes: self.bytes.filter(|bytes| !bytes.is_empty()),
        }
    }
}

// === impl TopOut ===

impl<'a> From<&'a TopLogprob> for TopOut<'a> {
    fn from(top: &'a TopLogprob) -> Self {
        Self {
            token: &top.token,
            // JSON has no infinity, and clients expect a number.
            logprob: if top.logprob.is_finite() {
                top.logprob
            } else {
                UNLIKELY
            },
            bytes: top.bytes.as_deref().unwrap_or(top.token.as_bytes()),
        }
    }
}
