//! The dialects against fixtures and against anything at all.
#![cfg(test)]

mod anthropic;
mod gemini;
mod json;
mod ollama;
mod openai_chat;
