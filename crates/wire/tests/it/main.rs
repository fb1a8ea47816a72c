//! The dialects against fixtures and against anything at all.
#![cfg(test)]

mod agents;
mod anthropic;
mod bedrock;
mod cohere;
mod event_stream;
mod form;
mod gemini;
mod json;
mod matrix;
mod ollama;
mod openai_chat;
mod openai_responses;
mod realtime;
mod relay;
mod rerank;
mod samples;
mod sse;
mod websocket;
