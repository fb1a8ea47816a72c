//! Operations besides chat and embeddings.

mod completions;
mod json_bodies;
mod pass_through;
mod rerank;
mod responses;
mod uploads;
