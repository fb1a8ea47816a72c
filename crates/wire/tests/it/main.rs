//! The dialects against fixtures and against anything at all.
#![cfg(test)]

mod anthropic;
mod cohere;
mod form;
mod gemini;
mod json;
mod matrix;
mod ollama;
mod openai_chat;
mod openai_responses;
mod relay;
mod rerank;
mod samples;
mod sse;
