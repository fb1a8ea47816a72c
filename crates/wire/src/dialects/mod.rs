//! The dialects, one folder each, always with the same five files.

pub mod anthropic;
pub mod bedrock;
pub mod cohere;
pub mod gemini;
pub mod ollama;
pub(crate) mod openai;
pub mod openai_chat;

pub mod openai_responses;
