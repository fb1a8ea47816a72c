//! Token counts: `usage` of an answer, `meta` of vectors.
//!
//! Source: API reference, chat response; the counts are numbers that may have a fraction.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::canonical::Usage;

/// `usage`, and the part of `meta` that counts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UsageIn {
    billed_units: Option<CountsIn>,
    tokens: Option<CountsIn>,
    cached_tokens: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CountsIn {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
    image_tokens: Option<f64>,
}

/// `usage` for a client.
#[derive(Debug, Serialize)]
pub(super) struct UsageOut {
    billed_units: CountsOut,
    tokens: CountsOut,
    cached_tokens: u64,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct CountsOut {
    input_tokens: u64,
    output_tokens: u64,
}

/// Reads `usage` or `meta`; `None` when nothing is counted there.
///
/// `tokens` is what the model read and wrote, `billed_units` what is paid for: without the
/// instructions that Cohere itself puts before the conversation.
pub(super) fn decode(raw: Option<&RawValue>) -> Option<Usage> {
    let usage: UsageIn = serde_json::from_str(raw?.get()).ok()?;
    let cached = count(usage.cached_tokens).unwrap_or_default();
    let total = usage.tokens.as_ref().filter(|counts| counts.any());
    if let Some(tokens) = total {
        let input_tokens = tokens.input();
        return Some(Usage {
            input_tokens,
            output_tokens: count(tokens.output_tokens).unwrap_or_default(),
            cache_read: cached.min(input_tokens),
            ..Usage::default()
        });
    }
    let billed = usage.billed_units.filter(CountsIn::any)?;
    Some(Usage {
        // What came from the cache was read, too, even where it is not billed.
        input_tokens: billed.input().max(cached),
        output_tokens: count(billed.output_tokens).unwrap_or_default(),
        cache_read: cached,
        ..Usage::default()
    })
}

fn count(number: Option<f64>) -> Option<u64> {
    // `as` saturates, and takes what is below zero for zero.
    number.map(|number| (number as u64).min(Usage::IMPLAUSIBLE))
}

// === impl CountsIn ===

impl CountsIn {
    fn any(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some() || self.image_tokens.is_some()
    }

    fn input(&self) -> u64 {
        let text = count(self.input_tokens).unwrap_or_default();
        (text + count(self.image_tokens).unwrap_or_default()).min(Usage::IMPLAUSIBLE)
    }
}

// === impl UsageOut ===

impl From<Usage> for UsageOut {
    fn from(usage: Usage) -> Self {
        let counts = CountsOut {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
        };
        Self {
            billed_units: counts,
            tokens: counts,
            cached_tokens: usage.cache_read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Usage> {
        decode(Some(serde_json::from_str(text).unwrap()))
    }

    #[test]
    fn a_part_never_exceeds_its_total() {
        let usage = read(r#"{"tokens":{"input_tokens":5,"output_tokens":2.0},"cached_tokens":9}"#);
        assert_eq!(usage.unwrap().cache_read, 5);
        let usage = read(r#"{"billed_units":{"input_tokens":5},"cached_tokens":9}"#).unwrap();
        assert_eq!((usage.input_tokens, usage.cache_read), (9, 9));
    }

    #[test]
    fn what_counts_nothing_is_no_usage() {
        for text in [
            "{}",
            "null",
            "[]",
            r#"{"tokens":{}}"#,
            r#"{"billed_units":{"search_units":1}}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let usage = read(r#"{"tokens":{"input_tokens":-1,"output_tokens":1e300}}"#).unwrap();
        assert_eq!(
            (usage.input_tokens, usage.output_tokens),
            (0, Usage::IMPLAUSIBLE)
        );
    }
}
