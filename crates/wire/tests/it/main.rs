//! The dialects against fixtures and against anything at all.
#![cfg(test)]

mod anthropic;
mod form;
mod gemini;
mod json;
mod matrix;
mod ollama;
mod openai_chat;
mod relay;
mod samples;
mod sse;
