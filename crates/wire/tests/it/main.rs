//! The dialects against fixtures and against anything at all.
#![cfg(test)]

mod agents;
mod anthropic;
mod bedrock;
mod cohere;
mod embeddings;
mod event_stream;
mod form;
mod gemini;
mod images;
mod json;
mod matrix;
mod ollama;
mod openai_chat;
mod openai_responses;
mod own;
mod realtime;
mod relay;
mod rerank;
mod samples;
mod speech;
mod sse;
mod transcription;
mod websocket;
