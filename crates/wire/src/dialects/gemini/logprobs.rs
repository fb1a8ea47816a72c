//! `logprobsResult`.

use serde::{Deserialize, Serialize};

use super::proto::{Float, Many};
use crate::canonical::{Logprobs, TokenLogprob, TopLogprob};

/// Log probabilities as the API reports them: the chosen tokens, and beside each the likeliest.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LogprobsResult {
    #[serde(alias = "top_candidates")]
    top_candidates: Many<TopCandidates>,
    #[serde(alias = "chosen_candidates")]
    chosen_candidates: Many<TokenCandidate>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct TopCandidates {
    candidates: Many<TokenCandidate>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct TokenCandidate {
    token: String,
    #[serde(alias = "log_probability")]
    log_probability: Option<Float>,
}

// === impl LogprobsResult ===

impl LogprobsResult {
    /// The log probabilities in canonical form.
    pub(super) fn into_logprobs(self) -> Logprobs {
        let mut top = self.top_candidates.0.into_iter();
        let content = self
            .chosen_candidates
            .0
            .into_iter()
            .map(|chosen| TokenLogprob {
                token: chosen.into_top(),
                top: top
                    .next()
                    .map(|list| list.candidates.0)
                    .unwrap_or_default()
                    .into_iter()
                    .map(TokenCandidate::into_top)
                    .collect(),
            })
            .collect();
        Logprobs { content }
    }

    /// The log probabilities as the API reports them.
    pub(super) fn from_logprobs(logprobs: &Logprobs) -> Self {
        let top = logprobs.content.iter().map(|token| TopCandidates {
            candidates: Many(token.top.iter().map(TokenCandidate::from_top).collect()),
        });
        let chosen = logprobs.content.iter().map(|token| &token.token);
        Self {
            top_candidates: Many(top.collect()),
            chosen_candidates: Many(chosen.map(TokenCandidate::from_top).collect()),
        }
    }

    /// `avgLogprobs`: the mean over the chosen tokens.
    pub(super) fn average(&self) -> Option<f64> {
        let chosen = &self.chosen_candidates.0;
        let sum: f64 = chosen.iter().map(TokenCandidate::value).sum();
        let count = u32::try_from(chosen.len()).ok().filter(|n| *n > 0)?;
        Some(sum / f64::from(count))
    }
}

// === impl TokenCandidate ===

impl TokenCandidate {
    /// A log probability of zero is left out on the wire, as every zero is.
    fn value(&self) -> f64 {
        self.log_probability.map_or(0.0, |value| value.0)
    }

    fn into_top(self) -> TopLogprob {
        TopLogprob {
            logprob: self.value(),
            token: self.token,
            bytes: None,
        }
    }

    fn from_top(top: &TopLogprob) -> Self {
        Self {
            token: top.token.clone(),
            log_probability: Some(Float(top.logprob)),
        }
    }
}
