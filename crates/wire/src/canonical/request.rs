//! A chat request in canonical form.

use super::{Message, Params, Tool};

/// A conversation and how the model shall continue it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// The model as the client names it: a model group.
    pub model: String,
    /// The conversation; system messages are where the client put them.
    pub messages: Vec<Message>,
    /// The tools on offer.
    pub tools: Vec<Tool>,
    /// Sampling and output parameters.
    pub params: Params,
    /// Answer as a stream.
    pub stream: bool,
    /// The client wants usage in the stream (OpenAI's `stream_options.include_usage`; dialects
    /// that always report it set this).
    pub include_usage: bool,
    /// What the client said that has no canonical form, by the client dialect's field names.
    pub unmapped: Vec<String>,
}
