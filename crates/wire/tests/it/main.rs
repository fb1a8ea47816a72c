//! The dialects against fixtures and against anything at all.
#![cfg(test)]

mod agents;
mod anthropic;
mod bedrock;
mod billing;
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

use lockgate_wire::canonical::{Billing, Usage};

/// The counts that clients are told. What only decides a price is the gateway's business.
fn told(usage: Usage) -> Usage {
    Usage {
        cache_read_audio: 0,
        image_input: 0,
        video_input: 0,
        image_output: 0,
        billing: Billing::default(),
        ..usage
    }
}
