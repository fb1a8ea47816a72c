//! What a streamed answer is made of.

use super::{ApiError, FinishReason, Logprobs, RawJson, Usage};
use crate::dialect::DialectId;

/// One event of a streamed answer.
///
/// Order: `Start` once; then per choice any mix of deltas; `Finish` per choice; `Usage` at any
/// time (a later one replaces an earlier one); `End` once. A delta of another kind than the one
/// before it starts a new block; `BlockStop` separates two blocks of the same kind.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamEvent {
    /// The upstream began to answer.
    Start {
        /// The upstream's id of this answer.
        id: Option<String>,
        /// The upstream's model name.
        model: Option<String>,
    },
    /// More text.
    Text {
        /// Which choice.
        choice: u32,
        /// The text to append.
        text: String,
    },
    /// More reasoning.
    Thinking {
        /// Which choice.
        choice: u32,
        /// The reasoning to append.
        text: String,
    },
    /// The signature of the reasoning block before it. Without one it belongs to the block after
    /// it, as [`super::BlockKind::Thinking`] says.
    Signature {
        /// Which choice.
        choice: u32,
        /// The signature, whole.
        signature: String,
    },
    /// A whole block of encrypted reasoning.
    RedactedThinking {
        /// Which choice.
        choice: u32,
        /// The encrypted reasoning.
        data: String,
    },
    /// A tool call begins.
    ToolStart {
        /// Which choice.
        choice: u32,
        /// The call's place among the choice's tool calls, from 0 without gaps.
        index: u32,
        /// The call's id.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// More of a tool call's arguments.
    ToolArguments {
        /// Which choice.
        choice: u32,
        /// The call's place among the choice's tool calls.
        index: u32,
        /// JSON text to append.
        json: String,
    },
    /// More of a refusal.
    Refusal {
        /// Which choice.
        choice: u32,
        /// The text to append.
        text: String,
    },
    /// A whole block that only its own dialect understands.
    Opaque {
        /// Which choice.
        choice: u32,
        /// Whose it is.
        origin: DialectId,
        /// The block.
        raw: RawJson,
    },
    /// The current block of this choice is complete.
    BlockStop {
        /// Which choice.
        choice: u32,
    },
    /// Log probabilities of the tokens last sent.
    Logprobs {
        /// Which choice.
        choice: u32,
        /// The log probabilities.
        logprobs: Logprobs,
    },
    /// A choice is complete.
    Finish {
        /// Which choice.
        choice: u32,
        /// Why.
        reason: FinishReason,
        /// The stop sequence that ended it.
        stop_sequence: Option<String>,
    },
    /// Token counts so far, all of them: replaces what came before.
    Usage(Usage),
    /// Nothing new, still alive.
    Ping,
    /// The upstream gave up; nothing follows.
    Error(ApiError),
    /// The answer is complete; nothing follows.
    End,
}

// === impl StreamEvent ===

impl StreamEvent {
    /// Whether a client sees something of the answer in this event. Until the first such event
    /// an attempt can fail and another be made without the client noticing.
    pub fn is_content(&self) -> bool {
        !matches!(
            self,
            Self::Start { .. } | Self::Usage(_) | Self::Ping | Self::Error(_)
        )
    }
}
