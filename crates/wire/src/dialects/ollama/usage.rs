//! Token counts, which Ollama gives with the last line of an answer.

use super::wire::{OutAnswer, WireAnswer};
use crate::canonical::Usage;

/// The counts of an answer or line. A prompt that is still cached is not counted at all: 0.
pub(super) fn decode(answer: &WireAnswer) -> Option<Usage> {
    if answer.prompt_eval_count.is_none() && answer.eval_count.is_none() {
        return None;
    }
    Some(Usage {
        input_tokens: answer.prompt_eval_count.unwrap_or_default().0,
        output_tokens: answer.eval_count.unwrap_or_default().0,
        ..Usage::default()
    })
}

/// Adds counts to the last line. How long anything took upstream is not known here: 0.
pub(super) fn encode(usage: Option<Usage>, answer: &mut OutAnswer<'_>) {
    let usage = usage.unwrap_or_default();
    answer.total_duration = Some(0);
    answer.load_duration = Some(0);
    answer.prompt_eval_count = Some(usage.input_tokens);
    answer.prompt_eval_duration = Some(0);
    answer.eval_count = Some(usage.output_tokens);
    answer.eval_duration = Some(0);
}
