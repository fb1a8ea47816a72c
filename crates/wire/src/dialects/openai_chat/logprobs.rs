//! Log probabilities: OpenAI's `logprobs` object of a choice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient;
use crate::canonical::{Logprobs, TokenLogprob, TopLogprob};

/// What OpenAI writes for a token too unlikely to say (API reference, chat completion object).
const UNLIKELY: f64 = -9999.0;

/// The object as a server writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LogprobsIn {
    #[serde(deserialize_with = "lenient::or_none")]
    content: Option<Vec<TokenIn>>,
    #[serde(deserialize_with = "lenient::or_none")]
    refusal: Option<Vec<TokenIn>>,
    /// The lists of a text completion, in place of those above.
    #[serde(deserialize_with = "lenient::or_none")]
    tokens: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient::or_none")]
    token_logprobs: Option<Vec<Option<f64>>>,
    #[serde(deserialize_with = "lenient::or_none")]
    top_logprobs: Option<Vec<Option<BTreeMap<String, f64>>>>,
}

#[derive(Debug, Deserialize)]
struct TokenIn {
    #[serde(default)]
    token: String,
    #[serde(default)]
    logprob: Option<f64>,
    #[serde(default, deserialize_with = "lenient::or_none")]
    bytes: Option<Vec<u8>>,
    #[serde(default, deserialize_with = "lenient::or_none")]
    top_logprobs: Option<Vec<TokenIn>>,
}

/// The object for a client; both lists are required, one of them null.
#[derive(Debug, Serialize)]
pub(super) struct LogprobsOut<'a> {
    content: Vec<TokenOut<'a>>,
    refusal: (),
}

#[derive(Debug, Serialize)]
struct TokenOut<'a> {
    token: &'a str,
    logprob: f64,
    bytes: Option<&'a [u8]>,
    top_logprobs: Vec<TopOut<'a>>,
}

#[derive(Debug, Serialize)]
struct TopOut<'a> {
    token: &'a str,
    logprob: f64,
    bytes: Option<&'a [u8]>,
}

// === impl LogprobsIn ===

impl LogprobsIn {
    /// The canonical form; `None` when there are none.
    pub(super) fn into_logprobs(self) -> Option<Logprobs> {
        if let Some(tokens) = self.tokens {
            let probabilities = self.token_logprobs.unwrap_or_default();
            let top = self.top_logprobs.unwrap_or_default();
            return from_lists(tokens, &probabilities, top);
        }
        let tokens = self
            .content
            .filter(|tokens| !tokens.is_empty())
            .or(self.refusal)?;
        if tokens.is_empty() {
            return None;
        }
        let content = tokens.into_iter().map(TokenIn::into_token).collect();
        Some(Logprobs { content })
    }
}

/// What stands in parallel lists, token by token.
fn from_lists(
    tokens: Vec<String>,
    probabilities: &[Option<f64>],
    top: Vec<Option<BTreeMap<String, f64>>>,
) -> Option<Logprobs> {
    let mut top = top.into_iter();
    let plain = |token, logprob| TopLogprob {
        token,
        logprob,
        bytes: None,
    };
    let content = tokens.into_iter().enumerate().map(|(at, token)| {
        let alternatives = top.next().flatten().unwrap_or_default();
        let mut top: Vec<_> = alternatives.into_iter().map(|(t, p)| plain(t, p)).collect();
        top.sort_by(|a, b| b.logprob.total_cmp(&a.logprob));
        let logprob = probabilities.get(at).copied().flatten();
        TokenLogprob {
            token: plain(token, logprob.unwrap_or(UNLIKELY)),
            top,
        }
    });
    let content: Vec<_> = content.collect();
    (!content.is_empty()).then_some(Logprobs { content })
}

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
            bytes: self.bytes,
        }
    }
}

// === impl LogprobsOut ===

impl<'a> From<&'a Logprobs> for LogprobsOut<'a> {
    fn from(logprobs: &'a Logprobs) -> Self {
        let content = logprobs.content.iter().map(|entry| TokenOut {
            token: &entry.token.token,
            logprob: finite(entry.token.logprob),
            bytes: entry.token.bytes.as_deref(),
            top_logprobs: entry.top.iter().map(TopOut::from).collect(),
        });
        Self {
            content: content.collect(),
            refusal: (),
        }
    }
}

impl<'a> From<&'a TopLogprob> for TopOut<'a> {
    fn from(top: &'a TopLogprob) -> Self {
        Self {
            token: &top.token,
            logprob: finite(top.logprob),
            bytes: top.bytes.as_deref(),
        }
    }
}

/// JSON has no infinity, and clients expect a number.
pub(super) fn finite(logprob: f64) -> f64 {
    if logprob.is_finite() {
        logprob
    } else {
        UNLIKELY
    }
}
