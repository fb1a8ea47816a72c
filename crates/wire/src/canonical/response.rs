//! A whole chat answer in canonical form.

use super::{Block, Logprobs, Usage};

/// A model's answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatResponse {
    /// The upstream's id of this answer, when it gave one.
    pub id: Option<String>,
    /// The upstream's model name, when it gave one.
    pub model: Option<String>,
    /// The choices, by index.
    pub choices: Vec<Choice>,
    /// Token counts; `None` when the upstream gave none.
    pub usage: Option<Usage>,
    /// The tier that served the request.
    pub service_tier: Option<String>,
}

/// One of `n` answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its place, from 0.
    pub index: u32,
    /// What the model said, in order.
    pub content: Vec<Block>,
    /// Why it stopped.
    pub finish: FinishReason,
    /// The stop sequence that ended it, when the provider tells.
    pub stop_sequence: Option<String>,
    /// Log probabilities, when asked for.
    pub logprobs: Option<Logprobs>,
}

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FinishReason {
    /// It had said everything.
    Stop,
    /// It came to a stop sequence.
    StopSequence,
    /// It came to the token limit.
    Length,
    /// It calls tools.
    ToolUse,
    /// A content filter stopped it.
    ContentFilter,
    /// It declined.
    Refusal,
    /// A long turn was paused and may be continued (Anthropic `pause_turn`).
    Pause,
}
