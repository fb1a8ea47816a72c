//! The dialects against fixtures and against anything at all.
#![cfg(test)]

mod json;
mod ollama;
