//! Token counts, which Ollama gives with the last line of an answer.

use std::time::Duration;

use super::wire::{OutAnswer, WireAnswer};
use crate::canonical::Usage;

/// The counts of an answer or line. A prompt that is still cached is not counted at all: 0.
pub(super) fn decode(answer: &WireAnswer) -> Option<Usage> {
    if answer.prompt_eval_count.is_none() && answer.eval_count.is_none() {
        return None;
    }
    let usage = Usage {
        input_tokens: answer.prompt_eval_count.unwrap_or_default().0,
        output_tokens: answer.eval_count.unwrap_or_default().0,
        ..Usage::default()
    };
    Some(usage.plausible())
}

/// Adds counts to the last line. What the upstream did in the time the answer took is not known
/// here: it counts as generating, from which clients tell tokens per second.
pub(super) fn encode(usage: Option<Usage>, took: Duration, answer: &mut OutAnswer<'_>) {
    let usage = usage.unwrap_or_default();
    let took = nanoseconds(took);
    answer.total_duration = Some(took);
    answer.load_duration = Some(0);
    answer.prompt_eval_count = Some(usage.input_tokens);
    answer.prompt_eval_duration = Some(0);
    answer.eval_count = Some(usage.output_tokens);
    answer.eval_duration = Some(took);
}

/// A duration as Ollama writes it.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
