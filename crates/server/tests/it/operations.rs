//! Operations besides chat and embeddings.

mod json_bodies;
mod pass_through;
mod realtime;
mod rerank;
mod responses;
mod uploads;
